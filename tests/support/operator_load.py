"""What an operator costs and how punctual it is beside very many scalers: their engine, and the figures."""

import asyncio
import json
import multiprocessing
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

T = TypeVar("T")


class CheapEngine(asyncio.Protocol):
    """An engine whose busy topics have another number of tasks at every look; as cheap as can be.

    A framework would take more of the machine than the operator does, and be what is measured.
    """

    def __init__(self, busy: Collection[str]) -> None:
        self._busy = {topic.encode() for topic in busy}
        self._names = json.dumps(sorted(busy)).encode()
        self._looks = 0
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            end += 4 + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            self._received = self._received[end:]
            self._answer(self._body_for(head.split(b" ", 2)[1]))

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)  # type: ignore[attr-defined]

    def _body_for(self, target: bytes) -> bytes:
        if target.startswith(b"/external-task/topic-names"):
            return self._names
        if target.startswith(b"/external-task?"):
            return b"[]"  # who holds locks, before a scale-in
        self._looks += 1
        topic = target.partition(b"topicName=")[2].partition(b"&")[0]
        return b'{"count": %d}' % (self._looks % 7 if topic in self._busy else 0)


def serve_engine(busy: Collection[str], pipe: Connection) -> None:
    """Serve such an engine until told to stop; says its URL first. For a process of its own."""

    async def served() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: CheapEngine(busy), "127.0.0.1", 0)
        pipe.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await loop.run_in_executor(None, pipe.recv)

    asyncio.run(served())


@contextmanager
def beside(serve: Callable[[T, Connection], None], given: T) -> Iterator[tuple[Connection, int]]:
    """Run what serves in a process of its own; gives the way to talk to it, and its number."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(given, theirs))
    process.start()
    try:
        yield ours, process.pid or 0
    finally:
        ours.send("stop")
        process.join(10)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mebibytes(pid: int, line: str = "VmHWM") -> float:
    """Return the memory of a process: by default the most that it has had, `VmRSS` for what it has."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"{line}:\s+(\d+) kB", status).group(1)) / 1024  # type: ignore[union-attr]


def lateness(port: int) -> dict[float, float]:
    """Return the cumulative counts of an operator's lateness histogram by upper bound."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = re.findall(r'poll_lateness_seconds_bucket\{le="([^"]+)"\} ([\d.]+)', text)
    return {float(bound): float(count) for bound, count in found}


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> tuple[float, float]:
    """Return an upper bound of a quantile, interpolated within its bucket, and how many polls there were."""
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    total, lower, below = counts[float("inf")], 0.0, 0.0
    for bound, count in counts.items():
        if count >= total * share:
            return lower + (bound - lower) * (total * share - below) / max(count - below, 1), total
        lower, below = bound, count
    return float("inf"), total
