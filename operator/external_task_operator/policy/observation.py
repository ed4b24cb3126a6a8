"""What one poll has seen, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from external_task_operator.errors import FailureKind


@dataclass(frozen=True)
class TopicCount:
    """The tasks of one topic.

    Attributes:
        unlocked: those that a worker could fetch now: not locked, with retries left, not suspended.
        locked: those that a worker holds, or whose retry is not due yet.
    """

    unlocked: int
    locked: int


@dataclass(frozen=True)
class Failure:
    """Why the tasks, or some of them, could not be counted."""

    kind: FailureKind
    message: str


def unexpected(error: Exception) -> Failure:
    """Say that the operator itself failed; without the error's text, which may hold a secret."""
    what = type(error).__name__
    return Failure(
        FailureKind.INTERNAL_ERROR,
        f"the operator met an unexpected error ({what}): its log has the details; please report it",
    )


@dataclass(frozen=True)
class Observation:
    """What one poll has seen.

    Attributes:
        replicas: the target's spec.replicas.
        counts: by topic; topics that could not be read are left out.
        failure: why topics are left out; None if none is.
        oldest_seconds: age of the oldest waiting task; None if not asked for, not known or nothing waits.
        none_ready: of the pods that there are none becomes ready, so that more would not help.
    """

    replicas: int
    counts: Mapping[str, TopicCount] = field(default_factory=dict)
    failure: Failure | None = None
    oldest_seconds: float | None = None
    none_ready: bool = False

    @property
    def unlocked(self) -> int:
        """Tasks of all topics that wait for a worker."""
        return sum(count.unlocked for count in self.counts.values())

    @property
    def locked(self) -> int:
        """Tasks of all topics that are locked."""
        return sum(count.locked for count in self.counts.values())

    @property
    def unavailable(self) -> bool:
        """Nothing is known about the tasks."""
        return not self.counts
