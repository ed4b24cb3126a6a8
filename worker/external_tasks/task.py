"""A task as its handler sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any

from external_tasks.variables import File


def _no_content(name: str) -> bytes:
    raise LookupError(f"there is no engine to read the file {name!r} from")


@dataclass(frozen=True)
class Task:
    """One locked external task.

    The lock is extended for as long as the handler runs, so a handler may take longer than `lock_expires_at`,
    which says how the lock stood when the task was fetched.

    Attributes:
        variables: process variables as Python values, those that the topic asks for.
        retries: how often it may still be tried; None before the first failure.
        attempt: which attempt this is, counted from 1.
    """

    id: str
    topic: str
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    business_key: str | None = None
    process_instance_id: str = ""
    process_definition_key: str = ""
    activity_id: str = ""
    retries: int | None = None
    attempt: int = 1
    worker_id: str = ""
    lock_expires_at: datetime | None = None
    tenant_id: str | None = None
    priority: int = 0
    extension_properties: Mapping[str, str] = field(default_factory=dict)
    _cancelled: Event = field(default_factory=Event, repr=False, compare=False)
    _read_file: Callable[[str], bytes] = field(default=_no_content, repr=False, compare=False)

    @property
    def idempotency_key(self) -> str:
        """The same in every attempt at this task: give it to services so that they act once."""
        return self.id

    @property
    def cancelled(self) -> bool:
        """Whether the outcome is of no use any more.

        So it is once the instance was cancelled, another worker got the task, or this worker stops now.
        """
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake up when the task is cancelled; return whether it is."""
        return self._cancelled.wait(seconds)

    def read_file(self, name: str) -> bytes:
        """Fetch the content of a file variable from the engine.

        Raises:
            LookupError: there is no file variable of this name.
            EngineError: the engine did not give it.
        """
        value = self.variables.get(name)
        if isinstance(value, File):
            return self._read_file(name) if value.content is None else value.content
        raise LookupError(f"the task has no file variable {name!r}")
