"""The demo: a provisioning lifecycle on the whole stack, and a proof that both sides are equal."""
