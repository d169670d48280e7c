"""The pages that people see: rendered here, working without JavaScript."""
