"""Credentials for the engine's REST API; a secret is never part of a repr."""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from external_tasks import checks

_TOKEN = re.compile(r"[\x21-\x7e]+")


class Auth(Protocol):
    """Whatever gives the value of the Authorization header; asked before each call."""

    def authorization(self) -> str:
        """Return the header's value."""
        ...


@runtime_checkable
class RenewableAuth(Auth, Protocol):
    """Credentials of which others can be had when an engine refuses those that it was sent."""

    def refused(self, authorization: str) -> bool:
        """Hear that a header was answered with 401; return whether the next one is worth another try."""
        ...


@dataclass(frozen=True)
class BasicAuth:
    """User and password (RFC 7617, UTF-8)."""

    user: str
    password: str = field(repr=False)
    _header: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checks.text("user", self.user)
        checks.secret("password", self.password)
        if ":" in self.user:
            raise ValueError("a user name for basic authentication cannot contain a colon")
        credentials = b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
        object.__setattr__(self, "_header", f"Basic {credentials}")

    def authorization(self) -> str:
        """Return the header's value."""
        return self._header


@dataclass(frozen=True)
class BearerAuth:
    """A bearer token (RFC 6750): its text, or a function that returns the one to use now.

    Raises:
        ValueError: it is neither, or the text is not one that a header can carry.
    """

    token: str | Callable[[], str] = field(repr=False)

    def __post_init__(self) -> None:
        if not callable(self.token):
            _checked_token(self.token)

    def authorization(self) -> str:
        """Return the header's value.

        Raises:
            ValueError: the function has returned what is no token.
        """
        token = self.token if isinstance(self.token, str) else self.token()
        return f"Bearer {_checked_token(token)}"


def _checked_token(token: object) -> str:
    checked = checks.secret("token", token)
    if not is_token(checked):
        raise ValueError("token must hold visible ASCII characters and nothing else")
    return checked


def is_token(text: str) -> bool:
    """Whether a header can carry a text as one token: no blanks, which would part it."""
    return _TOKEN.fullmatch(text) is not None
