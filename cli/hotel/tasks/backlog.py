"""The tasks that wait, and the scalers that follow them, at one look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from external_tasks.engine.client import EngineClient

from hotel.cluster.kubectl import Kubectl
from hotel.cluster.scalers import Scaler, read_scalers
from hotel.errors import HotelError
from hotel.tasks.topics import TopicCount, count_topics

ENGINE = "engine"
CLUSTER = "cluster"

T = TypeVar("T")


@dataclass(frozen=True)
class Backlog:
    """What one look found.

    Attributes:
        topics: the tasks of each topic; None where the engine did not answer.
        scalers: of the release's namespace; None where there is no cluster, or it did not answer.
        problems: why something is missing, by its source: `engine` or `cluster`.
        at: when that was, local time.
    """

    topics: Sequence[TopicCount] | None
    scalers: Sequence[Scaler] | None
    problems: Mapping[str, HotelError] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now().astimezone(), compare=False)

    def resembles(self, other: "Backlog | None") -> bool:
        """Return whether it is the same as another one; the words of a problem may differ."""
        if other is None or self.problems.keys() != other.problems.keys():
            return False
        return (self.topics, self.scalers) == (other.topics, other.scalers)

    def completed_by(self, known: "Backlog | None") -> "Backlog":
        """Return it, completed by an earlier one where something is missing."""
        if known is None:
            return self
        topics = known.topics if self.topics is None else self.topics
        scalers = known.scalers if self.scalers is None else self.scalers
        return replace(self, topics=topics, scalers=scalers)

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types."""
        return {
            "time": self.at.isoformat(timespec="milliseconds"),
            "topics": None
            if self.topics is None
            else {count.topic: count.to_json() for count in self.topics},
            "scalers": None if self.scalers is None else [scaler.to_json() for scaler in self.scalers],
            "problems": {source: str(problem) for source, problem in self.problems.items()},
        }


def look(engine: EngineClient, kubectl: Kubectl | None) -> Backlog:
    """Return the backlog, as far as engine and cluster answer.

    Args:
        engine: has the tasks.
        kubectl: for the release's namespace; None where there is no cluster.
    """
    problems: dict[str, HotelError] = {}

    def ask(source: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except HotelError as error:
            problems[source] = error
            return None

    topics = ask(ENGINE, lambda: count_topics(engine))
    scalers = ask(CLUSTER, lambda: read_scalers(kubectl)) if kubectl else None
    return Backlog(topics, scalers, problems)
