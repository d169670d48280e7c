"""A DNS zone to play with: serves what it is told over a control API, and misbehaves on request."""
