"""The engine's REST API: its client, values, errors and credentials."""
