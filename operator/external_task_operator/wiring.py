"""The one place where the operator's parts are put together; the operator and its tests both use it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from external_task_operator.control.cleanup import Cleanup
from external_task_operator.control.events import Recorder
from external_task_operator.control.metrics import Counters, ScalerCollector
from external_task_operator.control.poller import Poller
from external_task_operator.control.reconcile import Parts
from external_task_operator.control.registry import Registry
from external_task_operator.control.reporter import Reporter
from external_task_operator.engine.allowed import AllowedEngines
from external_task_operator.engine.connections import Engines
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.kubernetes.discovery import Kinds
from external_task_operator.kubernetes.leader_election import Leases
from external_task_operator.scaling.owners import CompetingAutoscalers
from external_task_operator.settings import OperatorSettings
from external_task_operator.status.status import Writer

Clock = Callable[[], float]


@dataclass(frozen=True)
class Wired:
    """All parts of an operator but the watch and the threads that drive it."""

    registry: Registry
    engines: Engines
    leases: Leases
    poller: Poller
    metrics: CollectorRegistry
    counters: Counters


def wire(
    settings: OperatorSettings,
    cluster: Cluster,
    identity: str,
    *,
    clock: Clock = time.monotonic,
    wall: Clock = time.time,
) -> Wired:
    """Put the parts of an operator together.

    Args:
        settings: what can be set.
        cluster: the API server.
        identity: of this operator, as leases and statuses show it.
        clock: monotonic seconds.
        wall: seconds of the epoch.
    """
    metrics = CollectorRegistry()
    counters = Counters(metrics)
    recorder = Recorder(cluster, identity, clock)
    registry = Registry(identity, AllowedEngines(settings.operator_allowed_engines), clock=clock, wall=wall)
    engines = Engines(cluster, connections=settings.operator_connections, clock=clock, wall=wall)
    leases = Leases(
        cluster,
        identity,
        seconds=settings.operator_lease_seconds,
        clock=clock,
        on_standby=recorder.standby,
    )
    reporter = Reporter(
        cluster,
        registry,
        recorder,
        writer=Writer(identity, settings.operator_status_seconds),
        clock=clock,
        wall=wall,
    )
    parts = Parts(
        cluster=cluster,
        kinds=Kinds(cluster, clock),
        registry=registry,
        engines=engines,
        leases=leases,
        competitors=CompetingAutoscalers(cluster, clock),
        recorder=recorder,
        reporter=reporter,
        cleanup=Cleanup(cluster, recorder, counters, clock),
        counters=counters,
        clock=clock,
        wall=wall,
    )
    poller = Poller(
        parts,
        threads=settings.operator_threads,
        per_engine=settings.operator_connections,
        clock=clock,
    )
    metrics.register(ScalerCollector(registry, leases))
    return Wired(registry, engines, leases, poller, metrics, counters)
