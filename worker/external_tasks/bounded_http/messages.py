"""What is sent, what comes back, and why nothing came back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from external_tasks.errors import ExternalTasksError


class HttpFailedError(ExternalTasksError):
    """There is no response that can be used; the message says why and which limit can be changed.

    Attributes:
        kind: a word for the reason, for metrics.
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class NoResponseError(HttpFailedError):
    """The connection failed or the time was over; whether the call had an effect is not known."""


class ResponseTooLargeError(HttpFailedError):
    """The response is larger than the client accepts."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call.

    Args:
        method: e.g. ``GET``.
        target: path and query below the client's URL.
        headers: beside those that HTTP itself needs.
        body: None sends nothing.
        repeatable: sending it twice has the effect of sending it once.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered, decompressed and complete."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
