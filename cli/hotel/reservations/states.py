"""The states of a reservation, and how the process instances of one reference make up its state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class ReservationState(StrEnum):
    """Where a reservation stands; all but the first and the last are the process's modelled ends."""

    IN_PROGRESS = "in_progress"
    CONFIRMED = "confirmed"
    NOT_AVAILABLE = "not_available"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    TERMINATED = "terminated"
    """Ended by somebody in the engine, outside of the model."""


MODELLED_ENDS = frozenset(ReservationState) - {ReservationState.IN_PROGRESS, ReservationState.TERMINATED}


@dataclass(frozen=True)
class Instance:
    """One process instance of a reservation: the reservation itself, or its cancellation later.

    Attributes:
        id: the engine's.
        reference: the reservation's, which is the instance's business key.
        is_cancellation: whether it began at the cancellation's start event.
        started_at: when it began.
        ended_at: when it ended, None while it runs.
        duration_ms: from start to end, milliseconds, None while it runs.
        suspended: whether it is suspended.
        variables: what is known of its variables.
    """

    id: str
    reference: str
    is_cancellation: bool
    started_at: datetime
    ended_at: datetime | None = None
    duration_ms: int | None = None
    suspended: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> ReservationState:
        """The state of this instance alone."""
        if self.ended_at is None:
            return ReservationState.IN_PROGRESS
        status = self.variables.get("status")
        if status in MODELLED_ENDS:
            return ReservationState(status)
        return ReservationState.TERMINATED


@dataclass(frozen=True)
class Reserved:
    """The instances of one reference, brought together.

    Attributes:
        canonical: the instance that holds the reference.
        cancellations: later instances that cancel what the canonical one had confirmed.
        duplicates: instances that found the reference taken.
    """

    canonical: Instance
    cancellations: Sequence[Instance]
    duplicates: Sequence[Instance]

    @classmethod
    def of(cls, instances: Sequence[Instance]) -> Self:
        """Bring the instances of one reference together; at least one of them is no cancellation."""
        by_age = sorted(instances, key=lambda instance: instance.started_at)
        forward = [instance for instance in by_age if not instance.is_cancellation]
        canonical = min(forward, key=_claim_rank)
        return cls(
            canonical=canonical,
            cancellations=[instance for instance in by_age if instance.is_cancellation],
            duplicates=[instance for instance in forward if instance is not canonical],
        )

    @property
    def instances(self) -> list[Instance]:
        """The instances that make up the reservation, the oldest first."""
        return [self.canonical, *self.cancellations]

    @property
    def state(self) -> ReservationState:
        """The reservation's state: the canonical instance's, unless it was cancelled after that had ended."""
        states = {instance.state for instance in self.cancellations}
        if ReservationState.CANCELLED in states:
            return ReservationState.CANCELLED
        if ReservationState.IN_PROGRESS in states:
            return ReservationState.IN_PROGRESS
        return self.canonical.state

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of all instances, the newer over the older."""
        merged: dict[str, Any] = {}
        for instance in self.instances:
            merged.update(instance.variables)
        return merged

    @property
    def suspended(self) -> bool:
        """Whether any of it is suspended."""
        return any(instance.suspended for instance in self.instances)


def _claim_rank(instance: Instance) -> int:
    # The reference belongs to the instance whose claim succeeded; until that is known, to the oldest one.
    if instance.variables.get("valid") is True:
        return 0
    return 2 if instance.state is ReservationState.DUPLICATE else 1
