"""Prometheus metrics: all that the statuses show, and how the polling goes."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from external_task_operator.control.registry import Registry
from external_task_operator.control.scaler import Scaler
from external_task_operator.kubernetes.leader_election import Leases
from external_task_operator.policy.decision import Decision
from external_task_operator.status.status import conditions

_PREFIX = "external_task_scaler"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Counters:
    """What is counted as it happens.

    Args:
        registry: of Prometheus.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lateness = Histogram(
            f"{_PREFIX}_poll_lateness_seconds",
            "Time from when a scaler was due until its decision was carried out.",
            registry=registry,
            buckets=_SECONDS,
        )
        self._reads = Histogram(
            f"{_PREFIX}_engine_read_seconds",
            "Time that counting the tasks of one engine took, for all scalers that were due.",
            registry=registry,
            buckets=_SECONDS,
        )
        self._polls = Counter(f"{_PREFIX}_polls", "Polls by outcome.", ["outcome"], registry=registry)
        self._decisions = Counter(
            f"{_PREFIX}_decisions", "Decisions by reason.", ["reason"], registry=registry
        )
        self._scalings = Counter(
            f"{_PREFIX}_scalings", "Changes of replicas by direction.", ["direction"], registry=registry
        )
        self._pushes = Counter(
            f"{_PREFIX}_pushes", "Pushes of engines by outcome.", ["outcome"], registry=registry
        )
        self._unlocked = Counter(
            f"{_PREFIX}_orphans_unlocked",
            "Tasks unlocked whose worker's pod no longer exists.",
            registry=registry,
        )

    def pushed(self, outcome: str) -> None:
        """Count a push."""
        self._pushes.labels(outcome).inc()

    def polled(self, outcome: str, late_seconds: float) -> None:
        """Count a poll: ``ok``, ``engine_failed``, ``cluster_failed`` or ``broken``."""
        self._polls.labels(outcome).inc()
        self._lateness.observe(late_seconds)

    def read(self, seconds: float) -> None:
        """Observe how long reading an engine took."""
        self._reads.observe(seconds)

    def decided(self, decision: Decision, *, scaled: bool) -> None:
        """Count a decision and, if it was carried out, the scaling."""
        self._decisions.labels(decision.reason.value).inc()
        if scaled:
            direction = "up" if decision.replicas > decision.current else "down"
            self._scalings.labels(direction).inc()

    def unlocked(self, tasks: int) -> None:
        """Count unlocked orphans."""
        self._unlocked.inc(tasks)


class ScalerCollector(Collector):
    """Reads the gauges from the scalers when Prometheus asks.

    Args:
        scalers: all scalers.
        leases: where this operator acts.
    """

    def __init__(self, scalers: Registry, leases: Leases) -> None:
        self._scalers = scalers
        self._leases = leases

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return all gauges.

        Namespaces in which another operator acts are left out: what was seen here is out of date.
        """
        scalers = [scaler for scaler in self._scalers.all() if self._leases.holds(scaler.namespace)]
        yield self._leadership()
        yield self._watches()
        yield _family("tasks", "Tasks in the engine.", ["topic", "state"], scalers, _tasks)
        yield _family("replicas", "Replicas by what they are.", ["kind"], scalers, _replicas)
        yield _family("condition", "1 if the condition is True.", ["type"], scalers, _conditions)
        yield _family("failures", "Polls in a row without a count.", [], scalers, _failures)
        yield _family("oldest_task_seconds", "Age of the oldest waiting task.", [], scalers, _oldest)
        yield _family("decision", "1 for the reason of the last decision.", ["reason"], scalers, _decision)
        yield _family("last_poll_timestamp_seconds", "When it was last polled.", [], scalers, _polled)
        yield _family("last_active_timestamp_seconds", "When there were tasks.", [], scalers, _active)
        yield _family("last_scale_timestamp_seconds", "When replicas changed.", [], scalers, _scaled)

    def _leadership(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            f"{_PREFIX}_operator_acts",
            "1 if this operator acts in the namespace, 0 if it stands by.",
            labels=["namespace"],
        )
        for namespace in self._scalers.namespaces():
            family.add_metric([namespace], float(self._leases.holds(namespace)))
        return family

    def _watches(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            f"{_PREFIX}_operator_watches",
            "1 if the scalers of the namespace (* for all) are watched, 0 if they cannot be.",
            labels=["namespace"],
        )
        for namespace, watched in dict(self._scalers.watched).items():
            family.add_metric([namespace], float(watched))
        return family


def _family(
    name: str,
    text: str,
    labels: list[str],
    scalers: Iterable[Scaler],
    samples: Callable[[Scaler], Iterable[tuple[list[str], float]]],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=["namespace", "scaler", *labels])
    for scaler in scalers:
        for values, sample in samples(scaler):
            family.add_metric([scaler.namespace, scaler.name, *values], sample)
    return family


def _tasks(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    counts = scaler.result.seen.counts if scaler.result.seen else {}
    for topic, count in counts.items():
        yield [topic, "unlocked"], count.unlocked
        yield [topic, "locked"], count.locked


def _replicas(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    decision = scaler.result.decision
    if bounds := decision and decision.bounds:
        yield ["minimum"], bounds.minimum
        yield ["maximum"], bounds.maximum
    elif scaler.spec is not None:
        yield ["minimum"], scaler.spec.min_replica_count
        yield ["maximum"], scaler.spec.max_replica_count
    if decision is not None:
        yield ["current"], decision.replicas if scaler.result.scaled else decision.current
        yield ["desired"], decision.replicas


def _conditions(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    if scaler.result.seen is None:
        return  # not polled yet
    for condition in conditions(scaler.spec, scaler.result):
        yield [condition.type], float(condition.status == "True")


def _failures(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    yield [], scaler.history.failures


def _oldest(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    if scaler.result.seen and scaler.result.seen.oldest_seconds is not None:
        yield [], scaler.result.seen.oldest_seconds


def _decision(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    if scaler.result.decision is not None:
        yield [scaler.result.decision.reason.value], 1


def _polled(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    if scaler.polled_at is not None:
        yield [], scaler.polled_at


def _active(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    if scaler.history.last_active is not None:
        yield [], scaler.history.last_active


def _scaled(scaler: Scaler) -> Iterator[tuple[list[str], float]]:
    if scaler.history.last_scale is not None:
        yield [], scaler.history.last_scale
