"""What can go wrong; each message says what to do."""


class ReleaseError(Exception):
    """Root of this package's errors."""
