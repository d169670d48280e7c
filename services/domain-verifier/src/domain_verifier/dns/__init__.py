"""Questions to validating resolvers and what their answers say."""
