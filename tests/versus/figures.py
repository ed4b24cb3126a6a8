"""What a run has shown, computed from what the recorder and the watch have seen."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from external_task_operator.simulation.run import percentile


@dataclass(frozen=True)
class Event:
    """What a worker told the recorder.

    Attributes:
        what: `begun` or `done`.
        task: the task's id.
        pod: the worker's pod.
        created: when the task began to wait, in seconds of the epoch.
        at: when the recorder heard it, in seconds of the epoch.
    """

    what: str
    task: str
    pod: str
    created: float
    at: float


@dataclass(frozen=True)
class Sample:
    """The workers at a moment.

    Attributes:
        at: in seconds from the first arrival.
        replicas: what the Deployment was to have.
        ready: pods that were ready.
        pods: pods that there were, those that were going away included.
    """

    at: float
    replicas: int
    ready: int
    pods: int


@dataclass(frozen=True)
class Figures:
    """One run; times in seconds from the first arrival.

    Attributes:
        tasks: how many there were.
        first_scale: when there were to be replicas.
        full_size: when as many pods were ready as there were at most.
        drained: when the last task was done.
        waits: from the moment a task began to wait until a worker began it first, sorted.
        replica_seconds: pods over time, until there were none again.
        scalings: how often the number of replicas changed.
        taken_at_work: tasks that a second worker had to begin, as the first one's pod was taken.
        done_twice: tasks whose work was done more than once.
        samples: the workers over time, where something changed.
        day: of the run, as an ISO date.
    """

    tasks: int
    first_scale: float
    full_size: float
    drained: float
    waits: tuple[float, ...]
    replica_seconds: float
    scalings: int
    taken_at_work: int
    done_twice: int
    samples: tuple[Sample, ...]
    day: str

    def wait(self, share: float) -> float:
        """Return the wait that this share of the tasks did not exceed."""
        return percentile(self.waits, share)


def figures(events: Sequence[Event], samples: Sequence[Sample], began: float) -> Figures:
    """Compute the figures of a run.

    Args:
        events: what the workers told.
        samples: the workers over time.
        began: the first arrival, in seconds of the epoch.
    """
    begun: dict[str, list[Event]] = defaultdict(list)
    done: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        (begun if event.what == "begun" else done)[event.task].append(event)
    waits = [max(min(event.at for event in runs) - runs[0].created, 0) for runs in begun.values()]
    most = max(sample.ready for sample in samples)
    pairs = list(pairwise(samples))
    return Figures(
        tasks=len(done),
        first_scale=next(sample.at for sample in samples if sample.replicas),
        full_size=next(sample.at for sample in samples if sample.ready == most),
        drained=max(event.at for runs in done.values() for event in runs) - began,
        waits=tuple(sorted(waits)),
        replica_seconds=sum(before.pods * (after.at - before.at) for before, after in pairs),
        scalings=sum(before.replicas != after.replicas for before, after in pairs),
        taken_at_work=sum(len({event.pod for event in runs}) > 1 for runs in begun.values()),
        done_twice=sum(len(runs) > 1 for runs in done.values()),
        samples=_changes(samples),
        day=datetime.fromtimestamp(began, UTC).date().isoformat(),
    )


def _changes(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the first and the last sample, and those in which something changed."""
    first, *_, last = samples
    differ = (
        after
        for before, after in pairwise(samples)
        if (before.replicas, before.ready, before.pods) != (after.replicas, after.ready, after.pods)
    )
    return tuple(dict.fromkeys([first, *differ, last]))


COLUMNS = (
    "load",
    "scaled by",
    "runs",
    "first scale s",
    "full size s",
    "drained s",
    "wait p50 s",
    "p95 s",
    "p99 s",
    "replica-seconds",
    "scalings",
    "taken at work",
    "done twice",
)


def row(load: str, contender: str, runs: Sequence[Figures]) -> list[str]:
    """Return a row of the table: medians of the runs, and of what must not happen the sum."""

    def middle(values: Sequence[float], digits: int = 1) -> str:
        return f"{median(values):.{digits}f}"

    return [
        load,
        contender,
        str(len(runs)),
        middle([run.first_scale for run in runs]),
        middle([run.full_size for run in runs]),
        middle([run.drained for run in runs], 0),
        middle([run.wait(0.50) for run in runs]),
        middle([run.wait(0.95) for run in runs]),
        middle([run.wait(0.99) for run in runs]),
        middle([run.replica_seconds for run in runs], 0),
        middle([run.scalings for run in runs], 0),
        str(sum(run.taken_at_work for run in runs)),
        str(sum(run.done_twice for run in runs)),
    ]
