"""What a worker needs of an engine: `EngineClient` has it, and so has `testing.FakeEngine`."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from external_tasks.engine.messages import MessageEngine
from external_tasks.engine.model import ExternalTask, TopicSubscription


class ExternalTaskEngine(MessageEngine, Protocol):
    """The verbs about external tasks and messages, as in `EngineClient`; each may raise an `EngineError`."""

    timeout: float

    def reserve_connections(self, count: int) -> None:
        """Add so many calls that may be under way at once."""

    def release_connections(self, count: int) -> None:
        """Take back what `reserve_connections` added."""

    def fetch_and_lock(
        self,
        worker_id: str,
        topics: Sequence[TopicSubscription],
        max_tasks: int,
        *,
        wait_ms: int = 0,
        use_priority: bool = False,
        oldest_first: bool = False,
    ) -> list[ExternalTask]:
        """Lock up to `max_tasks` tasks, waiting for the first one."""
        ...

    def complete(
        self,
        task_id: str,
        worker_id: str,
        variables: Mapping[str, Any] | None = None,
        local_variables: Mapping[str, Any] | None = None,
    ) -> None:
        """End a task."""

    def failure(
        self,
        task_id: str,
        worker_id: str,
        *,
        message: str,
        details: str,
        retries: int,
        retry_timeout_ms: int,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """Report that a task failed."""

    def bpmn_error(
        self,
        task_id: str,
        worker_id: str,
        code: str,
        message: str,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """End a task by a modelled error."""

    def extend_lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        """Let a lock last so long from now."""

    def lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        """Lock a task that no worker holds."""

    def unlock(self, task_id: str) -> None:
        """Give a task back."""

    def external_tasks(self, *, first: int = 0, limit: int = 100, **filters: Any) -> list[dict[str, Any]]:
        """Return one page of external tasks as the engine writes them."""
        ...

    def has_suspended_caller(self, process_instance_id: str) -> bool:
        """Whether an instance that has called this one, directly or not, is suspended."""
        ...

    def file_variable(self, task: ExternalTask, name: str) -> bytes:
        """Return the content of the file variable that is visible to a task."""
        ...
