"""What can be done with the directory: one object per use case, called by bus, CLI and HTTP."""
