"""What a replay came to."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotel.replay.player import Outcome
from hotel.replay.rows import BrokenRow

_PERCENTILES = (50, 95, 99)
_MOST_SHOWN = 100


@dataclass(frozen=True)
class Summary:
    """The result of a replay.

    Attributes:
        run_id: what names the run in the references.
        weeks: by how many weeks all dates were moved.
        outcomes: what became of the rows that are bookings.
        broken: the rows that are none.
        seconds: how long it took.
        invariants: violations by the invariant's name.
        source: what the invariants were read from: databases or services.
    """

    run_id: str
    weeks: int
    outcomes: Sequence[Outcome]
    broken: Sequence[BrokenRow]
    seconds: float
    invariants: Mapping[str, int]
    source: str

    @property
    def holds(self) -> bool:
        """Whether no invariant is violated."""
        return not any(self.invariants.values())

    @property
    def states(self) -> dict[str, int]:
        """How many rows ended in each state, the most frequent first."""
        counts = Counter(str(outcome.state or "unknown") for outcome in self.outcomes)
        return dict(counts.most_common())

    @property
    def unmodelled(self) -> list[Outcome]:
        """The rows that came to no modelled end."""
        return [outcome for outcome in self.outcomes if not outcome.is_modelled]

    @property
    def latency(self) -> dict[str, float]:
        """Seconds from a reservation's start to its end in the engine: percentiles and the longest."""
        seconds = sorted(o.seconds for o in self.outcomes if o.seconds is not None)
        if not seconds:
            return {}
        cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
        return {**{f"p{p}": round(cuts[p - 1], 3) for p in _PERCENTILES}, "max": round(seconds[-1], 3)}

    @property
    def per_second(self) -> float:
        """Reservations that ended per second."""
        return len(self.outcomes) / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types; lists of rows hold the first 100."""
        return {
            "run_id": self.run_id,
            "weeks_moved": self.weeks,
            "rows": len(self.outcomes),
            "states": self.states,
            "broken_count": len(self.broken),
            "broken": [{"line": row.line, "problem": row.problem} for row in self.broken[:_MOST_SHOWN]],
            "unmodelled": [
                {"line": o.line, "reference": o.reference, "state": o.state, "problem": o.problem}
                for o in self.unmodelled[:_MOST_SHOWN]
            ],
            "seconds": round(self.seconds, 3),
            "reservations_per_second": round(self.per_second, 2),
            "latency_seconds": self.latency,
            "invariants": dict(self.invariants),
            "invariants_read_from": self.source,
        }
