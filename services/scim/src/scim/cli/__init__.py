"""Commands for operators: tokens and the provisioning log."""
