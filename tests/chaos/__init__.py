"""Reservations while parts fail on purpose: what is lost, doubled, left behind or stuck."""
