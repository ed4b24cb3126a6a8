"""What a handler sends to other instances: messages and signals, each of them once for its task."""

import asyncio
import functools
import hashlib
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec

from external_tasks import checks
from external_tasks.engine.messages import MessageEngine
from external_tasks.engine.model import ExternalTask
from external_tasks.engine.variables import encode
from external_tasks.handlers.blocking import refuse_on_event_loop

MARK = "sentByTask_"
"""How the variable begins by which a repeat is recognised."""


Arguments = ParamSpec("Arguments")


@dataclass(frozen=True)
class Sent:
    """What became of a message or signal.

    Attributes:
        repeated: an earlier run of the same task has sent it, so this one has not.
        process_instance_id: who got a message; None where that is not known.
    """

    repeated: bool = False
    process_instance_id: str | None = None


def _in_thread(
    call: Callable[Concatenate["TaskEngine", Arguments], Sent],
) -> Callable[Concatenate["TaskEngine", Arguments], Coroutine[Any, Any, Sent]]:
    """Make the async form of a call: the engine is called in a thread.

    A handler that is cancelled meanwhile may have sent all the same; a repeat notices it.
    """

    @functools.wraps(call)
    async def call_async(self: "TaskEngine", /, *args: Arguments.args, **named: Arguments.kwargs) -> Sent:
        return await asyncio.to_thread(call, self, *args, **named)

    return call_async


class TaskEngine:
    """The engine as one task's handler sees it.

    The handler may run twice, and what it sends is to arrive once. So each message sets, in the instance that
    gets it and in the same transaction, a variable named after task, message and recipient; before it sends,
    a run looks in the engine's history whether that was ever set. The user needs the right to read history,
    and the engine must keep it for variables (level activity or above), or else repeats are not recognised.
    """

    def __init__(self, engine: MessageEngine, task: ExternalTask, *, on_loop: bool = False) -> None:
        self._engine = engine
        self._task = task
        # The handler shares an event loop with others.
        self._on_loop = on_loop

    def correlate(
        self,
        name: str,
        *,
        business_key: str | None = None,
        process_instance_id: str | None = None,
        correlation_keys: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        key: str = "",
        tenant_id: str | None = None,
    ) -> Sent:
        """Give a message to the one instance that waits for it, once for this task.

        Args:
            name: of the message.
            business_key: of the recipient.
            process_instance_id: of the recipient.
            correlation_keys: variables that the recipient has.
            variables: process variables to set in the recipient.
            key: tells messages of one name to one recipient apart, where a handler sends several.
            tenant_id: of the recipient; None takes the task's.

        Raises:
            NoRecipient: nobody waits for it, and no earlier run has sent it. A handler that lets this pass
                is tried again later.
            SeveralRecipients: more than one waits for it.
            ValueError: no recipient is named, or an argument has another type.
            EngineError: the engine did not take it.
            PermanentError: an async handler calls it on its event loop: there it is `correlate_async`.
        """
        self._refuse_on_loop("correlate")
        mark = self._mark(name, key, business_key, process_instance_id, correlation_keys)
        if self._engine.was_ever_set(mark):
            return Sent(repeated=True)
        instance = self._engine.correlate(
            name,
            business_key=business_key,
            process_instance_id=process_instance_id,
            correlation_keys=correlation_keys,
            variables={**checks.variables("variables", variables or {}), mark: True},
            tenant_id=tenant_id or self._task.tenant_id,
        )
        return Sent(process_instance_id=instance)

    def signal(
        self,
        name: str,
        *,
        variables: Mapping[str, Any] | None = None,
        key: str = "",
        tenant_id: str | None = None,
    ) -> Sent:
        """Give a signal to all that wait for it now, once for this task.

        A signal that reached nobody leaves no trace: a repeat sends it again, to those who wait then.

        Args:
            name: of the signal.
            variables: process variables to set in each recipient.
            key: tells signals of one name apart, where a handler sends several.
            tenant_id: of the recipients; None takes the task's.

        Raises:
            ValueError: an argument has another type.
            EngineError: the engine did not take it.
            PermanentError: an async handler calls it on its event loop: there it is `signal_async`.
        """
        self._refuse_on_loop("signal")
        mark = self._mark(name, key)
        if self._engine.was_ever_set(mark):
            return Sent(repeated=True)
        self._engine.signal(
            name,
            variables={**checks.variables("variables", variables or {}), mark: True},
            tenant_id=tenant_id or self._task.tenant_id,
        )
        return Sent()

    correlate_async = _in_thread(correlate)
    signal_async = _in_thread(signal)

    def _refuse_on_loop(self, name: str) -> None:
        if self._on_loop:
            refuse_on_event_loop(f"task.engine.{name}")

    def _mark(self, name: str, key: str, *recipient: Any) -> str:
        checks.text("name", name)
        checks.text("key", key, may_be_empty=True)
        parts = [encode(part) if isinstance(part, Mapping) else part for part in recipient]
        text = json.dumps([self._task.id, name, key, parts], sort_keys=True, default=str)
        return MARK + hashlib.sha256(text.encode()).hexdigest()[:24]
