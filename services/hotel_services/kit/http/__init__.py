"""Requests and responses of a service: operations, parsing, problems, OpenAPI."""
