"""A task as its handler sees it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from external_tasks.engine.variables import File, TypedJson, decode_variable
from external_tasks.handlers.blocking import refuse_on_event_loop
from external_tasks.handlers.cancellation import Cancellation
from external_tasks.handlers.sending import TaskEngine


class TaskVariables(Mapping[str, Any]):
    """Process variables by name, each decoded when it is read for the first time.

    A variable that cannot be decoded raises a `VariableError` where it is read, and only there. The
    representation shows names only.
    """

    def __init__(self, encoded: Mapping[str, TypedJson]) -> None:
        self._encoded = encoded
        self._decoded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._decoded:
            self._decoded[name] = decode_variable(name, self._encoded[name])
        return self._decoded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._encoded

    def __iter__(self) -> Iterator[str]:
        return iter(self._encoded)

    def __len__(self) -> int:
        return len(self._encoded)

    def __eq__(self, other: object) -> bool:
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TaskVariables({', '.join(self._encoded)})"


class TaskLink:
    """What ties a task to its worker; a copy of the task in another process or data structure has none.

    Args:
        cancelled: set when the task is no longer this worker's.
        read_file: fetches the content of a file variable.
        engine: sends for the task.
        on_loop: the handler runs on an event loop that it shares with others.
    """

    def __init__(
        self,
        cancelled: Cancellation | None = None,
        read_file: Callable[[str], bytes] | None = None,
        engine: TaskEngine | None = None,
        *,
        on_loop: bool = False,
    ) -> None:
        self.cancelled = cancelled or Cancellation()
        self._read_file = read_file
        self.engine = engine
        self._on_loop = on_loop

    def refuse_on_loop(self, name: str) -> None:
        """Refuse a call that would block the event loop, and with it all that runs there.

        Raises:
            PermanentError: it is made there.
        """
        if self._on_loop:
            refuse_on_event_loop(f"task.{name}")

    def read_file(self, name: str) -> bytes:
        """Fetch a file's content."""
        if self._read_file is None:
            raise LookupError(f"there is no engine to read the file {name!r} from")
        return self._read_file(name)

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type["TaskLink"], tuple[()]]:
        return TaskLink, ()


@dataclass(frozen=True)
class Task:
    """One locked external task.

    The lock is extended for as long as the handler runs, so a handler may take longer than `lock_expires_at`,
    which says how the lock stood when the task was fetched. A task can be copied and pickled; a pickled copy
    does not notice that the task is cancelled, and reads no files.

    Attributes:
        variables: process variables as Python values, those that the topic asks for. One that cannot be read
            raises a `VariableError` when it is asked for.
        retries: how often it may still be tried; None before the first failure.
        attempt: which attempt this is, counted from 1.
        error_message: the message of the last failure.
        created_at: when the process reached the task.
    """

    id: str
    topic: str
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    business_key: str | None = None
    process_instance_id: str = ""
    process_definition_id: str = ""
    process_definition_key: str = ""
    process_definition_version_tag: str | None = None
    execution_id: str = ""
    activity_id: str = ""
    activity_instance_id: str = ""
    retries: int | None = None
    attempt: int = 1
    error_message: str | None = field(default=None, repr=False)
    worker_id: str = ""
    created_at: datetime | None = None
    lock_expires_at: datetime | None = None
    tenant_id: str | None = None
    priority: int = 0
    extension_properties: Mapping[str, str] = field(default_factory=dict)
    _link: TaskLink = field(default_factory=TaskLink, repr=False, compare=False)

    @property
    def idempotency_key(self) -> str:
        """The same in every attempt at this task: give it to services so that they act once."""
        return self.id

    @property
    def cancelled(self) -> bool:
        """Whether the outcome is of no use any more.

        So it is once the instance was cancelled, another worker got the task, or this worker stops now.
        """
        return self._link.cancelled.is_set()

    @property
    def engine(self) -> TaskEngine:
        """The engine, to send messages and signals to other instances.

        Raises:
            LookupError: there is none: the task was made by hand, pickled, or run without one.
        """
        if self._link.engine is None:
            raise LookupError("the task has no engine: in a test, give one to run_task (engine=FakeEngine())")
        return self._link.engine

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake up when the task is cancelled; return whether it is.

        Raises:
            PermanentError: an async handler calls it on its event loop: there it is `wait_async`.
        """
        self._link.refuse_on_loop("wait")
        return self._link.cancelled.wait(seconds)

    async def wait_async(self, seconds: float) -> bool:
        """Sleep in an async handler, but wake up when the task is cancelled; return whether it is.

        In the handler itself a cancelled task ends the sleep by `asyncio.CancelledError`, as it ends each
        ``await``; in asyncio tasks that the handler has made it returns True.
        """
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        stop_listening = self._link.cancelled.listen(wake)
        try:
            await asyncio.wait_for(woken.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            stop_listening()
        return self.cancelled

    def read_file(self, name: str) -> bytes:
        """Fetch the content of a file variable from the engine.

        Raises:
            LookupError: there is no file variable of this name.
            EngineError: the engine did not give it.
            PermanentError: an async handler calls it on its event loop: there it is `read_file_async`.
        """
        self._link.refuse_on_loop("read_file")
        return self._content_of(name)

    async def read_file_async(self, name: str) -> bytes:
        """Fetch the content of a file variable in an async handler: the engine is called in a thread.

        Raises:
            LookupError: there is no file variable of this name.
            EngineError: the engine did not give it.
        """
        return await asyncio.to_thread(self._content_of, name)

    def _content_of(self, name: str) -> bytes:
        value = self.variables.get(name)
        if isinstance(value, File):
            return self._link.read_file(name) if value.content is None else value.content
        raise LookupError(f"the task has no file variable {name!r}")
