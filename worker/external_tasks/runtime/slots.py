"""How many tasks a worker can still take."""

import threading
import time


class Slots:
    """Counts the slots that are free, and those of them that a pending fetch has asked tasks for.

    A fetch reserves slots, asks for as many tasks, and settles with what it got. So two fetches at the same
    time never bring more tasks than there are slots.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self._free = total
        self._reserved = 0
        self._wanted = 1
        self._changed = threading.Condition()

    @property
    def free(self) -> int:
        """Slots without a task."""
        return self._free

    def reserve(self, *, at_least: int = 1, linger: float = 0.0, timeout: float = 0.0) -> int:
        """Reserve all slots that are free, and return their number.

        Args:
            at_least: wait for so many while lingering.
            linger: seconds to wait for them once one is free.
            timeout: seconds to wait for the first one.
        """
        with self._changed:
            if not self._wait_for(1, timeout):
                return 0
            self._wait_for(at_least, linger)
            count = self._available()
            self._reserved += count
            return count

    def settle(self, reserved: int, taken: int) -> None:
        """Give back a reservation, of which some slots have got a task."""
        with self._changed:
            self._reserved -= reserved
            self._free -= taken
            self._changed.notify_all()

    def release(self) -> None:
        """Free the slot of a task that has ended."""
        with self._changed:
            self._free += 1
            if self._available() >= self._wanted or self._free == self.total:
                self._changed.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no slot has a task; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._free == self.total, seconds)

    def _available(self) -> int:
        return self._free - self._reserved

    def _wait_for(self, count: int, seconds: float) -> bool:
        # Slot threads wake a waiter only when it has what it waits for: a wake-up per task would cost CPU.
        self._wanted = count
        deadline = time.monotonic() + seconds
        while self._available() < count:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._changed.wait(left)
        return True
