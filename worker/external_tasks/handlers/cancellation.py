"""How a handler learns that its task is no longer its worker's."""

from collections.abc import Callable
from threading import Event, Lock


class Cancellation(Event):
    """An event that calls listeners when it is set: threads wait for it, an event loop listens."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Callable[[], None]] = []
        self._listening = Lock()

    def set(self) -> None:
        """Set it, and call those who listen, in the calling thread."""
        super().set()
        with self._listening:
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a listener when it is set, or at once if it is; return what ends that."""
        with self._listening:
            if not self.is_set():
                self._listeners.append(listener)
                return lambda: self._forget(listener)
        listener()
        return lambda: None

    def _forget(self, listener: Callable[[], None]) -> None:
        with self._listening:
            if listener in self._listeners:
                self._listeners.remove(listener)
