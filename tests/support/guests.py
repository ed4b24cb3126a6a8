"""A guest who gets a room."""

from datetime import UTC, datetime, timedelta


def guest() -> list[str]:
    """Return the options of a reservation for nights that no replay plays."""
    arrival = datetime.now(UTC).date() + timedelta(days=800)
    return [
        *("--first-name", "Ada", "--last-name", "First", "--email", "ada@example.com"),
        *("--guests", "2", "--room-type", "A"),
        *("--check-in", f"{arrival}", "--check-out", f"{arrival + timedelta(days=2)}"),
    ]
