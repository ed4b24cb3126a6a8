"""What a worker counts, in a registry of its own or one it is given."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

HANDLER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
FETCH_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """A worker's counters.

    Args:
        registry: where to register them; None makes a new one.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        prefix = "external_task_worker"
        self._tasks = Counter(
            f"{prefix}_tasks",
            "Tasks that ended here, by outcome.",
            ["topic", "outcome"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            f"{prefix}_handler_seconds",
            "Time that handlers took.",
            ["topic"],
            buckets=HANDLER_BUCKETS,
            registry=self.registry,
        )
        self._fetch = Histogram(
            f"{prefix}_fetch_seconds",
            "Time that fetches took, the engine's waiting for tasks included.",
            buckets=FETCH_BUCKETS,
            registry=self.registry,
        )
        self._fetched = Counter(
            f"{prefix}_fetched_tasks", "Tasks that were fetched.", ["topic"], registry=self.registry
        )
        self._fetch_errors = Counter(
            f"{prefix}_fetch_errors",
            "Fetches that failed, by the kind of error.",
            ["kind"],
            registry=self.registry,
        )
        self._extended = Counter(
            f"{prefix}_locks_extended", "Locks that were extended.", ["topic"], registry=self.registry
        )
        self._slots = Gauge(f"{prefix}_slots", "Tasks that can run at once.", registry=self.registry)
        self._free = Gauge(f"{prefix}_free_slots", "Slots without a task.", registry=self.registry)
        self._up = Gauge(
            f"{prefix}_engine_up", "1 if the engine answered the last fetch, else 0.", registry=self.registry
        )

    def watch_slots(self, total: int, free: Callable[[], int]) -> None:
        """Show how many slots there are and, at each scrape, how many are free."""
        self._slots.set(total)
        self._free.set_function(free)

    def task_ended(self, topic: str, outcome: str, handler_seconds: float) -> None:
        """Count a task that ended."""
        self._tasks.labels(topic, outcome).inc()
        self._seconds.labels(topic).observe(handler_seconds)

    def fetched(self, seconds: float, topics: Iterable[str]) -> None:
        """Count a fetch that succeeded and the tasks it brought, given by their topics."""
        self._fetch.observe(seconds)
        for topic in topics:
            self._fetched.labels(topic).inc()

    def fetch_failed(self, kind: str) -> None:
        """Count a fetch that failed."""
        self._fetch_errors.labels(kind).inc()

    def lock_extended(self, topic: str) -> None:
        """Count a lock that was extended."""
        self._extended.labels(topic).inc()

    def engine_up(self, up: bool) -> None:  # noqa: FBT001 - the gauge's value
        """Show whether the engine answers."""
        self._up.set(1 if up else 0)

    def render(self) -> bytes:
        """Write all of the registry in Prometheus' text format."""
        return generate_latest(self.registry)
