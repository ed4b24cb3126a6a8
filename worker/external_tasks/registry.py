"""Handlers by topic."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from external_tasks.errors import RegistrationError
from external_tasks.model import TopicSubscription
from external_tasks.outcomes import ErrorRules, Exhausted
from external_tasks.retry import RetryPolicy
from external_tasks.signature import Binding, bind
from external_tasks.task import Task

Handler = Callable[..., Any]
"""Takes a `Task`, or process variables by their names, or both; returns variables, an outcome or None."""

AnyHandler = TypeVar("AnyHandler", bound=Handler)


@dataclass(frozen=True)
class Defaults:
    """What holds for a topic that does not say otherwise."""

    lock_seconds: float = 60.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    exhausted: Exhausted = "incident"


@dataclass(frozen=True)
class TopicHandler:
    """A handler that is ready to run: what to fetch for it, how to call it, what its exceptions mean."""

    subscription: TopicSubscription
    call: Callable[[Task], Any]
    rules: ErrorRules


@dataclass(frozen=True)
class Registration:
    """A handler with what its topic says, and None where it leaves that to the worker."""

    subscription: TopicSubscription
    call: Callable[[Task], Any]
    lock_seconds: float | None
    retry: RetryPolicy | None
    exhausted: Exhausted | None

    def resolve(self, defaults: Defaults) -> TopicHandler:
        """Fill in what the topic leaves open."""
        lock_seconds = self.lock_seconds or defaults.lock_seconds
        return TopicHandler(
            replace(self.subscription, lock_ms=round(lock_seconds * 1000)),
            self.call,
            ErrorRules(self.retry or defaults.retry, self.exhausted or defaults.exhausted),
        )


class TaskRouter:
    """Handlers by topic, each topic once; a `Worker` is one, and takes in others."""

    def __init__(self) -> None:
        self._registrations: dict[str, Registration] = {}

    @property
    def registrations(self) -> Mapping[str, Registration]:
        """What is registered by topic, in the order of registration."""
        return self._registrations

    def task(  # noqa: PLR0913 - every keyword is one setting of the topic
        self,
        topic: str,
        *,
        lock_seconds: float | None = None,
        variables: Iterable[str] | None = None,
        local_variables: bool = False,
        retry: RetryPolicy | None = None,
        exhausted: Exhausted | None = None,
        business_key: str | None = None,
        process_definition_keys: Iterable[str] = (),
        tenant_ids: Iterable[str] = (),
        extension_properties: bool = False,
    ) -> Callable[[AnyHandler], AnyHandler]:
        """Register the decorated function for a topic and return it as it is.

        Args:
            topic: as in the BPMN model's ``camunda:topic``.
            lock_seconds: how long a lock lasts; it is extended while the handler runs.
            variables: the variables to fetch beside those that the handler's parameters name. None: only
                those, or all if the handler takes the task itself.
            local_variables: fetch only variables of the task's own scope.
            retry: instead of the worker's.
            exhausted: instead of the worker's.
            business_key: only tasks of instances with this business key.
            process_definition_keys: only tasks of these definitions.
            tenant_ids: only tasks of these tenants.
            extension_properties: fetch the extension properties of the activity.

        Raises:
            RegistrationError: the topic has a handler, or the function cannot be one.
        """

        def register(handler: AnyHandler) -> AnyHandler:
            bound = bind(handler)
            subscription = TopicSubscription(
                topic,
                variables=_to_fetch(variables, bound),
                local_variables=local_variables,
                business_key=business_key,
                process_definition_keys=tuple(process_definition_keys),
                tenant_ids=tuple(tenant_ids),
                extension_properties=extension_properties,
            )
            self._add(Registration(subscription, bound.call, lock_seconds, retry, exhausted))
            return handler

        return register

    def include(self, other: "TaskRouter") -> None:
        """Take in the handlers of another router.

        Raises:
            RegistrationError: both have a handler for one topic.
        """
        for registration in other.registrations.values():
            self._add(registration)

    def resolve(self, defaults: Defaults) -> Mapping[str, TopicHandler]:
        """Return the handlers by topic, ready to run."""
        return {topic: entry.resolve(defaults) for topic, entry in self._registrations.items()}

    def _add(self, registration: Registration) -> None:
        topic = registration.subscription.topic
        if topic in self._registrations:
            raise RegistrationError(f"topic {topic!r} has a handler already; a topic takes one")
        self._registrations[topic] = registration


def _to_fetch(variables: Iterable[str] | None, bound: Binding) -> tuple[str, ...] | None:
    if variables is None:
        return None if bound.takes_task else bound.names
    return tuple(dict.fromkeys((*variables, *bound.names)))
