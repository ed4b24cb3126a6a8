"""Credentials for the engine's REST API; a secret is never part of a repr."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Auth(Protocol):
    """Whatever gives the value of the Authorization header; asked before each call."""

    def authorization(self) -> str:
        """Return the header's value."""
        ...


@dataclass(frozen=True)
class BasicAuth:
    """User and password (RFC 7617, UTF-8)."""

    user: str
    password: str = field(repr=False)
    _header: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if ":" in self.user:
            raise ValueError("a user name for basic authentication cannot contain a colon")
        credentials = b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        object.__setattr__(self, "_header", f"Basic {credentials}")

    def authorization(self) -> str:
        """Return the header's value."""
        return self._header


@dataclass(frozen=True)
class BearerAuth:
    """A bearer token (RFC 6750): its text, or a function that returns the one to use now."""

    token: str | Callable[[], str] = field(repr=False)

    def authorization(self) -> str:
        """Return the header's value."""
        token = self.token if isinstance(self.token, str) else self.token()
        return f"Bearer {token}"
