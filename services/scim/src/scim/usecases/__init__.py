"""What the SCIM service can do: one object with its ports for each thing."""
