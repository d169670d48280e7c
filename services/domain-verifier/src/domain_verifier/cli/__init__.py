"""The operator commands of the domain verifier."""
