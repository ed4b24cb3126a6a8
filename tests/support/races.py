"""Many HTTP clients that ask for something at the same moment."""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import urllib3

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Call:
    """A POST that a client will make."""

    path: str
    body: Any
    key: str | None = None


@dataclass(frozen=True)
class Reply:
    """What a client got."""

    status: int
    body: bytes
    replayed: bool

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def code(self) -> str:
        """The problem's code, or nothing where there is no problem."""
        return str(self.json().get("code", ""))


class Clients:
    """So many clients of one service, each with a connection of its own."""

    def __init__(self, url: str, count: int, pool: ThreadPoolExecutor) -> None:
        self._connections = urllib3.PoolManager(
            maxsize=count, block=True, retries=False, timeout=WAIT_SECONDS
        )
        self._url = url
        self._count = count
        self._pool = pool

    def at_once(self, calls: Sequence[Call]) -> list[Reply]:
        """Make each call by a client of its own when all are ready; return the replies in their order."""
        assert len(calls) <= self._count
        start = threading.Barrier(len(calls), timeout=WAIT_SECONDS)

        def run(call: Call) -> Reply:
            start.wait()
            return self.post(call.path, call.body, call.key)

        return list(self._pool.map(run, calls, timeout=WAIT_SECONDS))

    def post(self, path: str, body: Any, key: str | None = None) -> Reply:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._send("POST", path, body, headers)

    def patch(self, path: str, body: Any) -> Reply:
        return self._send("PATCH", path, body, {})

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        response = self._connections.request(method, self._url + path, json=body, headers=headers)
        return Reply(response.status, response.data, "Idempotent-Replay" in response.headers)

    def get(self, path: str, **query: str) -> Any:
        """Return what a successful GET answers."""
        response = self._connections.request("GET", self._url + path, fields=query or None)
        assert response.status == 200, response.data
        return response.json()

    def close(self) -> None:
        self._connections.clear()


@contextmanager
def clients_of(url: str, count: int) -> Iterator[Clients]:
    """Yield the clients; their connections are closed afterwards."""
    with ThreadPoolExecutor(count) as pool:
        clients = Clients(url, count, pool)
        try:
            yield clients
        finally:
            clients.close()
