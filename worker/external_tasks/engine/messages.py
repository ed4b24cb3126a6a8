"""Messages and signals, as the engine takes them."""

from collections.abc import Mapping
from typing import Any, Protocol

from external_tasks import checks
from external_tasks.engine.variables import encode


class MessageEngine(Protocol):
    """The verbs about messages and signals, as in `EngineClient`; each may raise an `EngineError`."""

    def correlate(
        self,
        name: str,
        *,
        business_key: str | None = None,
        process_instance_id: str | None = None,
        correlation_keys: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
    ) -> str | None:
        """Give a message to the one that waits for it; return its process instance."""
        ...

    def signal(
        self, name: str, *, variables: Mapping[str, Any] | None = None, tenant_id: str | None = None
    ) -> None:
        """Give a signal to all that wait for it."""

    def was_ever_set(self, variable: str) -> bool:
        """Whether a process variable of this name was ever set, as far as the history goes."""
        ...


def correlation(
    name: str,
    business_key: str | None,
    process_instance_id: str | None,
    correlation_keys: Mapping[str, Any] | None,
    variables: Mapping[str, Any] | None,
    tenant_id: str | None,
) -> dict[str, Any]:
    """Write a message for one recipient as the REST API wants it.

    Raises:
        ValueError: it names no recipient, or an argument has another type.
        VariableError: a value has no form as a process variable.
    """
    body: dict[str, Any] = {"messageName": checks.text("name", name), "all": False, "resultEnabled": True}
    for key, value, word in (
        ("business_key", business_key, "businessKey"),
        ("process_instance_id", process_instance_id, "processInstanceId"),
        ("tenant_id", tenant_id, "tenantId"),
    ):
        if value is not None:
            body[word] = checks.text(key, value)
    keys = checks.variables("correlation_keys", correlation_keys or {})
    if keys:
        body["correlationKeys"] = encode(keys)
    if not {"businessKey", "processInstanceId", "correlationKeys"} & set(body):
        raise ValueError(
            f"the message {name!r} needs a recipient: give business_key, process_instance_id or "
            "correlation_keys"
        )
    if variables:
        body["processVariables"] = encode(checks.variables("variables", variables))
    return body


def signal(name: str, variables: Mapping[str, Any] | None, tenant_id: str | None) -> dict[str, Any]:
    """Write a signal as the REST API wants it.

    Raises:
        ValueError: an argument has another type.
        VariableError: a value has no form as a process variable.
    """
    body: dict[str, Any] = {"name": checks.text("name", name)}
    if variables:
        body["variables"] = encode(checks.variables("variables", variables))
    if tenant_id is not None:
        body["tenantId"] = checks.text("tenant_id", tenant_id)
    return body
