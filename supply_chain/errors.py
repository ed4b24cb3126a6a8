"""What can go wrong; each message says what to do."""


class SupplyChainError(Exception):
    """Root of this package's errors."""


class UnreachableError(SupplyChainError):
    """A service outside did not give a usable response, so nothing is known."""


class UnknownComponentError(SupplyChainError):
    """A part of an artifact that no list of dependencies names."""
