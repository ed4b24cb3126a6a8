"""Seconds of the epoch and the texts that Kubernetes and the engine write for them."""

from datetime import UTC, datetime


def to_text(seconds: float) -> str:
    """Write a moment as RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_micro_text(seconds: float) -> str:
    """Write a moment as RFC 3339 in UTC with microseconds, as leases want it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_seconds(text: str) -> float:
    """Read a moment of RFC 3339, or of the engine, which writes the offset without a colon.

    Raises:
        ValueError: it is neither.
    """
    return datetime.fromisoformat(text).timestamp()
