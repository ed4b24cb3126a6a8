"""The hotel's external-task handlers and the clients of its services."""
