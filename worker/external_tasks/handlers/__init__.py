"""Handlers: how they are registered and called, and how a task ends."""
