"""Which topics may be fetched now, and how many tasks of them at most."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from external_tasks.engine.model import TopicSubscription
from external_tasks.handlers.limits import TopicLimit


@dataclass(frozen=True)
class Share:
    """What one fetch may ask for.

    Args:
        topics: those that are not at their limit.
        tasks: how many in all: the engine cannot be asked for so many of one topic and so many of another.
    """

    topics: Sequence[TopicSubscription]
    tasks: int


class TopicLimits:
    """Keeps each topic within its limits; safe for threads.

    A fetch reserves its share before it is sent, so that two at the same time never bring too many.

    Args:
        limits: by topic.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self, limits: Mapping[str, TopicLimit], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        now = monotonic()
        self._monotonic = monotonic
        self._use = {
            topic: _Use(limit, now)
            for topic, limit in limits.items()
            if limit.max_tasks or limit.rate or limit.breaker
        }
        self._changing = Lock()

    def reserve(self, topics: Sequence[TopicSubscription], tasks: int) -> Share:
        """Reserve a fetch's share of so many tasks; without topics if all are at their limits."""
        if not self._use:
            return Share(topics, tasks)
        with self._changing:
            open_topics = [topic for topic in topics if self._allowance(topic.topic) > 0]
            count = min([tasks, *(self._allowance(topic.topic) for topic in open_topics)])
            share = Share(open_topics, int(count))
            for use in self._uses(share):
                use.reserved += share.tasks
            return share

    def settle(self, share: Share, fetched: Iterable[str]) -> None:
        """Give back a share, of which tasks of these topics came."""
        if not self._use:
            return
        counts, now = Counter(fetched), self._monotonic()
        with self._changing:
            for use in self._uses(share):
                use.reserved -= share.tasks
            for topic, count in counts.items():
                if topic in self._use:
                    self._use[topic].begin(count, now)

    def note(self, topic: str, *, failed: bool) -> float | None:
        """Note what came of a task; return the seconds of the pause that begins with it, 0 if it ends one."""
        use = self._use.get(topic)
        if use is None or use.breaker is None:
            return None
        return use.breaker.note(self._monotonic(), failed=failed)

    def end(self, topic: str) -> bool:
        """Note that a task has ended; return whether its topic was at its limit and may be fetched again."""
        use = self._use.get(topic)
        if use is None:
            return False
        with self._changing:
            was_full = use.free <= 0 or use.is_on_trial(self._monotonic())
            use.running -= 1
            return was_full

    @property
    def seconds_to_next(self) -> float | None:
        """Seconds until a topic that begins too many or is paused may be fetched; None without one."""
        now = self._monotonic()
        with self._changing:
            waits = [use.seconds_to_next(now) for use in self._use.values() if use.free > 0]
        return min((wait for wait in waits if wait > 0), default=None)

    def _uses(self, share: Share) -> "list[_Use]":
        return [self._use[topic.topic] for topic in share.topics if topic.topic in self._use]

    def _allowance(self, topic: str) -> float:
        use = self._use.get(topic)
        return math.inf if use is None else use.allowance(self._monotonic())


class _Use:
    """What a topic takes of its limits now."""

    def __init__(self, limit: TopicLimit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.rate.burst) if limit.rate else math.inf
        self._counted_at = now
        self.breaker = limit.breaker
        self.running = 0
        self.reserved = 0

    @property
    def free(self) -> float:
        return (self._limit.max_tasks or math.inf) - self.running - self.reserved

    def allowance(self, now: float) -> float:
        self._refill(now)
        tokens = self._tokens if math.isinf(self._tokens) else math.floor(self._tokens + 1e-9)
        return min(self.free, tokens - self.reserved, self._trials(now))

    def is_on_trial(self, now: float) -> bool:
        """Whether the breaker lets one task at a time through, or none."""
        return not math.isinf(self._trials(now))

    def seconds_to_next(self, now: float) -> float:
        paused = self.breaker.seconds_to_trial(now) if self.breaker else 0.0
        return max(self._seconds_to_token(now), paused)

    def _trials(self, now: float) -> float:
        return self.breaker.allowance(now, self.running + self.reserved) if self.breaker else math.inf

    def begin(self, count: int, now: float) -> None:
        self._refill(now)
        self.running += count
        self._tokens -= count

    def _seconds_to_token(self, now: float) -> float:
        self._refill(now)
        rate = self._limit.rate
        return max(0.0, 1 + self.reserved - self._tokens) / rate.per_second if rate else 0.0

    def _refill(self, now: float) -> None:
        if self._limit.rate is not None:
            gained = (now - self._counted_at) * self._limit.rate.per_second
            self._tokens = min(float(self._limit.rate.burst), self._tokens + gained)
        self._counted_at = now
