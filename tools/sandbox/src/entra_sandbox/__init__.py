"""An Entra-like provisioning client for demos, tests and benchmarks."""
