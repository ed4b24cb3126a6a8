"""Reading an engine: how many tasks wait and are in work, how old the oldest is, who holds locks."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from external_tasks.engine import EngineClient
from external_tasks.errors import (
    BadRequest,
    EngineError,
    EngineForbidden,
    EngineOverloaded,
    EngineUnauthorized,
    EngineUnreachable,
    NotFound,
)

from external_task_operator.errors import EngineFailure, FailureKind
from external_task_operator.observation import Failure, TopicCount
from external_task_operator.times import to_seconds

FETCHABLE: Mapping[str, bool] = {"notLocked": True, "withRetriesLeft": True, "active": True}
"""What fetchAndLock hands out. Without all three, incidents and suspended tasks pin replicas for ever."""

_OLDEST_FIRST = [{"sortBy": "createTime", "sortOrder": "asc"}]
# Asking which topics have tasks at all takes two calls; for so many topics it is cheaper to count at once.
_FEW_TOPICS = 1
_PAGE = 1000

_KINDS: tuple[tuple[type[EngineError], FailureKind], ...] = (
    (EngineUnreachable, FailureKind.ENGINE_UNREACHABLE),
    (EngineUnauthorized, FailureKind.ENGINE_UNAUTHORIZED),
    (EngineForbidden, FailureKind.ENGINE_FORBIDDEN),
    (EngineOverloaded, FailureKind.ENGINE_OVERLOADED),
)


@dataclass
class Reading:
    """What one look at an engine has seen.

    Attributes:
        counts: by topic; topics after a failure are missing.
        oldest: seconds of the epoch at which the oldest waiting task was created, by topic.
        failure: why topics are missing.
    """

    counts: dict[str, TopicCount] = field(default_factory=dict)
    oldest: dict[str, float] = field(default_factory=dict)
    failure: Failure | None = None


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
    ages_of: Collection[str] = (),
    progress: Callable[[], None] = lambda: None,
) -> Reading:
    """Count the tasks of topics; stops at the first failure and says so instead of raising it.

    Args:
        engine: the engine.
        topics: what to count.
        ages_of: topics of which the oldest waiting task is wanted too.
        progress: called before every topic.
    """
    reading = Reading()
    try:
        waiting, held = _topics_with_tasks(engine, topics)
        for topic in topics:
            progress()
            unlocked = _count(engine, topicName=topic, **FETCHABLE) if topic in waiting else 0
            # In this order: a task that a worker takes between two queries is seen by the later one.
            locked = _count(engine, topicName=topic, locked=True) if topic in held or topic in waiting else 0
            reading.counts[topic] = TopicCount(unlocked, locked)
            if unlocked and topic in ages_of:
                _read_oldest(engine, topic, reading)
    except (EngineError, AttributeError, KeyError, TypeError, ValueError) as error:
        failure = translate(error, "counting the external tasks")
        reading.failure = Failure(failure.kind, failure.message)
    return reading


def locked_tasks(engine: EngineClient, topics: Collection[str]) -> list[LockedTask]:
    """Return the locked tasks of topics.

    Raises:
        EngineFailure: the engine did not tell.
    """
    try:
        return [_locked_task(task) for topic in topics for task in _pages_of_locked(engine, topic)]
    except (EngineError, KeyError, TypeError, ValueError) as error:
        raise translate(error, "listing the locked tasks") from error


def translate(error: Exception, doing: str) -> EngineFailure:
    """Say what an error of the engine client means to a scaler."""
    kind = next((kind for cls, kind in _KINDS if isinstance(error, cls)), FailureKind.ENGINE_ANSWER)
    what = str(error) if isinstance(error, EngineError) else "the answer is not what an engine answers"
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


def _count(engine: EngineClient, **filters: Any) -> int:
    count = engine.count_external_tasks(**filters)
    if count < 0:
        raise ValueError("a count is negative")
    return count


def _read_oldest(engine: EngineClient, topic: str, reading: Reading) -> None:
    try:
        oldest = engine.external_tasks(limit=1, topicName=topic, sorting=_OLDEST_FIRST, **FETCHABLE)
    except BadRequest:
        # Engines before 7.21 cannot sort by age; the age is then not known and asks for nothing.
        return
    if oldest and oldest[0].get("createTime"):
        reading.oldest[topic] = to_seconds(oldest[0]["createTime"])


def _pages_of_locked(engine: EngineClient, topic: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []
    while True:
        page = engine.external_tasks(first=len(tasks), limit=_PAGE, topicName=topic, locked=True)
        tasks += page
        if len(page) < _PAGE:
            return tasks


def _locked_task(task: Mapping[str, Any]) -> LockedTask:
    return LockedTask(task["id"], task["workerId"] or "", bool(task.get("errorMessage")))
