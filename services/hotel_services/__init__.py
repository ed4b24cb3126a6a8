"""The hotel's microservices."""
