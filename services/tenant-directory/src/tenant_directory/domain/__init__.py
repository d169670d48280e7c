"""What the directory knows and which rules hold: plain values, no framework, no storage."""
