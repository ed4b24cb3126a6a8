"""Stand-ins for an engine and an API server that speak real HTTP, for tests and measurements."""
