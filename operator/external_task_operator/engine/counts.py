"""Reading an engine: how many tasks wait and are in work, how old the oldest is, who holds locks."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from external_tasks.engine import responses
from external_tasks.engine.client import EngineClient
from external_tasks.errors import (
    BadRequest,
    CredentialsUnavailable,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineUnauthorized,
    EngineUnreachable,
    NotFound,
)

from external_task_operator.errors import EngineFailure, FailureKind, OverlookedFilter, UnsafeName
from external_task_operator.names import segment
from external_task_operator.policy.observation import Failure, TopicCount
from external_task_operator.spec import TaskFilter
from external_task_operator.times import to_seconds

FETCHABLE: Mapping[str, bool] = {"notLocked": True, "withRetriesLeft": True, "active": True}
"""What fetchAndLock hands out. Without all three, incidents and suspended tasks would keep replicas."""

_OLDEST_FIRST = [{"sortBy": "createTime", "sortOrder": "asc"}]
# Asking which topics have tasks at all takes two calls; for so many topics it is cheaper to count at once.
_FEW_TOPICS = 1
_OLDEST = 50
_NO_KEY = "no-process-definition-has-this-key"
_PAGE = 1000
_MOST_LOCKED = 200_000

_KINDS: tuple[tuple[type[EngineError], FailureKind], ...] = (
    (EngineUnreachable, FailureKind.ENGINE_UNREACHABLE),
    (CredentialsUnavailable, FailureKind.TOKEN_UNAVAILABLE),
    (EngineUnauthorized, FailureKind.ENGINE_UNAUTHORIZED),
    (EngineForbidden, FailureKind.ENGINE_FORBIDDEN),
    (EngineOverloaded, FailureKind.ENGINE_OVERLOADED),
)


@dataclass
class Reading:
    """What one look at an engine has seen.

    Attributes:
        counts: by topic; topics after a failure are missing.
        oldest: seconds of the epoch, by the engine's clock, at which the oldest waiting task was created, by
            topic; tasks that have failed before are left out.
        failure: why topics are missing.
        locked: the locked tasks by topic, as far as they were asked for; the scalers of a poll share them.
    """

    counts: dict[str, TopicCount] = field(default_factory=dict)
    oldest: dict[str, float] = field(default_factory=dict)
    failure: Failure | None = None
    locked: "dict[str, list[LockedTask]]" = field(default_factory=dict)


@dataclass(frozen=True)
class LockedTask:
    """A task that is locked.

    Attributes:
        id: the external task's id.
        worker_id: who holds it.
        failed_before: it has an error message, so that it may also be one that waits for its next try.
    """

    id: str
    worker_id: str
    failed_before: bool


def read(
    engine: EngineClient,
    topics: Collection[str],
    *,
    only: TaskFilter | None = None,
    ages_of: Collection[str] = (),
    progress: Callable[[], None] = lambda: None,
) -> Reading:
    """Count the tasks of topics; stops at the first failure and says so instead of raising it.

    Args:
        engine: the engine.
        topics: what to count.
        only: which of their tasks; None for all.
        ages_of: topics of which the oldest waiting task is wanted too.
        progress: called before every topic.
    """
    reading = Reading()
    try:
        waiting, held = _topics_with_tasks(engine, topics)
        for topic in topics:
            progress()
            unlocked = _count(engine, only, topicName=topic, **FETCHABLE) if topic in waiting else 0
            # In this order: a task that a worker takes between two queries is seen by the later one.
            asked = topic in held or topic in waiting
            locked = _count(engine, only, topicName=topic, locked=True) if asked else 0
            reading.counts[topic] = TopicCount(unlocked, locked)
            if unlocked and topic in ages_of:
                _read_oldest(engine, topic, only, reading)
    except (EngineError, OverlookedFilter, AttributeError, KeyError, TypeError, ValueError) as error:
        failure = translate(error, "counting the external tasks")
        reading.failure = Failure(failure.kind, failure.message)
    return reading


def locked_tasks(
    engine: EngineClient, topics: Collection[str], known: dict[str, list[LockedTask]] | None = None
) -> list[LockedTask]:
    """Return the locked tasks of topics.

    Args:
        engine: the engine.
        topics: whose tasks are wanted.
        known: those that were read a moment ago, by topic; what is read now is added.

    Raises:
        EngineFailure: the engine did not answer, or not as an engine does.
    """
    known = {} if known is None else known
    try:
        for topic in topics:
            if topic not in known:
                known[topic] = [_locked_task(task) for task in _pages_of_locked(engine, topic)]
    except (EngineError, UnsafeName, AttributeError, KeyError, TypeError, ValueError) as error:
        raise translate(error, "listing the locked tasks") from error
    return [task for topic in topics for task in known[topic]]


def translate(error: Exception, doing: str) -> EngineFailure:
    """Say what an error of the engine client means to a scaler."""
    kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), FailureKind.ENGINE_ANSWER)
    what = (
        str(error)
        if isinstance(error, EngineError | OverlookedFilter)
        else "the answer is not what an engine answers"
    )
    return EngineFailure(kind, f"{doing}: {what}")


def _topics_with_tasks(
    engine: EngineClient, topics: Collection[str]
) -> tuple[Collection[str], Collection[str]]:
    if len(topics) <= _FEW_TOPICS:
        return topics, topics
    try:
        waiting = _topic_names(engine, withUnlockedTasks=True, withRetriesLeft=True)
        held = _topic_names(engine, withLockedTasks=True)
    except (NotFound, BadRequest):
        # Engines before 7.12 do not know this question.
        return topics, topics
    return waiting, held


def _topic_names(engine: EngineClient, **filters: bool) -> set[str]:
    names = engine.get("/external-task/topic-names", filters)
    # A topic that is not named is not counted, so that any other JSON would read as an engine without tasks.
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("the topics' names are no list of texts")
    return set(names)


def _count(engine: EngineClient, only: TaskFilter | None, **filters: Any) -> int:
    if only is None:
        return engine.count_external_tasks(**filters)
    count = sum(_count_part(engine, filters | part) for part in _parts(only))
    if count and only.process_definition_keys:
        nothing = filters | {"processDefinitionKeyIn": [_NO_KEY]}
        if _count_part(engine, nothing):
            raise OverlookedFilter("this engine overlooks processDefinitionKeys: name processDefinitionIds")
    return count


def _count_part(engine: EngineClient, filters: Mapping[str, Any]) -> int:
    return responses.count(engine.post("/external-task/count", filters, repeatable=True))


def _parts(only: TaskFilter | None) -> list[dict[str, Any]]:
    """Return what to ask for, so that no task is in two of the answers."""
    if only is None:
        return [{}]
    filters: dict[str, Any] = {}
    if only.tenant_ids:
        filters["tenantIdIn"] = list(only.tenant_ids)
    if only.process_definition_keys:
        filters["processDefinitionKeyIn"] = list(only.process_definition_keys)
    # Engines can be asked for one id at a time.
    ids = dict.fromkeys(only.process_definition_ids)
    return [filters | {"processDefinitionId": each} for each in ids] or [filters]


def _read_oldest(engine: EngineClient, topic: str, only: TaskFilter | None, reading: Reading) -> None:
    try:
        oldest = [
            task
            for part in _parts(only)
            for task in engine.external_tasks(
                limit=_OLDEST, topicName=topic, sorting=_OLDEST_FIRST, **FETCHABLE, **part
            )
        ]
    except BadRequest:
        # Engines before 7.21 cannot sort by age; the age is then not known and asks for nothing.
        return
    # A task that failed is old because it waited for its next tries; more replicas would not have helped it.
    waiting = [task for task in oldest if not task.get("errorMessage") and task.get("createTime")]
    if waiting:
        reading.oldest[topic] = min(to_seconds(task["createTime"]) for task in waiting)


def _pages_of_locked(engine: EngineClient, topic: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []
    while True:
        page = engine.external_tasks(first=len(tasks), limit=_PAGE, topicName=topic, locked=True)
        tasks += page
        if len(page) < _PAGE:
            return tasks
        if len(tasks) >= _MOST_LOCKED:
            # Something in between may answer every page with the first.
            raise ValueError("too many locked tasks")


def _locked_task(task: Mapping[str, Any]) -> LockedTask:
    task_id, worker_id = task["id"], task["workerId"] or ""
    segment(task_id)  # it becomes part of a URL
    if not isinstance(worker_id, str):
        raise TypeError("a worker id is not a text")
    return LockedTask(task_id, worker_id, bool(task.get("errorMessage")))
