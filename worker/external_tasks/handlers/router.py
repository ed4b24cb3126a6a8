"""Handlers by topic."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from external_tasks import checks
from external_tasks.engine.model import TopicSubscription
from external_tasks.errors import YEAR_SECONDS, RegistrationError
from external_tasks.handlers.breaker import CircuitBreaker
from external_tasks.handlers.limits import Rate, TopicLimit, checked_limit
from external_tasks.handlers.outcomes import CHOICES_ON_RETRIES_EXHAUSTED, ErrorRules, OnRetriesExhausted
from external_tasks.handlers.signature import Binding, bind
from external_tasks.handlers.task import Task
from external_tasks.retry import RetryPolicy

Handler = Callable[..., Any]
"""Takes a `Task`, or process variables by their names, or both; returns variables, an outcome or None.

An ``async def`` one runs on the worker's event loop, any other one in a thread.
"""

MIN_LOCK_SECONDS = 0.01

AnyHandler = TypeVar("AnyHandler", bound=Handler)


@dataclass(frozen=True)
class Defaults:
    """What holds for a topic that does not say otherwise.

    Raises:
        ValueError: an argument cannot be used; the message names it.
    """

    lock_seconds: float = 60.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    on_retries_exhausted: OnRetriesExhausted = "incident"
    full_tracebacks: bool = False

    def __post_init__(self) -> None:
        check_topic_settings(self.lock_seconds, self.retry, self.on_retries_exhausted)
        checks.flag("full_tracebacks", self.full_tracebacks)


def check_topic_settings(lock_seconds: Any, retry: Any, on_retries_exhausted: Any) -> None:
    """Check what may be set for a worker and for a topic alike.

    Raises:
        ValueError: one cannot be used; the message names it.
    """
    # The engine takes whole milliseconds and refuses 0.
    if checks.positive_seconds("lock_seconds", lock_seconds, at_most=YEAR_SECONDS) < MIN_LOCK_SECONDS:
        raise ValueError(f"lock_seconds must be {MIN_LOCK_SECONDS} or more, not {lock_seconds!r}")
    if not isinstance(retry, RetryPolicy):
        raise ValueError(f"retry must be a RetryPolicy, not {retry!r}")  # noqa: TRY004 - as in `checks`
    checks.one_of("on_retries_exhausted", on_retries_exhausted, CHOICES_ON_RETRIES_EXHAUSTED)


@dataclass(frozen=True)
class TopicHandler:
    """A handler that is ready to run: what to fetch for it, how to call it, what its exceptions mean."""

    subscription: TopicSubscription
    call: Callable[[Task], Any]
    rules: ErrorRules
    limit: TopicLimit = field(default_factory=TopicLimit)
    is_async: bool = False


@dataclass(frozen=True)
class Registration:
    """A handler with what its topic says, and None where it leaves that to the worker.

    Args:
        handler: as it was registered.
        required: variables that it cannot do without.
    """

    handler: Handler
    required: tuple[str, ...]
    subscription: TopicSubscription
    call: Callable[[Task], Any]
    lock_seconds: float | None
    retry: RetryPolicy | None
    on_retries_exhausted: OnRetriesExhausted | None
    limit: TopicLimit
    is_async: bool = False

    def resolve(self, defaults: Defaults) -> TopicHandler:
        """Fill in what the topic leaves open."""
        lock_seconds = self.lock_seconds or defaults.lock_seconds
        return TopicHandler(
            replace(self.subscription, lock_ms=round(lock_seconds * 1000)),
            self.call,
            ErrorRules(
                self.retry or defaults.retry,
                self.on_retries_exhausted or defaults.on_retries_exhausted,
                defaults.full_tracebacks,
            ),
            self.limit,
            self.is_async,
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
        on_retries_exhausted: OnRetriesExhausted | None = None,
        business_key: str | None = None,
        process_definition_keys: Iterable[str] | None = None,
        process_definition_ids: Iterable[str] | None = None,
        process_definition_version_tag: str | None = None,
        process_variables: Mapping[str, Any] | None = None,
        tenant_ids: Iterable[str] | None = None,
        without_tenant: bool = False,
        extension_properties: bool = False,
        max_tasks: int | None = None,
        rate: Rate | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> Callable[[AnyHandler], AnyHandler]:
        """Register the decorated function for a topic and return it as it is.

        Args:
            topic: as in the BPMN model's ``camunda:topic``.
            lock_seconds: how long a lock lasts; it is extended while the handler runs.
            variables: the variables to fetch beside those that the handler's parameters name. None: only
                those, or all if the handler takes the task itself.
            local_variables: fetch only variables of the task's own scope.
            retry: instead of the worker's.
            on_retries_exhausted: instead of the worker's.
            business_key: only tasks of instances with this business key; None for all.
            process_definition_keys: only tasks of these definitions; None for all.
            process_definition_ids: only tasks of these versions of definitions; None for all.
            process_definition_version_tag: only tasks of versions with this tag; None for all.
            process_variables: only tasks of instances in which at least one of these variables has the value
                given: a text, a number, a boolean or None.
            tenant_ids: only tasks of these tenants; None for all.
            without_tenant: only tasks that belong to no tenant.
            extension_properties: fetch the extension properties of the activity.
            max_tasks: tasks of this topic that the worker may have at once; None for as many as it has slots.
            rate: how many it may begin in a time; None for any number.
            breaker: pauses the topic while its tasks keep failing; None for never. Topics that need the same
                service take the same one.

        Raises:
            RegistrationError: an argument cannot be used, the topic has a handler, or the function cannot be
                one.
        """
        try:
            defaults = Defaults()
            check_topic_settings(
                defaults.lock_seconds if lock_seconds is None else lock_seconds,
                defaults.retry if retry is None else retry,
                defaults.on_retries_exhausted if on_retries_exhausted is None else on_retries_exhausted,
            )
            filters = TopicSubscription(
                topic,
                variables=None if variables is None else checks.texts("variables", variables),
                local_variables=local_variables,
                business_key=business_key,
                process_definition_keys=_some("process_definition_keys", process_definition_keys),
                process_definition_ids=_some("process_definition_ids", process_definition_ids),
                process_definition_version_tag=process_definition_version_tag,
                process_variables={} if process_variables is None else process_variables,
                tenant_ids=_some("tenant_ids", tenant_ids),
                without_tenant=without_tenant,
                extension_properties=extension_properties,
            )
            limit = checked_limit(max_tasks, rate, breaker)
        except ValueError as error:
            raise RegistrationError(f"topic {topic!r}: {error}") from error

        def register(handler: AnyHandler) -> AnyHandler:
            bound = bind(handler)
            subscription = replace(filters, variables=_to_fetch(filters.variables, bound))
            self._add(
                Registration(
                    handler,
                    bound.required,
                    subscription,
                    bound.call,
                    lock_seconds,
                    retry,
                    on_retries_exhausted,
                    limit,
                    bound.is_async,
                )
            )
            return handler

        return register

    def include(self, other: "TaskRouter") -> None:
        """Take in the handlers of another router.

        Raises:
            RegistrationError: both have a handler for one topic, or it is no router; nothing is taken in.
        """
        if not isinstance(other, TaskRouter):
            raise RegistrationError(f"include takes a TaskRouter, not {type(other).__name__}")
        for topic in other.registrations:
            self._refuse_second(topic)
        for registration in other.registrations.values():
            self._add(registration)

    def resolve(self, defaults: Defaults) -> Mapping[str, TopicHandler]:
        """Return the handlers by topic, ready to run."""
        return {topic: entry.resolve(defaults) for topic, entry in self._registrations.items()}

    def _add(self, registration: Registration) -> None:
        self._refuse_second(registration.subscription.topic)
        self._registrations[registration.subscription.topic] = registration

    def _refuse_second(self, topic: str) -> None:
        if topic in self._registrations:
            raise RegistrationError(f"topic {topic!r} has a handler already; a topic takes one")


def _some(name: str, values: Iterable[str] | None) -> tuple[str, ...]:
    chosen = () if values is None else checks.texts(name, values)
    if values is not None and not chosen:
        # The engine would take an empty filter for none, and give the tasks of all.
        raise ValueError(f"{name} must name at least one; leave it out for all")
    return chosen


def _to_fetch(variables: Iterable[str] | None, bound: Binding) -> tuple[str, ...] | None:
    if variables is None:
        return None if bound.takes_task or bound.takes_all else bound.names
    return tuple(dict.fromkeys((*variables, *bound.names)))
