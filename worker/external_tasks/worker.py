"""The worker as its users see it."""

import inspect
import os
import random as random_numbers
import secrets
import socket
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from prometheus_client import CollectorRegistry

from external_tasks import checks
from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.errors import ExternalTasksError, RegistrationError
from external_tasks.handlers.middleware import Middleware, chained, variables_of
from external_tasks.handlers.outcomes import OnRetriesExhausted
from external_tasks.handlers.router import Defaults, Registration, TaskRouter, TopicHandler
from external_tasks.health import HealthServer
from external_tasks.retry import Random, RetryPolicy, bounded
from external_tasks.runtime.metrics import Metrics
from external_tasks.runtime.options import WorkerOptions
from external_tasks.runtime.runtime import Runtime
from external_tasks.runtime.signals import notice_signals
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

LONGEST_NAME = 200
"""The engine keeps 255 characters of a worker's id, of which the name is the first part."""


class Worker(TaskRouter):
    """Works on the external tasks of the topics that have a handler.

    A worker may be made before a fork and run in the children: what belongs to a process is made when it
    starts.

    Args:
        engine: where the tasks are, e.g. an `EngineClient`.
        slots: tasks of plain handlers that run at once, each in a thread of its own.
        async_slots: tasks of async handlers that run at once, all on one event loop.
        lock_seconds: how long a task stays locked; extended at half of it, or earlier, while it is worked on.
        poll_seconds: how long the engine may hold a fetch that finds nothing. Short, as retries and expired
            locks of others are found by the next fetch only.
        drain_seconds: how long running handlers may go on after a stop; then their tasks are unlocked.
        name: the first part of the worker id, which has a random second part; None takes the host's name.
        retry: how often and when a failed task is tried again.
        on_retries_exhausted: what follows used-up retries.
        middleware: wraps every handler, the first one outermost; see `Middleware`.
        use_priority: fetch tasks of higher priority first.
        oldest_first: fetch those first, of equal priority, that their processes reached first; engines know
            that from Camunda 7.20 on.
        cordon_file: holds, at times, the moment (RFC 3339) until which no more tasks are to be fetched; from
            a pod's annotation by the downward API. ``/readyz`` says when the running tasks have ended.
        health_port: serves ``/livez``, ``/readyz`` and ``/metrics`` there while it runs; None serves nothing.
        health_host: the address to serve them at; empty for all, ``127.0.0.1`` for this machine alone.
        registry: where metrics are registered; None makes a new one. Workers may share one.
        full_tracebacks: pass the texts of unexpected exceptions on to the engine and the log. They may hold
            values of variables: for development.
        random: spreads the delays of retries, as `random.random`; where it fails, they are not spread.

    Attributes:
        metrics: what it counts.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """

    def __init__(  # noqa: PLR0913 - every keyword is one setting, documented above
        self,
        engine: ExternalTaskEngine,
        *,
        slots: int = 32,
        async_slots: int = 200,
        lock_seconds: float = 60.0,
        poll_seconds: float = 5.0,
        drain_seconds: float = 25.0,
        name: str | None = None,
        retry: RetryPolicy | None = None,
        on_retries_exhausted: OnRetriesExhausted = "incident",
        middleware: Sequence[Middleware] = (),
        use_priority: bool = False,
        oldest_first: bool = False,
        cordon_file: Path | None = None,
        health_port: int | None = None,
        health_host: str = "",
        registry: CollectorRegistry | None = None,
        full_tracebacks: bool = False,
        random: Random = random_numbers.random,
    ) -> None:
        super().__init__()
        _check_parts(engine, registry, random)
        self.metrics = Metrics(registry)
        self._engine = engine
        self._name = socket.gethostname() if name is None else checks.text("name", name)
        if len(self._name) > LONGEST_NAME:
            raise ValueError(
                f"name must be a text of at most {LONGEST_NAME} characters, not {len(self._name)}"
            )
        self._options = WorkerOptions(
            slots=slots,
            async_slots=async_slots,
            poll_seconds=poll_seconds,
            drain_seconds=drain_seconds,
            use_priority=use_priority,
            oldest_first=oldest_first,
            cordon_file=cordon_file,
            defaults=Defaults(
                lock_seconds, RetryPolicy() if retry is None else retry, on_retries_exhausted, full_tracebacks
            ),
        )
        self._middleware = _checked_middleware(middleware)
        self._random = bounded(random)
        if health_port is not None:
            checks.port("health_port", health_port)
        self._health_port = health_port
        self._health_host = checks.text("health_host", health_host, may_be_empty=True)
        self._health: HealthServer | None = None
        self._runtime: Runtime | None = None
        self._id: tuple[int, str] | None = None
        self._stopping = threading.Lock()
        self._drained: bool | None = None
        self._endings: SimpleQueue[str | BaseException] = SimpleQueue()

    @property
    def id(self) -> str:
        """The worker id: new for every object and process, so that no other can complete this one's tasks."""
        if self._id is None or (self._id[0] != os.getpid() and self._runtime is None):
            self._id = os.getpid(), f"{self._name}:{secrets.token_hex(4)}"
        return self._id[1]

    @property
    def on_retries_exhausted(self) -> OnRetriesExhausted:
        """What follows used-up retries of topics that do not say it themselves."""
        return self._options.defaults.on_retries_exhausted

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
            HealthPortUnavailable: the health port cannot be served at; start again once it can.
        """
        with notice_signals(self._endings.put):
            self._start(once=once)
            ending = self._endings.get()
            if isinstance(ending, str):
                logger.info("stopping: %s", ending, extra={"worker_id": self.id})
            self.stop()
        if isinstance(ending, BaseException):
            raise ending

    def start(self) -> None:
        """Work in the background, without looking at signals, until `stop`.

        Raises:
            RegistrationError: no topic has a handler.
            HealthPortUnavailable: the health port cannot be served at; start again once it can.
        """
        self._start(once=False)

    def stop(self) -> bool:
        """Stop fetching, let running handlers end up to the deadline, unlock the tasks of the others.

        Called by a handler it returns at once, as it cannot wait for its own end.

        Returns:
            whether all tasks had ended by themselves; the same when called again. False for a handler, and in
            a forked child of the process that started it.
        """
        if self._runtime is not None and self._runtime.is_handler_thread:
            threading.Thread(target=self.stop, name="stop", daemon=True).start()
            return False
        if self._id is not None and self._id[0] != os.getpid():
            # A child of the process that started it: the tasks are the parent's.
            return False
        with self._stopping:
            if self._drained is None:
                self._drained = self._end()
                self._endings.put("stop was called")
            return self._drained

    def _end(self) -> bool:
        drained = self._runtime.stop() if self._runtime else True
        if self._health:
            self._health.close()
        logger.info("stopped", extra={"worker_id": self.id, "drained": drained})
        return drained

    def _add(self, registration: Registration) -> None:
        if self._runtime is not None:
            topic = registration.subscription.topic
            raise RegistrationError(
                f"topic {topic!r} comes too late: register handlers before the worker starts"
            )
        super()._add(registration)

    def _start(self, *, once: bool) -> None:
        if self._runtime is not None:
            raise ExternalTasksError("a worker starts once: make a new one")
        handlers = {
            topic: self._wrapped(entry) for topic, entry in self.resolve(self._options.defaults).items()
        }
        if not handlers:
            raise RegistrationError("no topic has a handler: register one with @worker.task(topic)")
        worker_id = self.id
        runtime = Runtime(
            self._engine, self._options, worker_id, handlers, metrics=self.metrics, random=self._random
        )
        self._serve_health(runtime)
        self._runtime = runtime
        logger.info("starting", extra={"worker_id": worker_id, "topics": list(handlers)})
        # The first handlers run before all has started: a stop of theirs has to wait for that.
        with self._stopping:
            try:
                if once:
                    runtime.start_until_idle(lambda error: self._endings.put(error or "nothing left to do"))
                else:
                    runtime.start()
            except BaseException:
                # For the caller the worker has not started, so no part of it may go on to take tasks.
                self._drained = self._end()
                raise

    def _wrapped(self, handler: TopicHandler) -> TopicHandler:
        subscription, wanted = handler.subscription, variables_of(self._middleware)
        if subscription.variables is not None and wanted:
            fetched = tuple(dict.fromkeys((*subscription.variables, *wanted)))
            subscription = replace(subscription, variables=fetched)
        call = chained(self._middleware, handler.call, awaited=handler.is_async)
        return replace(handler, subscription=subscription, call=call)

    def _serve_health(self, runtime: Runtime) -> None:
        if self._health_port is not None:
            self._health = HealthServer(
                self._health_port,
                alive=runtime.why_not_alive,
                ready=runtime.why_not_ready,
                metrics=self.metrics.render,
                host=self._health_host,
            )
            self._health.start()


def _check_parts(engine: Any, registry: Any, random: Any) -> None:
    if isinstance(engine, type) or not callable(getattr(engine, "fetch_and_lock", None)):
        raise ValueError(  # noqa: TRY004 - as in `checks`
            'engine must be an engine, e.g. EngineClient("http://localhost:8080/engine-rest"), '
            f"not {engine.__name__ if isinstance(engine, type) else type(engine).__name__}"
        )
    if not isinstance(registry, CollectorRegistry | None):
        raise ValueError(f"registry must be a CollectorRegistry, not {type(registry).__name__}")  # noqa: TRY004 - as in `checks`
    if not callable(random):
        raise ValueError(f"random must be a function that returns a number, not {random!r}")  # noqa: TRY004 - as in `checks`


def _takes_two(wrapper: Any) -> bool:
    if not callable(wrapper):
        return False
    try:
        inspect.signature(wrapper).bind(None, None)
    except TypeError:
        return False
    except ValueError:
        # Some functions that are written in C do not show what they take.
        return True
    return True


def _checked_middleware(middleware: Any) -> tuple[Middleware, ...]:
    # Listed once: what gives its members one time only, as a generator, would be empty afterwards.
    chain = tuple(middleware) if isinstance(middleware, Iterable) else None
    if chain is None or not all(_takes_two(wrapper) for wrapper in chain):
        raise ValueError(
            "middleware must be a list of functions, each of a task and the next call, e.g. [trace]"
        )
    for wrapper in chain:
        checks.texts(f"middleware: variables of {wrapper!r}", getattr(wrapper, "variables", ()))
    return chain
