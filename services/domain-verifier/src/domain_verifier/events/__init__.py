"""The domain verifier on the bus: what it subscribes to (incoming) and publishes (outgoing)."""
