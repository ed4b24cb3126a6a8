"""What a worker counts, in a registry of its own or one of the user's."""

from collections.abc import Callable, Iterable
from threading import Lock
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

HANDLER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
FETCH_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class _Families:
    """The metrics of one registry, which takes each name once: workers that share it share them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        prefix = "external_task_worker"
        self.watched: dict[int, list[tuple[int, Callable[[], int]]]] = {}
        self.engines_up: dict[int, bool] = {}
        self.tasks = Counter(
            f"{prefix}_tasks", "Tasks that ended here, by outcome.", ["topic", "outcome"], registry=registry
        )
        self.seconds = Histogram(
            f"{prefix}_handler_seconds",
            "Time that handlers took.",
            ["topic"],
            buckets=HANDLER_BUCKETS,
            registry=registry,
        )
        self.fetch = Histogram(
            f"{prefix}_fetch_seconds",
            "Time that fetches took, the engine's waiting for tasks included.",
            buckets=FETCH_BUCKETS,
            registry=registry,
        )
        self.fetched = Counter(
            f"{prefix}_fetched_tasks", "Tasks that were fetched.", ["topic"], registry=registry
        )
        self.fetch_errors = Counter(
            f"{prefix}_fetch_errors",
            "Fetches that failed, by the kind of error.",
            ["kind"],
            registry=registry,
        )
        self.extended = Counter(
            f"{prefix}_locks_extended", "Locks that were extended.", ["topic"], registry=registry
        )
        self.pauses = Counter(
            f"{prefix}_topic_pauses",
            "Pauses of a topic whose tasks kept failing.",
            ["topic"],
            registry=registry,
        )
        self.loop_blocks = Counter(
            f"{prefix}_event_loop_blocks",
            "Times that a handler blocked the event loop for more than a second.",
            registry=registry,
        )
        slots = Gauge(f"{prefix}_slots", "Tasks that can run at once.", registry=registry)
        slots.set_function(
            lambda: sum(total for all_of_one in list(self.watched.values()) for total, _ in all_of_one)
        )
        free = Gauge(f"{prefix}_free_slots", "Slots without a task.", registry=registry)
        free.set_function(
            lambda: sum(count() for all_of_one in list(self.watched.values()) for _, count in all_of_one)
        )
        up = Gauge(
            f"{prefix}_engine_up", "1 if the engine answered the last call, else 0.", registry=registry
        )
        up.set_function(lambda: bool(self.engines_up) and all(list(self.engines_up.values())))


_FAMILIES: "WeakKeyDictionary[CollectorRegistry, _Families]" = WeakKeyDictionary()
_MAKING = Lock()


def _families_of(registry: CollectorRegistry) -> _Families:
    with _MAKING:
        return _FAMILIES.get(registry) or _FAMILIES.setdefault(registry, _Families(registry))


class Metrics:
    """A worker's counters.

    Args:
        registry: where to register them; None makes a new one. Workers may share one: their counts add up.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self._families = _families_of(self.registry)

    def watch_slots(self, total: int, free: Callable[[], int]) -> None:
        """Show so many slots more and, at each scrape, how many of them are free."""
        self._families.watched.setdefault(id(self), []).append((total, free))

    def unwatch(self) -> None:
        """Show this worker's slots and engine no more."""
        self._families.watched.pop(id(self), None)
        self._families.engines_up.pop(id(self), None)

    def task_ended(self, topic: str, outcome: str, handler_seconds: float) -> None:
        """Count a task that ended."""
        self._families.tasks.labels(topic, outcome).inc()
        self._families.seconds.labels(topic).observe(handler_seconds)

    def fetched(self, seconds: float, topics: Iterable[str]) -> None:
        """Count a fetch that succeeded and the tasks it brought, given by their topics."""
        self._families.fetch.observe(seconds)
        for topic in topics:
            self._families.fetched.labels(topic).inc()

    def fetch_failed(self, kind: str) -> None:
        """Count a fetch that failed."""
        self._families.fetch_errors.labels(kind).inc()

    def lock_extended(self, topic: str) -> None:
        """Count a lock that was extended."""
        self._families.extended.labels(topic).inc()

    def loop_blocked(self) -> None:
        """Count that a handler blocks the event loop."""
        self._families.loop_blocks.inc()

    def topic_paused(self, topic: str) -> None:
        """Count a pause of a topic."""
        self._families.pauses.labels(topic).inc()

    def engine_up(self, up: bool) -> None:  # noqa: FBT001 - the gauge's value
        """Show whether the engine answers."""
        self._families.engines_up[id(self)] = up

    def render(self) -> bytes:
        """Write all of the registry in Prometheus' text format."""
        return generate_latest(self.registry)
