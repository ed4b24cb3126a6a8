"""The running operator: its parts and their threads, put together."""

import logging
import signal
import threading
from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import uuid4

from external_tasks.health import HealthServer
from prometheus_client import generate_latest

from external_task_operator.control.push import PushServer
from external_task_operator.control.watcher import Watcher
from external_task_operator.kubernetes.client import Cluster, connect
from external_task_operator.kubernetes.leader_election import LEASE_THREADS
from external_task_operator.settings import OperatorSettings
from external_task_operator.wiring import wire

if TYPE_CHECKING:
    from external_task_operator.control.otlp import OtlpMetrics

log = logging.getLogger(__name__)

_LEASE_BEATS = 3
_SPARE_CONNECTIONS = 4


class Application:
    """The operator.

    Args:
        settings: what can be set.
        cluster: the API server; default: the one of the pod or of the kubeconfig.
    """

    def __init__(self, settings: OperatorSettings, cluster: Cluster | None = None) -> None:
        self._settings = settings
        self._namespaces = settings.watched()
        self._identity = f"{settings.pod_name}_{uuid4().hex[:8]}"
        self._cluster = cluster or connect(
            timeout=settings.operator_api_timeout_seconds,
            connections=settings.operator_threads + LEASE_THREADS + _SPARE_CONNECTIONS,
        )
        self._stop = threading.Event()
        self._changed = threading.Event()
        self._wired = wire(settings, self._cluster, self._identity)
        watched = self._namespaces or (None,)
        self._watchers = [
            Watcher(self._cluster, self._wired.registry, self._on_change, namespace) for namespace in watched
        ]

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; the leases are given back in the end."""
        health = HealthServer(
            self._settings.operator_health_port,
            alive=self.alive,
            ready=self.ready,
            metrics=lambda: generate_latest(self._wired.metrics),
        )
        push = self._push_server() if self._settings.operator_push_token_file else None
        otlp = self._otlp_metrics() if self._settings.sends_metrics else None
        health.start()
        if otlp is not None:
            otlp.start()
        if push is not None:
            push.start()
        parts: list[threading.Thread | Watcher] = [
            threading.Thread(target=self._wired.poller.run, name="poller"),
            threading.Thread(target=self._renew_leases, name="leases"),
            *self._watchers,
        ]
        log.info("Started", extra={"identity": self._identity, "namespaces": self._namespaces or "all"})
        for part in parts:
            part.start()
        try:
            self._wait_for_signal()
        finally:
            self._stop.set()
            self._changed.set()
            for watcher in self._watchers:
                watcher.stop()
            self._wired.poller.stop()
            for part in parts:
                part.join()
            self._wired.leases.release()
            self._wired.leases.close()
            self._wired.engines.close()
            if push is not None:
                push.close()
            if otlp is not None:
                otlp.close()
            health.close()
            log.info("Stopped")

    def alive(self) -> str:
        """Say what stands still; an empty text if nothing does."""
        silence = self._wired.leases.silence()
        if silence > self._settings.operator_lease_seconds * 4 + self._settings.operator_api_timeout_seconds:
            return f"leases were not renewed for {silence:.0f} s"
        return self._wired.poller.stuck() or ""

    def ready(self) -> str:
        """Say what is missing before the operator can work; standing by is no fault."""
        watched = self._wired.registry.watched.values()
        return "" if any(watched) else "no namespace's ExternalTaskScalers are watched yet"

    def _wait_for_signal(self) -> None:
        # PID 1 of a container has no default for them.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._stop.set())
        self._stop.wait()

    def _on_change(self) -> None:
        self._changed.set()
        self._wired.poller.wake()

    def _otlp_metrics(self) -> "OtlpMetrics":
        # Imported here, as few operators send their metrics.
        from external_task_operator.control import otlp  # noqa: PLC0415

        attributes = {
            "service.name": self._settings.otel_service_name,
            "service.instance.id": self._identity,
            "k8s.pod.name": self._settings.pod_name,
        }
        seconds = self._settings.otel_metric_export_interval / 1000
        return otlp.to_collector(self._wired.metrics, seconds=seconds, attributes=attributes)

    def _push_server(self) -> PushServer:
        return PushServer(
            self._settings.operator_push_port,
            token=self._settings.push_token,
            hurry=self._hurry,
            count=self._wired.counters.pushed,
        )

    def _hurry(self, topics: Collection[str]) -> int:
        found = self._wired.registry.hurry(topics)
        self._wired.poller.wake()
        return found

    def _renew_leases(self) -> None:
        leases, beat = self._wired.leases, self._settings.operator_lease_seconds / _LEASE_BEATS
        while not self._stop.is_set():
            self._changed.clear()
            before = set(leases.held())
            leases.acquire_or_renew(self._wired.registry.namespaces(), patience=beat)
            if set(leases.held()) - before:
                self._wired.poller.wake()
            self._changed.wait(beat)
