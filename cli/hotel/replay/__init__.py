"""Real hotel bookings, played against a stack."""
