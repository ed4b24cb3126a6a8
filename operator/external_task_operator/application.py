"""The running operator: its parts and their threads, put together."""

import logging
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn
from uuid import uuid4

import kopf
from external_tasks.health import HealthServer
from prometheus_client import CollectorRegistry, generate_latest

from external_task_operator import paths
from external_task_operator.cluster import Cluster, connect
from external_task_operator.engines import Engines
from external_task_operator.errors import ClusterError, Missing
from external_task_operator.events import Recorder
from external_task_operator.handlers import create_handlers
from external_task_operator.leases import Leases
from external_task_operator.metrics import Counters, ScalerCollector
from external_task_operator.poller import Poller
from external_task_operator.reconcile import Parts
from external_task_operator.registry import Registry
from external_task_operator.reporter import Reporter
from external_task_operator.settings import OperatorSettings
from external_task_operator.targets import Owners
from external_task_operator.tidy import Tidier

log = logging.getLogger(__name__)

_LEASE_BEATS = 3
_CRD_SECONDS = 5.0
_WATCH_SECONDS = 1.0


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
            timeout=settings.operator_api_timeout_seconds, connections=settings.operator_threads + 4
        )
        self._stop = threading.Event()
        self._news = threading.Event()
        self._metrics = CollectorRegistry()
        self._recorder = Recorder(self._cluster, self._identity)
        self._registry = Registry(self._identity)
        self._leases = Leases(
            self._cluster,
            self._identity,
            seconds=settings.operator_lease_seconds,
            on_standby=self._recorder.standby,
        )
        self._engines = Engines(self._cluster, connections=settings.operator_connections)
        self._poller = Poller(
            self._parts(), threads=settings.operator_threads, per_engine=settings.operator_connections
        )
        self._metrics.register(ScalerCollector(self._registry, self._leases))
        self._tended_at = time.monotonic()
        self._watching = False

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; the leases are given back in the end."""
        health = HealthServer(
            self._settings.operator_health_port,
            alive=self.alive,
            ready=self.ready,
            metrics=lambda: generate_latest(self._metrics),
        )
        health.start()
        threads = [
            threading.Thread(target=self._poller.run, name="poller"),
            threading.Thread(target=self._tend_leases, name="leases"),
        ]
        log.info("Started", extra={"identity": self._identity, "namespaces": self._namespaces or "all"})
        for thread in threads:
            thread.start()
        try:
            self._watch()
        finally:
            self._stop.set()
            self._news.set()
            self._poller.stop()
            for thread in threads:
                thread.join()
            self._leases.release()
            self._engines.close()
            health.close()
            log.info("Stopped")

    def alive(self) -> str:
        """Say what stands still; an empty text if nothing does."""
        silence = time.monotonic() - self._tended_at
        if silence > self._settings.operator_lease_seconds * 4 + self._settings.operator_api_timeout_seconds:
            return f"the leases have not been tended for {silence:.0f} s"
        return self._poller.stuck() or ""

    def ready(self) -> str:
        """Say what is missing before the operator can work; standing by is no fault."""
        return "" if self._watching else "the ExternalTaskScalers are not watched yet"

    def _parts(self) -> Parts:
        counters = Counters(self._metrics)
        return Parts(
            cluster=self._cluster,
            registry=self._registry,
            engines=self._engines,
            leases=self._leases,
            owners=Owners(self._cluster),
            reporter=Reporter(
                self._cluster,
                self._registry,
                self._recorder,
                identity=self._identity,
                refresh_seconds=self._settings.operator_status_seconds,
            ),
            tidier=Tidier(self._cluster, self._recorder, counters),
            counters=counters,
        )

    def _watch(self) -> None:
        """Watch until told to stop, whatever becomes of the watch meanwhile."""
        # As long as kopf does not listen to signals: PID 1 of a container has no default for them.
        signal.signal(signal.SIGTERM, _exit)
        while True:
            while not self._crd_is_there():
                time.sleep(_CRD_SECONDS)
            self._watching = True
            try:
                self._watch_once()
            except Exception as error:  # noqa: BLE001 - kopf raises whatever has ended its watch
                signal.signal(signal.SIGTERM, _exit)
                log.warning("The watch has ended and starts anew", extra={"error": repr(error)})
            else:
                return
            self._watching = False
            time.sleep(_WATCH_SECONDS)

    def _watch_once(self) -> None:
        kopf.run(
            registry=create_handlers(self._registry, self._on_news),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
        )

    def _crd_is_there(self) -> bool:
        # kopf would look once and then serve nothing for ever.
        namespace = self._namespaces[0] if self._namespaces else None
        try:
            self._cluster.get(paths.scalers(namespace), {"limit": "1"})
        except Missing:
            log.warning("The ExternalTaskScaler CRD is not installed; waiting for it")
        except ClusterError as error:
            log.warning("The ExternalTaskScalers cannot be listed yet", extra={"error": str(error)})
        else:
            return True
        return False

    def _on_news(self) -> None:
        self._news.set()
        self._poller.wake()

    def _tend_leases(self) -> None:
        while not self._stop.is_set():
            self._news.clear()
            before = set(self._leases.held())
            self._leases.tend(self._registry.namespaces())
            if set(self._leases.held()) - before:
                self._poller.wake()
            self._tended_at = time.monotonic()
            self._news.wait(self._settings.operator_lease_seconds / _LEASE_BEATS)


def _exit(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
