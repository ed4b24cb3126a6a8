"""For how many free slots it pays to wait before the next fetch."""


class BatchSizing:
    """Learns where the time of tasks goes, to say for how many free slots it pays to wait.

    Fetching again for every free slot costs a call to the engine per task. Where the engine takes
    most of a task's time, waiting for more slots relieves what everybody waits for. Where the handlers do, a
    slot that waits is lost work, and the engine has time for small fetches.
    """

    MAX_LINGER_SECONDS = 0.25
    MAX_SHARE = 0.75
    _WEIGHT = 0.1
    _FIRST_GUESS = 0.05

    def __init__(self) -> None:
        self._handler_seconds = 0.0
        self._report_seconds = self._FIRST_GUESS

    def learn(self, handler_seconds: float, report_seconds: float) -> None:
        """Take in one task; a lost update between threads does not matter to a moving average."""
        self._handler_seconds += self._WEIGHT * (handler_seconds - self._handler_seconds)
        self._report_seconds += self._WEIGHT * (report_seconds - self._report_seconds)

    def batch(self, slots: int) -> int:
        """Return how many of so many slots should be free before the next fetch."""
        report, handler = self._report_seconds, self._handler_seconds
        share = self.MAX_SHARE * report / (report + handler) if report else 0.0
        return max(1, round(share * slots))

    def linger_seconds(self) -> float:
        """Return how long to wait for them at most: a report's time, in which the others may end."""
        return min(self.MAX_LINGER_SECONDS, self._report_seconds)
