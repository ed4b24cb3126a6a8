"""The worker as its users see it."""

import logging
import random as random_numbers
import secrets
import socket
import threading
from pathlib import Path
from queue import SimpleQueue

from prometheus_client import CollectorRegistry

from external_tasks.errors import EngineError, ExternalTasksError, RegistrationError
from external_tasks.execution import Around
from external_tasks.health import HealthServer
from external_tasks.machinery import Machinery, WorkerSettings
from external_tasks.metrics import Metrics
from external_tasks.outcomes import Exhausted
from external_tasks.ports import ExternalTaskEngine
from external_tasks.registry import Defaults, TaskRouter
from external_tasks.retry import Random, RetryPolicy
from external_tasks.signals import notice_signals

logger = logging.getLogger(__name__)


class Worker(TaskRouter):
    """Works on the external tasks of the topics that have a handler.

    Args:
        engine: where the tasks are, e.g. an `EngineClient`.
        slots: tasks that run at once, each in a thread of its own.
        lock_seconds: how long a task stays locked; extended at half-life while its handler runs.
        poll_seconds: how long the engine may hold a fetch that finds nothing. Short, as retries and expired
            locks of others are found by the next fetch only.
        drain_seconds: how long running handlers may go on after a stop; then their tasks are unlocked.
        name: the first part of the worker id, which has a random second part; None takes the host's name.
        retry: how often and when a failed task is tried again.
        exhausted: what follows used-up retries.
        around: wraps every handler: ``around(task, call)`` returns ``call(task)``; for tracing and the like.
        use_priority: fetch tasks of higher priority first.
        cordon_file: holds, at times, the moment (RFC 3339) until which no more tasks are to be fetched; from
            a pod's annotation by the downward API. ``/readyz`` says when the tasks at work have ended.
        health_port: serves ``/livez``, ``/readyz`` and ``/metrics`` there while it runs; None serves nothing.
        registry: where metrics are registered; None makes a new one.
        random: spreads the delays of retries.

    Attributes:
        id: the worker id, new for every object, so that an old one can never complete a new one's task.
        metrics: what it counts.
    """

    def __init__(  # noqa: PLR0913 - every keyword is one setting, documented above
        self,
        engine: ExternalTaskEngine,
        *,
        slots: int = 8,
        lock_seconds: float = 60.0,
        poll_seconds: float = 5.0,
        drain_seconds: float = 25.0,
        name: str | None = None,
        retry: RetryPolicy | None = None,
        exhausted: Exhausted = "incident",
        around: Around | None = None,
        use_priority: bool = False,
        cordon_file: Path | None = None,
        health_port: int | None = None,
        registry: CollectorRegistry | None = None,
        random: Random = random_numbers.random,
    ) -> None:
        super().__init__()
        self.id = f"{name or socket.gethostname()}:{secrets.token_hex(4)}"
        self.metrics = Metrics(registry)
        self._engine = engine
        self._settings = WorkerSettings(
            slots=slots,
            poll_seconds=poll_seconds,
            drain_seconds=drain_seconds,
            use_priority=use_priority,
            cordon_file=cordon_file,
            defaults=Defaults(lock_seconds, retry or RetryPolicy(), exhausted),
        )
        self._around = around
        self._random = random
        self._health_port = health_port
        self._health: HealthServer | None = None
        self._machinery: Machinery | None = None
        self._stopping = threading.Lock()
        self._drained: bool | None = None
        self._endings: SimpleQueue[str | EngineError] = SimpleQueue()

    @property
    def health_port(self) -> int | None:
        """The port that probes and metrics are served at, while they are."""
        return self._health.port if self._health else None

    def run(self, *, once: bool = False) -> None:
        """Work until SIGTERM, SIGINT or `stop`, then drain; a second signal ends the process at once.

        Args:
            once: return when there is no task to fetch and none running.

        Raises:
            RegistrationError: no topic has a handler.
            EngineError: with `once` only, a fetch failed.
        """
        with notice_signals(self._endings.put):
            self._start(once=once)
            ending = self._endings.get()
            if isinstance(ending, str):
                logger.info("stopping: %s", ending, extra={"worker_id": self.id})
            self.stop()
        if isinstance(ending, EngineError):
            raise ending

    def start(self) -> None:
        """Work in the background, without looking at signals, until `stop`.

        Raises:
            RegistrationError: no topic has a handler.
        """
        self._start(once=False)

    def stop(self) -> bool:
        """Stop fetching, let running handlers end up to the deadline, unlock the tasks of the others.

        Returns:
            whether all tasks had ended by themselves; the same when called again.
        """
        with self._stopping:
            if self._drained is None:
                self._drained = self._machinery.stop() if self._machinery else True
                self._endings.put("stop was called")
                if self._health:
                    self._health.close()
                logger.info("stopped", extra={"worker_id": self.id, "drained": self._drained})
            return self._drained

    def _start(self, *, once: bool) -> None:
        if self._machinery is not None:
            raise ExternalTasksError("a worker starts once: make a new one")
        handlers = self.resolve(self._settings.defaults)
        if not handlers:
            raise RegistrationError("no topic has a handler: register one with @worker.task(topic)")
        machinery = self._machinery = Machinery(
            self._engine,
            self._settings,
            self.id,
            handlers,
            metrics=self.metrics,
            around=self._around,
            random=self._random,
        )
        self._serve_health(machinery)
        logger.info("starting", extra={"worker_id": self.id, "topics": list(handlers)})
        if once:
            machinery.start_until_idle(lambda error: self._endings.put(error or "nothing left to do"))
        else:
            machinery.start()

    def _serve_health(self, machinery: Machinery) -> None:
        if self._health_port is not None:
            self._health = HealthServer(
                self._health_port,
                alive=machinery.why_not_alive,
                ready=machinery.why_not_ready,
                metrics=self.metrics.render,
            )
            self._health.start()
