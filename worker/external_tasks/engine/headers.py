"""Headers that a user adds to each call, say for a gateway before the engine."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from external_tasks import checks

HeaderValue = str | Callable[[], str]
"""A header's value, or a function that returns the one to send now."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")

_OURS = {
    "authorization": "give credentials as auth",
    "proxy-authorization": "give the proxy's user and password in its URL",
    "user-agent": "give it as user_agent",
}
_HTTP_OWN = {
    "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect",
    "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip


def checked_headers(headers: Any) -> dict[str, HeaderValue]:
    """Return headers that can be sent, each with a text or a function that returns one.

    Raises:
        ValueError: a name or a value could change the request, or belongs to the client; no message shows a
            value.
    """
    if not isinstance(headers, Mapping):
        raise ValueError(  # noqa: TRY004 - as in `checks`
            f'headers must be a mapping of names to texts or functions, e.g. {{"X-Tenant": "a"}}, '
            f"not {type(headers).__name__}"
        )
    for name, value in headers.items():
        _check_name(name)
        if not callable(value):
            checked_value(name, value)
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("headers must name each header once: capitals make no difference")
    return dict(headers)


def checked_value(name: str, value: Any) -> str:
    """Return a value that a header can carry.

    Raises:
        ValueError: it is something else; the message does not show it.
    """
    checked = checks.secret(f"the header {name}", value)
    if not _VALUE.fullmatch(checked):
        raise ValueError(
            f"the header {name} must hold visible ASCII characters, with spaces only between them"
        )
    return checked


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"headers must have names of letters, digits and hyphens, not {name!r}")
    if advice := _OURS.get(name.lower()):
        raise ValueError(f"headers must not hold {name}: {advice}")
    if name.lower() in _HTTP_OWN:
        raise ValueError(f"headers must not hold {name}: the client sets it itself")
