"""The external tasks that wait, by topic."""
