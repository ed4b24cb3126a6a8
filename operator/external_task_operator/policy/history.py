"""What the policy remembers of a scaler: recommendations, scale events, activity, failures."""

from dataclasses import dataclass, replace

_SLOTS = 60


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
        kept = tuple(event for event in self.events if event.at > now - keep_seconds)
        slot, last = keep_seconds / _SLOTS, kept[-1] if kept else None
        if last and last.at // slot == now // slot and last.change * change > 0:
            kept, change = kept[:-1], last.change + change
        events = (*kept, ScaleEvent(now, change)) if keep_seconds > 0 else ()
        return replace(self, events=events, last_scale=now)

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
    newest = runs[-1]
    highs, lows = [newest], [newest]
    for run in reversed(runs[:-1]):
        if run.replicas > highs[-1].replicas and run.until > now - down_window:
            _add(highs, run, down_window)
        elif run.replicas < lows[-1].replicas and run.until > now - up_window:
            _add(lows, run, up_window)
    return (*sorted([*highs[1:], *lows[1:]], key=lambda run: run.until), newest)


def _add(runs: list[Run], older: Run, window: float) -> None:
    # A sixtieth of the window tells them apart, or an hour of a shrinking backlog would fill the status: of
    # runs that ended in the same one the most extreme counts, and as long as the last of them.
    last, slot = runs[-1], window / _SLOTS
    if len(runs) > 1 and last.until // slot == older.until // slot:
        runs[-1] = replace(older, until=last.until)
    else:
        runs.append(older)
