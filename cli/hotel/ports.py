"""The ports of a stack: the usual ones, moved by an offset, or free ones; and whether they are free."""

import atexit
import random
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from hotel.errors import StackError
from hotel.names import Service

HOST = "127.0.0.1"
"""Where all parts listen; by number, as another program may listen where `localhost` leads first, on ::1."""

_USUAL_SERVICE_PORTS = {
    Service.BOOKING: 5001,
    Service.ROOM: 5002,
    Service.RESTAURANT: 5003,
    Service.CLIENT: 5004,
}
_HEALTH_OFFSET = 1000
_HIGHEST = 65_535
# Below the range from which systems take the ports of outgoing connections: none of those gets in the way.
_FREE_RANGE = range(20_000, 32_000)
# Keeps this process's free ports from others that look for one, until it ends.
_reserved = ExitStack()
atexit.register(_reserved.close)


class Ports(BaseModel):
    """Where the parts listen, all on the loopback interface.

    Attributes:
        engine: REST API and web pages.
        management: the engine's health and metrics.
        services: the services' APIs.
        services_health: the services' health and metrics.
        workers: the workers' health and metrics.
    """

    model_config = ConfigDict(frozen=True)

    engine: int
    management: int
    services: dict[Service, int]
    services_health: dict[Service, int] = Field(default_factory=dict)
    workers: tuple[int, ...]

    @classmethod
    def usual(cls, *, offset: int = 0, workers: int = 1) -> Self:
        """Return the documented ports, each `offset` higher."""
        ports = cls(
            engine=8080 + offset,
            management=8081 + offset,
            services={name: port + offset for name, port in _USUAL_SERVICE_PORTS.items()},
            services_health={
                name: port + _HEALTH_OFFSET + offset for name, port in _USUAL_SERVICE_PORTS.items()
            },
            workers=tuple(8090 + offset + index for index in range(workers)),
        )
        if any(not 0 < port <= _HIGHEST for _, port in ports.by_part()):
            raise StackError(f"port offset {offset} leads outside of 1 to {_HIGHEST}")
        return ports

    @classmethod
    def free(cls, *, workers: int = 1) -> Self:
        """Return ports that nobody listens on, and that no other process finds free; see `free_port`."""
        found = _free_ports(2 + 2 * len(Service) + workers)
        return cls(
            engine=next(found),
            management=next(found),
            services={name: next(found) for name in Service},
            services_health={name: next(found) for name in Service},
            workers=tuple(found),
        )

    def by_part(self) -> list[tuple[str, int]]:
        """Return each port with the name of the part that listens there."""
        return [
            ("engine", self.engine),
            ("engine's management", self.management),
            *((f"{name} service", port) for name, port in self.services.items()),
            *((f"{name} service's health", port) for name, port in self.services_health.items()),
            *((f"worker {number}'s health", port) for number, port in enumerate(self.workers, start=1)),
        ]

    def check_free(self) -> None:
        """Raise where somebody listens on one of the ports.

        Raises:
            StackError: names each such port and the part that needs it.
        """
        taken = [f"{port} ({part})" for part, port in self.by_part() if not is_free(port)]
        if taken:
            raise StackError(
                f"taken by another program: port {', '.join(taken)}; stop that program, "
                "or use --port-offset 100, or --ports auto"
            )


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback interface now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections only linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on, and that no other process which asks here finds free.

    A server may take seconds from here until it listens; without the reservation, two stacks that start side
    by side could find the same port. It lasts as long as this process.
    """
    return next(_free_ports(1))


def _free_ports(count: int) -> Iterator[int]:
    # A stack's ports need to be free, not unforeseeable.
    candidates = random.SystemRandom().sample(_FREE_RANGE, len(_FREE_RANGE))
    found = 0
    for port in candidates:
        if found == count:
            return
        if _reserve(port):
            found += 1
            yield port
    if found < count:
        raise StackError(f"this machine has no {count} free ports from {_FREE_RANGE.start} on")


def _reserve(port: int) -> bool:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Without SO_REUSEADDR: refused where any socket has the port, another process's reservation included.
        holder.bind((HOST, port))
    except OSError:
        holder.close()
        return False
    if sys.platform == "linux":
        # From now on a server that sets SO_REUSEADDR, as all servers here do, can listen: on Linux, only a
        # socket that listens stands in the way of another that sets it.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _reserved.enter_context(holder)
    else:
        holder.close()
    return True
