"""Queries to validating resolvers and what their answers mean."""
