"""Who waits for messages and signals in the in-memory engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from external_tasks.engine.variables import TypedJson, decode, encode
from external_tasks.errors import NoRecipient, SeveralRecipients


@dataclass
class Recipient:
    """An instance that waits for a message or signal.

    Attributes:
        name: of the message or signal.
        times: how often it still waits for it.
        got: the variables that each one brought, in order.
    """

    name: str
    process_instance_id: str
    business_key: str | None = None
    tenant_id: str | None = None
    encoded: Mapping[str, TypedJson] = field(default_factory=dict, repr=False)
    times: int = 1
    got: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def matches(self, body: Mapping[str, Any]) -> bool:
        """Whether a message is for it."""
        return (
            self.times > 0
            and self.name == body["messageName"]
            and body.get("businessKey") in {None, self.business_key}
            and body.get("processInstanceId") in {None, self.process_instance_id}
            and body.get("tenantId") in {None, self.tenant_id}
            and all(
                self.encoded.get(name) == value for name, value in body.get("correlationKeys", {}).items()
            )
        )

    def take(self, variables: Mapping[str, TypedJson]) -> None:
        """Go on with what came."""
        self.times -= 1
        self.got.append(decode(variables))


class MessageStore:
    """Recipients, and what they got."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._message_recipients: list[Recipient] = []
        self._signal_recipients: list[Recipient] = []
        self._set_variables: set[str] = set()
        self._instances = count(1)

    def expect_message(
        self,
        name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        business_key: str | None = None,
        tenant_id: str | None = None,
        times: int = 1,
    ) -> Recipient:
        """Make an instance with these variables wait for a message, for so many of them."""
        recipient = self._new(name, variables, business_key, tenant_id, times)
        self._message_recipients.append(recipient)
        return recipient

    def expect_signal(
        self,
        name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        tenant_id: str | None = None,
        times: int = 1,
    ) -> Recipient:
        """Make an instance wait for a signal, for so many of them."""
        recipient = self._new(name, variables, None, tenant_id, times)
        self._signal_recipients.append(recipient)
        return recipient

    def _new(
        self,
        name: str,
        variables: Mapping[str, Any] | None,
        business_key: str | None,
        tenant_id: str | None,
        times: int,
    ) -> Recipient:
        number = next(self._instances)
        return Recipient(name, f"recipient-{number}", business_key, tenant_id, encode(variables or {}), times)

    def _deliver(self, body: Mapping[str, Any]) -> str:
        name = body["messageName"]
        found = [recipient for recipient in self._message_recipients if recipient.matches(body)]
        if not found:
            reason = (
                f"Cannot correlate message '{name}': "
                "No process definition or execution matches the parameters"
            )
            raise NoRecipient(reason, status=400, kind="RestException", reason=reason)
        if len(found) > 1:
            reason = f"Cannot correlate a message with name '{name}' to a single execution"
            raise SeveralRecipients(reason, status=400, kind="RestException", reason=reason)
        self._give(found[0], body.get("processVariables", {}))
        return found[0].process_instance_id

    def _broadcast(self, body: Mapping[str, Any]) -> None:
        for recipient in self._signal_recipients:
            if (
                recipient.times > 0
                and recipient.name == body["name"]
                and body.get("tenantId") in {None, recipient.tenant_id}
            ):
                self._give(recipient, body.get("variables", {}))

    def _give(self, recipient: Recipient, variables: Mapping[str, TypedJson]) -> None:
        recipient.take(variables)
        self._set_variables |= set(variables)

    def _has_set(self, variable: str) -> bool:
        return variable in self._set_variables
