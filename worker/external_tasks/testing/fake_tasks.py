"""One task of the in-memory engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from external_tasks.engine.model import ExternalTask, TopicSubscription
from external_tasks.engine.variables import TypedJson, decode
from external_tasks.errors import EngineServerError, LockLost, NotFound, TaskSuspended

TaskState = Literal["open", "completed", "bpmn_error", "cancelled"]


@dataclass
class FakeTask:
    """What the engine knows about a task.

    Attributes:
        state: open until it is completed, ended by a BPMN error or cancelled.
        error_code: of the BPMN error that ended it.
        error_message: of the last failure or BPMN error.
        retries: None until the first failure; 0 is an incident.
        lock_expires: time of the engine's clock; None if it is not locked.
        fetched_by: the workers that fetched it, in order.
    """

    id: str
    topic: str
    encoded: dict[str, TypedJson] = field(repr=False)
    business_key: str | None = None
    process_instance_id: str = ""
    process_definition_key: str = ""
    priority: int = 0
    tenant_id: str | None = None
    process_definition_version_tag: str | None = None
    state: TaskState = "open"
    suspended: bool = False
    caller_suspended: bool = False
    retries: int | None = None
    worker_id: str | None = None
    lock_expires: float | None = None
    error_code: str | None = None
    error_message: str | None = None
    error_details: str | None = field(default=None, repr=False)
    encoded_results: dict[str, TypedJson] = field(default_factory=dict, repr=False)
    encoded_local_results: dict[str, TypedJson] = field(default_factory=dict, repr=False)
    fetched_by: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def variables(self) -> dict[str, Any]:
        """The process variables that it was made with."""
        return decode(self.encoded)

    @property
    def results(self) -> dict[str, Any]:
        """The variables that its outcome set."""
        return decode(self.encoded_results)

    @property
    def local_results(self) -> dict[str, Any]:
        """The local variables that its outcome set."""
        return decode(self.encoded_local_results)

    @property
    def has_incident(self) -> bool:
        """Whether its retries are used up."""
        return self.state == "open" and self.retries == 0

    def is_locked(self, now: float) -> bool:
        """Whether a lock holds at this time."""
        return self.lock_expires is not None and self.lock_expires > now

    def is_fetchable(self, now: float) -> bool:
        """Whether a fetch would return it."""
        return (
            self.state == "open"
            and not self.suspended
            and not self.is_locked(now)
            and (self.retries is None or self.retries > 0)
        )

    def matches(self, topic: TopicSubscription) -> bool:
        """Whether it belongs to a subscription."""
        return (
            self.topic == topic.topic
            and topic.business_key in {None, self.business_key}
            and (
                not topic.process_definition_keys
                or self.process_definition_key in topic.process_definition_keys
            )
            and (
                not topic.process_definition_ids or self.process_definition_id in topic.process_definition_ids
            )
            and topic.process_definition_version_tag in {None, self.process_definition_version_tag}
            and (not topic.process_variables or self._has_any(topic.process_variables))
            and (not topic.tenant_ids or self.tenant_id in topic.tenant_ids)
            and not (topic.without_tenant and self.tenant_id)
        )

    @property
    def process_definition_id(self) -> str:
        """The id of its definition: the key, as each has one version here."""
        return f"{self.process_definition_key}:1"

    def _has_any(self, values: Mapping[str, Any]) -> bool:
        return any(name in self.encoded and self.encoded[name]["value"] == values[name] for name in values)

    def lock(self, worker_id: str, until: float) -> None:
        """Give the lock to a worker."""
        self.worker_id, self.lock_expires = worker_id, until

    def check_held_by(self, worker_id: str) -> None:
        """Refuse a worker that does not hold the task, as the engine does: by its name, not by the time."""
        if self.state != "open":
            raise NotFound(f"Cannot find external task with id {self.id}", status=404)
        if self.worker_id != worker_id:
            raise LockLost(f"It is locked by worker '{self.worker_id}'.", status=400)
        if self.suspended:
            raise TaskSuspended(f"ExternalTask with id '{self.id}' is suspended.", status=400)

    def check_can_end(self, error_code: str | None = None) -> None:
        """Refuse the end of a task that a suspended instance waits for, in the engine's words."""
        if self.caller_suspended and error_code is None:
            raise TaskSuspended(f"Execution with id '{self.id}' is suspended.", status=400)
        if self.caller_suspended:
            reason = f"Propagation of bpmn error {error_code} failed."
            raise EngineServerError(reason, status=500, reason=reason)

    def as_listed(self) -> dict[str, Any]:
        """Return it as a list of tasks does."""
        return {
            "id": self.id,
            "topicName": self.topic,
            "workerId": self.worker_id,
            "retries": self.retries,
            "businessKey": self.business_key,
            "processInstanceId": self.process_instance_id,
        }

    def as_fetched(self, topic: TopicSubscription) -> ExternalTask:
        """Return it as a fetch does."""
        wanted = self.encoded if topic.variables is None else topic.variables
        return ExternalTask(
            id=self.id,
            topic=self.topic,
            worker_id=self.worker_id or "",
            variables={name: self.encoded[name] for name in wanted if name in self.encoded},
            retries=self.retries,
            priority=self.priority,
            business_key=self.business_key,
            process_instance_id=self.process_instance_id,
            process_definition_id=self.process_definition_id,
            process_definition_key=self.process_definition_key,
            process_definition_version_tag=self.process_definition_version_tag,
            execution_id=f"execution-of-{self.id}",
            activity_id=f"activity-of-{self.topic}",
            tenant_id=self.tenant_id,
            error_message=self.error_message,
        )
