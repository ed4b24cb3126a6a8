"""Reservations: the client for Python programs, and what it says about them."""
