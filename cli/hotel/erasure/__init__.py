"""Erasing a person: from the engine's history, then from the services."""
