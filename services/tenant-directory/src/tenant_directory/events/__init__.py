"""The directory on the bus: what it hears (incoming) and what it says (outgoing)."""
