"""Scales workers on the backlog of external tasks."""
