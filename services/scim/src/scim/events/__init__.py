"""What the SCIM service hears from the bus and says on it."""
