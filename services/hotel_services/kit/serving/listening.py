"""Sockets that listen: how they begin, and how they end without a client whose connection is reset."""

import contextlib
import ctypes
import socket
import struct

from hotel_services.kit.settings import SettingsError

BACKLOG = 512
_ATTACH_FILTER = 26  # Linux's SO_ATTACH_FILTER, which Python does not name
# Four instructions of the classic Berkeley packet filter: load the flags of the TCP header, and drop the
# packet if it is a SYN.
_DROP_SYN = b"".join(
    struct.pack("=HBBI", *instruction)
    for instruction in ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
)


def bind(host: str, port: int, *, settings: str) -> socket.socket:
    """Return a socket that listens, so that nobody else can take its address meanwhile.

    Args:
        host: Address to listen on.
        port: TCP port; 0 takes any free one.
        settings: What to set if the address cannot be had, for the error's message.

    Raises:
        SettingsError: The address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}. "
            f"Stop what uses it, or set {settings}"
        ) from error
    return listener


def ignore_new_connections(listener: socket.socket) -> None:
    """Let no further connection begin, while those that have begun can still be accepted.

    A client whose packet is ignored tries again after about a second and is refused, as the socket is closed
    then. Closed at once, the socket would reset connections that were established and not accepted yet. Where
    the system has no such filter, only the time between the last accept and the close remains.
    """
    code = ctypes.create_string_buffer(_DROP_SYN)
    program = struct.pack("HL", len(_DROP_SYN) // 8, ctypes.addressof(code))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)


def refuse(listener: socket.socket) -> None:
    """Refuse connections from now on, even if another process has the socket open."""
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
