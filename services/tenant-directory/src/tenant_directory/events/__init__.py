"""The directory on the bus: what it subscribes to (incoming) and what it publishes (outgoing)."""
