"""A clock for tests."""

from dataclasses import dataclass


@dataclass
class HandClock:
    """A clock that only a test turns."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float | None) -> None:
        self.now += seconds or 0.0
