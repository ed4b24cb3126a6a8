"""What the policy remembers of a scaler: recommendations, scale events, activity, failures."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Run:
    """The same recommendation, made at every poll from ``since`` until ``until`` (seconds of the epoch)."""

    replicas: int
    since: float
    until: float


@dataclass(frozen=True)
class ScaleEvent:
    """A change of the replicas at a time (seconds of the epoch)."""

    at: float
    change: int


@dataclass(frozen=True)
class History:
    """Immutable; every change gives a new one.

    Attributes:
        runs: unstabilised recommendations, oldest first.
        events: scale events that speed limits still need, oldest first.
        last_active: when there last were tasks; None if never seen.
        last_scale: when replicas last changed; None if never.
        failures: polls in a row in which the tasks could not be counted.
    """

    runs: tuple[Run, ...] = ()
    events: tuple[ScaleEvent, ...] = ()
    last_active: float | None = None
    last_scale: float | None = None
    failures: int = 0

    def recommended(self, replicas: int, now: float, *, up_window: float, down_window: float) -> "History":
        """Add a recommendation and drop those that can no longer decide anything."""
        if self.runs and self.runs[-1].replicas == replicas:
            runs = (*self.runs[:-1], replace(self.runs[-1], until=now))
        else:
            runs = (*self.runs, Run(replicas, now, now))
        return replace(self, runs=_frontier(runs, now, up_window, down_window))

    def recommendations_since(self, cutoff: float) -> list[int]:
        """Return the recommendations that were made after a time."""
        return [run.replicas for run in self.runs if run.until > cutoff]

    def scaled(self, change: int, now: float, *, keep_seconds: float) -> "History":
        """Add a scale event; those that are older than every period are dropped."""
        events = (*self.events, ScaleEvent(now, change))
        kept = tuple(event for event in events if event.at > now - keep_seconds)
        return replace(self, events=kept, last_scale=now)

    def changes_since(self, cutoff: float) -> tuple[int, int]:
        """Return the replicas added and those removed after a time, both as positive numbers."""
        changes = [event.change for event in self.events if event.at > cutoff]
        added = sum(change for change in changes if change > 0)
        return added, added - sum(changes)

    def resumed(self, now: float) -> "History":
        """Take it that what was known last has held until now, as after a restart or an outage.

        Where there were tasks, neither window nor cooldown are sped up by time in which nobody was looking.
        """
        if not self.runs:
            return self
        last = self.runs[-1]
        runs = (*self.runs[:-1], replace(last, until=max(last.until, now)))
        return replace(self, runs=runs, last_active=now if last.replicas else self.last_active)

    def before(self, now: float) -> "History":
        """Move what lies in the future to now: the clock has been set back, or another one was ahead.

        Otherwise windows and periods would last until the old time has come again.
        """
        newest = [self.runs[-1].until if self.runs else now, self.last_active or now, self.last_scale or now]
        newest += [event.at for event in self.events[-1:]]
        if max(newest) <= now:
            return self
        return replace(
            self,
            runs=tuple(Run(run.replicas, min(run.since, now), min(run.until, now)) for run in self.runs),
            events=tuple(ScaleEvent(min(event.at, now), event.change) for event in self.events),
            last_active=None if self.last_active is None else min(self.last_active, now),
            last_scale=None if self.last_scale is None else min(self.last_scale, now),
        )


def _frontier(runs: tuple[Run, ...], now: float, up_window: float, down_window: float) -> tuple[Run, ...]:
    # Only the highest of the down window and the lowest of the up window ever decide, now or later:
    # a run is dropped as soon as a newer one is at least as extreme, which bounds the list by the replicas.
    kept = [runs[-1]]
    highest = lowest = runs[-1].replicas
    for run in reversed(runs[:-1]):
        counts_down = run.replicas > highest and run.until > now - down_window
        counts_up = run.replicas < lowest and run.until > now - up_window
        if counts_down or counts_up:
            kept.append(run)
        highest = max(highest, run.replicas) if counts_down else highest
        lowest = min(lowest, run.replicas) if counts_up else lowest
    return tuple(reversed(kept))
