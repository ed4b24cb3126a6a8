"""The server of a service: gunicorn, its sockets, and the reading of requests with a deadline."""
