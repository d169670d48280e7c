"""What one can do with claims: start, check, re-check, list, release, override."""
