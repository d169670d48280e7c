"""The SCIM protocol, pure: dialects in, documents, filters and response bytes out; no I/O."""
