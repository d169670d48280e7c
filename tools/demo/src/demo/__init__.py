"""The demo: a provisioning life on the whole stack, and the proof that both sides are equal."""
