"""What clients see of a service that is asked to stop while they go on asking."""

import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from support.services import RunningService, running_service, sqlite_url

CLIENTS = 8
REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def outcome(url: str) -> str:
    """Ask once, on a connection of its own; return what came of it."""
    address = urlsplit(url)
    try:
        connection = socket.create_connection((address.hostname, address.port), timeout=20)
    except ConnectionRefusedError:
        return "refused"
    with connection:
        try:
            connection.sendall(REQUEST)
            answer = connection.recv(64)
        except ConnectionError as error:
            return type(error).__name__
    return "answered" if answer.startswith(b"HTTP/1.1 200") else f"closed after {answer!r}"


def ask_until_refused(running: RunningService, asked: threading.Event) -> Counter[str]:
    """Ask without a pause until nobody listens any more; return how often each outcome came."""
    found: Counter[str] = Counter()
    while not found["refused"]:
        found[outcome(running.url)] += 1
        if found["answered"] > 20:
            asked.set()
    return found


def test_every_connection_is_answered_or_refused(tmp_path: Path) -> None:
    """None is reset, however close to the end it came."""
    for _ in range(3):
        with (
            running_service("room", sqlite_url(tmp_path), tmp_path, THREADS="2") as running,
            ThreadPoolExecutor(CLIENTS) as pool,
        ):
            under_load = threading.Event()
            asking = [pool.submit(ask_until_refused, running, under_load) for _ in range(CLIENTS)]
            assert under_load.wait(30)
            running.ask_to_stop()
            outcomes = sum((found.result(30) for found in asking), Counter())
            assert set(outcomes) == {"answered", "refused"}, outcomes
            assert running.stop() == 0
