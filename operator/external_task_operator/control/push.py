"""Pushes: an engine says that a topic has a new task, and the scalers of that topic are polled at once.

A push tells which topic, and nothing that is believed: the tasks are counted as in any poll. Polling at
intervals goes on, so a push that is lost costs one interval.
"""

import hmac
import json
import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from external_tasks.bounded_http.server import BoundedHandler, BoundedServer

log = logging.getLogger(__name__)

PATH = "/push"

_MOST_BYTES = 16 * 1024
_MOST_TOPICS = 50
_TOPIC_LENGTH = 255
_SECONDS = 5.0
"""For a whole push, from its connection to the last byte of the answer."""

_AT_A_TIME = 32
"""Connections; the one that has waited longest for its push makes room for another."""

_HINT = 'send {"topics": ["NAME", …]}, at most 50 names'


class Outcome(StrEnum):
    """What became of a push, as the metrics count it."""

    ACCEPTED = "accepted"
    UNAUTHORIZED = "unauthorized"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"


class PushServer:
    """Serves ``POST /push`` with a bearer token.

    Args:
        port: where to listen; 0 takes a free one.
        token: returns the token that a push must bear; raises OSError or ValueError if there is none.
        hurry: called with topics; makes their scalers due and returns how many they are.
        count: called with the outcome of each push.
        host: where to listen; an empty text means all addresses, IPv6 included where there is any.
    """

    def __init__(
        self,
        port: int,
        *,
        token: Callable[[], str],
        hurry: Callable[[Collection[str]], int],
        count: Callable[[Outcome], None],
        host: str = "",
    ) -> None:
        handler = type("Handler", (_Handler,), {"hooks": _Hooks(token, hurry, count)})
        self._server = BoundedServer(
            (host, port), handler, connections=_AT_A_TIME, dropped=lambda: count(Outcome.BUSY)
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="push", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.outcome = outcome


@dataclass(frozen=True)
class _Hooks:
    token: Callable[[], str]
    hurry: Callable[[Collection[str]], int]
    count: Callable[[Outcome], None]


class _Handler(BoundedHandler):
    seconds = _SECONDS
    hooks: _Hooks

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server looks for
        answer: dict[str, object]
        try:
            self._authenticate()
            topics = self._topics()
            self.begin()
            answer = {"scalers": self.hooks.hurry(topics)}
            status, outcome = HTTPStatus.ACCEPTED, Outcome.ACCEPTED
        except _RefusedError as error:
            status, outcome, answer = error.status, error.outcome, {"message": str(error)}
        self.hooks.count(outcome)
        self._answer(status, answer)

    def _authenticate(self) -> None:
        if self.path != PATH:
            raise _RefusedError(HTTPStatus.NOT_FOUND, Outcome.REFUSED, f"POST {PATH}")
        try:
            wanted = self.hooks.token()
        except (OSError, ValueError) as error:
            log.warning("Pushes are refused: the token cannot be read", extra={"error": str(error)})
            message = "the operator cannot read its token"
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, Outcome.FAILED, message) from error
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode()):
            message = "a push needs the bearer token of this operator"
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, Outcome.UNAUTHORIZED, message)

    def _topics(self) -> list[str]:
        text = self.headers.get("Content-Length", "")
        if not (text.isascii() and text.isdigit()):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, Outcome.REFUSED, "Content-Length is missing")
        if len(text) > len(str(_MOST_BYTES)) or int(text) > _MOST_BYTES:
            message = f"a push has at most {_MOST_BYTES} bytes"
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Outcome.REFUSED, message)
        try:
            topics = _parse(json.loads(self.rfile.read(int(text))))
        except (LookupError, OSError, RecursionError, TypeError, ValueError) as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, Outcome.REFUSED, _HINT) from error
        return list(dict.fromkeys(topics))

    def _answer(self, status: HTTPStatus, content: object) -> None:
        body = json.dumps(content).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _parse(body: Any) -> list[str]:
    topics = body["topics"]
    if not isinstance(topics, list) or not 0 < len(topics) <= _MOST_TOPICS:
        raise ValueError("not so many topics")
    if not all(isinstance(topic, str) and 0 < len(topic) <= _TOPIC_LENGTH for topic in topics):
        raise TypeError("not all are names")
    return topics
