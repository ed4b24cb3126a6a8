"""Forwarding ports of a cluster's Services to this machine, for as long as somebody needs them."""

import subprocess
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self, TypeVar

from hotel.cluster.kubectl import Kubectl
from hotel.cluster.refusals import translated_refusal
from hotel.cluster.release import ServicePort
from hotel.errors import HotelError, Refused, Unreachable
from hotel.ports import HOST, free_port
from hotel.processes import dying_with_parent

_BEGUN_SECONDS = 30.0
_ENDED_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 3.0
_POLL_SECONDS = 0.05
_KEPT_LINES = 10
_BEGUN = "Forwarding from "
# Said for each connection; nothing is wrong then.
_ROUTINE = (_BEGUN, "Handling connection for ")
# A forward whose pod is gone may say so at the next connection only, and go on in vain.
_BROKEN = ("lost connection to pod", "error occurred forwarding", "error creating")

Key = TypeVar("Key", bound=Hashable)


class PortForward:
    """A `kubectl port-forward` that is started again, on the same port of this machine, whenever it ends.

    It ends with the context that it is used as, and with this process, however that ends (on Linux).

    Args:
        kubectl: for the Service's namespace.
        target: what to forward to.
    """

    def __init__(self, kubectl: Kubectl, target: ServicePort) -> None:
        self._kubectl = kubectl.in_namespace(target.namespace)
        self._target = target
        self._local_port = 0
        self._process: subprocess.Popen[str] | None = None
        self._begun = threading.Event()
        self._stopped = threading.Event()
        self._failure: HotelError | None = None
        self._lock = threading.Lock()
        # The thread starts every kubectl: one that dies with its parent ends with the thread that started it.
        self._thread = threading.Thread(target=self._keep, name=f"forward-{target.service}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        with self._lock:
            if self._process:
                self._process.kill()
        # Within bounds: a program by which kubectl logs in may outlive it for a moment and hold its output.
        self._thread.join(_ENDED_SECONDS)

    def url(self) -> str:
        """Return the address on this machine, as soon as something answers there.

        Raises:
            HotelError: nothing does; with kubectl's reason.
        """
        deadline = time.monotonic() + _BEGUN_SECONDS
        while not self._begun.wait(_POLL_SECONDS):
            failure = self._failure
            # A right that is missing stays missing; a pod may just be on its way.
            if isinstance(failure, Refused):
                raise failure
            if time.monotonic() > deadline:
                raise failure or Unreachable(
                    f"kubectl has forwarded no port to the Service {self._target.service} "
                    f"within {_BEGUN_SECONDS:.0f} s"
                )
        return f"http://{HOST}:{self._local_port}"

    def _keep(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._failure = translated_refusal(self._forward())
            except OSError as error:
                self._failure = Unreachable(f"kubectl cannot be started: {error}")
            lasted = time.monotonic() - began > _LONGEST_PAUSE_SECONDS
            pause = _FIRST_PAUSE_SECONDS if lasted else min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._stopped.wait(pause)

    def _forward(self) -> str:
        """Forward until it ends and return what kubectl said then."""
        said: deque[str] = deque(maxlen=_KEPT_LINES)
        with self._start() as process:
            for line in process.stdout or ():
                if line.startswith(_BEGUN):
                    self._begun.set()
                if not line.startswith(_ROUTINE):
                    said.append(line)
                if any(words in line for words in _BROKEN):
                    process.kill()
        return "".join(said)

    def _start(self) -> "subprocess.Popen[str]":
        if not self._begun.is_set():
            self._local_port = free_port()
        service, port = f"service/{self._target.service}", f"{self._local_port}:{self._target.port}"
        line = self._kubectl.line("port-forward", f"--address={HOST}", service, port)
        with self._lock:
            # In a session of its own: Ctrl-C is for the command, which may still have something to say.
            self._process = subprocess.Popen(  # noqa: S603  # kubectl by an argument list, no shell
                dying_with_parent(line),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            if self._stopped.is_set():
                self._process.kill()
            return self._process


@contextmanager
def forwarded(kubectl: Kubectl, targets: Mapping[Key, ServicePort]) -> Iterator[dict[Key, str]]:
    """Forward ports while the context lasts and give the addresses on this machine, by the targets' keys.

    Raises:
        HotelError: one of them cannot be forwarded.
    """
    with ExitStack() as stack:
        forwards = {key: stack.enter_context(PortForward(kubectl, port)) for key, port in targets.items()}
        yield {key: forward.url() for key, forward in forwards.items()}
