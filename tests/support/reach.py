"""Whom a pod can connect to."""

from collections.abc import Iterable

from support.cluster import Release

CONNECT = """
import socket, sys, threading
def connect(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
        sys.stdout.write(target + "\\n")  # at once: print would let another thread between
    except OSError:
        pass
threads = [threading.Thread(target=connect, args=(target,)) for target in sys.argv[1:]]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def reached(release: Release, component: str, targets: Iterable[str]) -> set[str]:
    """Return which of `host:port` a pod of a component that has Python gets a connection to."""
    pod = release.pods(component)[0]["metadata"]["name"]
    place = ("exec", pod, "--namespace", release.namespace, f"--container={component}", "--")
    return set(release.cluster.kubectl(*place, "python", "-c", CONNECT, *targets).split())
