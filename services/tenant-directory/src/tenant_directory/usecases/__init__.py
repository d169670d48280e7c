"""What can be done with the directory: one object per use case, called by Kafka, CLI and HTTP."""
