"""The external tasks of each topic, counted."""

from dataclasses import asdict, dataclass

from external_tasks.engine.client import EngineClient

from hotel.deployment import process_files, topics_of
from hotel.engine_errors import translated


@dataclass(frozen=True)
class TopicCount:
    """How many tasks a topic has.

    Attributes:
        topic: its name.
        unlocked: ready for a worker.
        locked: at work, or waiting for their next try.
        failed: without tries left: each is an incident.
        suspended: of suspended process instances.
    """

    topic: str
    unlocked: int
    locked: int
    failed: int
    suspended: int

    def to_json(self) -> dict[str, int]:
        """Write the counts with JSON's types."""
        return {name: count for name, count in asdict(self).items() if name != "topic"}


def count_topics(engine: EngineClient) -> list[TopicCount]:
    """Count the tasks of the hotel's topics and of any other that has some.

    Raises:
        HotelError: the engine is unreachable or refuses.
    """
    with translated():
        # Those that have tasks at all; the others need no further question.
        present = set(engine.get("/external-task/topic-names"))
        own = topics_of(process_files())
        topics = (*own, *sorted(present - set(own)))
        return [_count(engine, topic) if topic in present else _none(topic) for topic in topics]


def _none(topic: str) -> TopicCount:
    return TopicCount(topic, unlocked=0, locked=0, failed=0, suspended=0)


def _count(engine: EngineClient, topic: str) -> TopicCount:
    return TopicCount(
        topic=topic,
        unlocked=engine.count_external_tasks(
            topicName=topic, notLocked=True, withRetriesLeft=True, active=True
        ),
        locked=engine.count_external_tasks(topicName=topic, locked=True),
        failed=engine.count_external_tasks(topicName=topic, noRetriesLeft=True),
        suspended=engine.count_external_tasks(topicName=topic, suspended=True),
    )
