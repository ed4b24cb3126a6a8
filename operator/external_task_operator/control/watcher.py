"""Keeps one namespace, or the whole cluster, watched, whatever becomes of other namespaces."""

import asyncio
import logging
import threading
from collections.abc import Callable

import kopf

from external_task_operator.control.registry import Registry
from external_task_operator.control.watch import create_handlers
from external_task_operator.errors import ClusterError, Missing
from external_task_operator.kubernetes import paths
from external_task_operator.kubernetes.client import Cluster
from external_task_operator.settings import ALL_NAMESPACES

log = logging.getLogger(__name__)

_LIST_SECONDS = 5.0
_AGAIN_SECONDS = 1.0


class Watcher:
    """Watches in a thread and an event loop of its own: kopf ends all its watches when one of them fails.

    Args:
        cluster: the API server.
        registry: gets the scalers.
        on_change: called when there is something new to act on.
        namespace: what to watch; None for the whole cluster.
    """

    def __init__(
        self, cluster: Cluster, registry: Registry, on_change: Callable[[], None], namespace: str | None
    ) -> None:
        self._cluster = cluster
        self._registry = registry
        self._on_change = on_change
        self._namespace = namespace
        self._where = {"namespace": namespace or ALL_NAMESPACES}
        self._stop = threading.Event()
        self._end_watch: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name=f"watch {namespace or ALL_NAMESPACES}")
        registry.watched[self._where["namespace"]] = False

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch; `join` waits for it."""
        self._stop.set()
        self._end_watch()

    def join(self) -> None:
        """Wait until the watch has ended."""
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._can_list():
                self._stop.wait(_LIST_SECONDS)
                continue
            self._registry.watched[self._where["namespace"]] = True
            try:
                asyncio.run(self._watch())
            except Exception as error:  # noqa: BLE001 - kopf raises whatever has ended its watch
                log.warning("Watch ended, starting it again", extra=self._where | {"error": repr(error)})
            self._registry.watched[self._where["namespace"]] = False
            self._stop.wait(_AGAIN_SECONDS)

    async def _watch(self) -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()

        def end_watch() -> None:
            try:
                loop.call_soon_threadsafe(end.set)
            except RuntimeError:
                log.debug("The watch had ended already", extra=self._where)

        self._end_watch = end_watch
        if self._stop.is_set():
            return
        await kopf.operator(
            registry=create_handlers(self._registry, self._on_change),
            standalone=True,
            clusterwide=self._namespace is None,
            namespaces=[self._namespace] if self._namespace else [],
            stop_flag=end,
        )

    def _can_list(self) -> bool:
        # kopf would look once and then serve nothing.
        try:
            self._cluster.get(paths.scalers(self._namespace), {"limit": "1"})
        except Missing:
            log.warning("The ExternalTaskScaler CRD is not installed; waiting for it", extra=self._where)
        except ClusterError as error:
            message = "ExternalTaskScalers cannot be listed, trying again"
            log.warning(message, extra=self._where | {"error": str(error)})
        else:
            return True
        return False
