"""What goes to the engine and comes from it, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from external_tasks import checks
from external_tasks.engine.variables import TypedJson


@dataclass(frozen=True)
class TopicSubscription:
    """One topic of a fetch, with the filters that the engine applies.

    Args:
        topic: the topic's name; a fetch takes each topic once.
        lock_ms: how long a fetched task stays locked, milliseconds.
        variables: the variables to send along; None sends all.
        local_variables: send only variables of the task's own scope (input mappings).
        business_key: only tasks of instances with this business key.
        process_definition_keys: only tasks of these definitions, in any version.
        process_definition_ids: only tasks of these versions of definitions.
        process_definition_version_tag: only tasks of versions with this tag.
        process_variables: only tasks of instances in which at least one of these variables has the value
            given: a text, a number, a boolean or None.
        tenant_ids: only tasks of these tenants.
        without_tenant: only tasks that belong to no tenant.
        extension_properties: send the extension properties of the task's activity.

    Raises:
        ValueError: an argument has another type, or a name is empty.
    """

    topic: str
    lock_ms: int = 60_000
    variables: tuple[str, ...] | None = None
    local_variables: bool = False
    business_key: str | None = None
    process_definition_keys: tuple[str, ...] = ()
    process_definition_ids: tuple[str, ...] = ()
    process_definition_version_tag: str | None = None
    process_variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    tenant_ids: tuple[str, ...] = ()
    without_tenant: bool = False
    extension_properties: bool = False

    def __post_init__(self) -> None:
        checks.text("topic", self.topic)
        checks.positive_int("lock_ms", self.lock_ms)
        for name in ("variables", "process_definition_keys", "process_definition_ids", "tenant_ids"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, checks.texts(name, value))
        for name in ("local_variables", "without_tenant", "extension_properties"):
            checks.flag(name, getattr(self, name))
        for name in ("business_key", "process_definition_version_tag"):
            if (value := getattr(self, name)) is not None:
                checks.text(name, value)
        checks.scalars("process_variables", self.process_variables)
        if self.without_tenant and self.tenant_ids:
            raise ValueError("without_tenant must not be set together with tenant_ids")

    def to_json(self) -> dict[str, Any]:
        """Write it as the REST API wants it."""
        body: dict[str, Any] = {"topicName": self.topic, "lockDuration": self.lock_ms}
        optional = {
            "localVariables": self.local_variables,
            "businessKey": self.business_key,
            "processDefinitionKeyIn": list(self.process_definition_keys),
            "processDefinitionIdIn": list(self.process_definition_ids),
            "processDefinitionVersionTag": self.process_definition_version_tag,
            "processVariables": dict(self.process_variables),
            "tenantIdIn": list(self.tenant_ids),
            "withoutTenantId": self.without_tenant,
            "includeExtensionProperties": self.extension_properties,
        }
        body |= {name: value for name, value in optional.items() if value}
        if self.variables is not None:
            body["variables"] = list(self.variables)
        return body


@dataclass(frozen=True, slots=True)
class ExternalTask:
    """A task that was fetched and is locked; `variables` are still the engine's typed JSON.

    `retries` is None until the task failed for the first time.
    """

    id: str
    topic: str
    worker_id: str
    variables: Mapping[str, TypedJson] = field(repr=False)
    retries: int | None = None
    priority: int = 0
    business_key: str | None = None
    process_instance_id: str = ""
    process_definition_id: str = ""
    process_definition_key: str = ""
    process_definition_version_tag: str | None = None
    execution_id: str = ""
    activity_id: str = ""
    activity_instance_id: str = ""
    tenant_id: str | None = None
    lock_expires_at: datetime | None = None
    created_at: datetime | None = None
    error_message: str | None = field(default=None, repr=False)
    extension_properties: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Read one task of a fetch's answer.

        Raises:
            KeyError, TypeError, ValueError: it has not the form that an engine gives it.
        """
        variables, retries = body.get("variables") or {}, body.get("retries")
        if not all(isinstance(variable, dict) for variable in dict(variables).values()):
            raise TypeError("a variable is not an object")
        if not (isinstance(body["id"], str) and body["id"] and isinstance(body["topicName"], str)):
            raise TypeError("an id or a topic is not a text")
        if retries is not None and not isinstance(retries, int):
            raise TypeError("retries are not a whole number")
        return cls(
            id=body["id"],
            topic=body["topicName"],
            worker_id=body.get("workerId") or "",
            variables=variables,
            retries=retries,
            priority=body.get("priority") or 0,
            business_key=body.get("businessKey"),
            process_instance_id=body.get("processInstanceId") or "",
            process_definition_id=body.get("processDefinitionId") or "",
            process_definition_key=body.get("processDefinitionKey") or "",
            process_definition_version_tag=body.get("processDefinitionVersionTag"),
            execution_id=body.get("executionId") or "",
            activity_id=body.get("activityId") or "",
            activity_instance_id=body.get("activityInstanceId") or "",
            tenant_id=body.get("tenantId"),
            lock_expires_at=_time(body.get("lockExpirationTime")),
            created_at=_time(body.get("createTime")),
            error_message=body.get("errorMessage"),
            extension_properties=body.get("extensionProperties") or {},
        )


@dataclass(frozen=True)
class DeployedDefinition:
    """One process definition that a deployment made."""

    id: str
    key: str
    version: int


@dataclass(frozen=True)
class Deployment:
    """A deployment; `definitions` is empty where nothing had changed."""

    id: str
    name: str
    definitions: Sequence[DeployedDefinition] = ()

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Read the answer of a deployment."""
        deployed = body.get("deployedProcessDefinitions") or {}
        definitions = [DeployedDefinition(d["id"], d["key"], d["version"]) for d in deployed.values()]
        return cls(body["id"], body.get("name") or "", tuple(sorted(definitions, key=lambda d: d.key)))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
