"""What every service shares: application, errors, idempotency, health, metrics, database."""
