"""What the client returns about a reservation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from hotel.reservations.states import ReservationState, Reserved


@dataclass(frozen=True)
class ReservationResult:
    """A reservation as it stands.

    Attributes:
        reference: the reservation's.
        state: where it stands.
        variables: its process variables by name.
        process_instance_id: the engine's, for Cockpit.
        suspended: whether it is suspended.
        seconds: from its start to its end in the engine, a later cancellation apart; None while it goes on.
    """

    reference: str
    state: ReservationState
    variables: Mapping[str, Any] = field(repr=False)
    process_instance_id: str
    suspended: bool = False
    seconds: float | None = None

    @classmethod
    def of(cls, reserved: Reserved) -> Self:
        """Make it from the instances of one reference."""
        canonical = reserved.canonical
        return cls(
            reference=canonical.reference,
            state=reserved.state,
            variables=reserved.variables,
            process_instance_id=canonical.id,
            suspended=reserved.suspended,
            seconds=None if canonical.duration_ms is None else canonical.duration_ms / 1000,
        )

    @property
    def reason(self) -> str:
        """Why it is not confirmed, if the process says so; else empty."""
        problems = self.variables.get("validation_errors")
        if isinstance(problems, list) and problems:
            return "; ".join(f"{problem.get('field')}: {problem.get('message')}" for problem in problems)
        return str(self.variables.get("error_message") or "")

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types."""
        return {
            "reference": self.reference,
            "state": self.state,
            "suspended": self.suspended,
            "reason": self.reason or None,
            "seconds": self.seconds,
            "process_instance_id": self.process_instance_id,
            "variables": dict(self.variables),
        }


@dataclass(frozen=True)
class Activity:
    """One step of a reservation's history.

    Attributes:
        key: differs for another run of the same activity.
        id: the activity's id in the model.
        name: its name in the model, else its id.
        kind: the engine's word for what it is, e.g. serviceTask.
        process_instance_id: the instance it belongs to.
        started_at: when it began.
        ended_at: when it ended, None while it goes on.
        canceled: whether it was ended from outside, e.g. by an error or a cancellation.
    """

    key: str
    id: str
    name: str
    kind: str
    process_instance_id: str
    started_at: datetime
    ended_at: datetime | None = None
    canceled: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()

    @property
    def is_work(self) -> bool:
        """Whether something is done or waited for here, other than in events and gateways."""
        return self.kind.endswith("Task")

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "process_instance_id": self.process_instance_id,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "seconds": self.seconds,
            "canceled": self.canceled,
        }


@dataclass(frozen=True)
class Incident:
    """Something in a reservation that waits for somebody's help.

    Attributes:
        id: the engine's.
        kind: failedExternalTask or failedJob.
        activity_id: where it stands in the model.
        message: what went wrong.
        subject_id: id of the external task or job that failed.
        since: when it was opened.
    """

    id: str
    kind: str
    activity_id: str
    message: str
    subject_id: str
    since: datetime

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types."""
        return {
            "id": self.id,
            "kind": self.kind,
            "activity": self.activity_id,
            "message": self.message,
            "since": self.since.isoformat(),
        }


@dataclass(frozen=True)
class ReservationStatus:
    """A reservation with all that happened to it.

    Attributes:
        result: the reservation as it stands.
        activities: its history, the oldest first, called processes included.
        incidents: what waits for help.
    """

    result: ReservationResult
    activities: Sequence[Activity]
    incidents: Sequence[Incident]

    @property
    def standing(self) -> list[Activity]:
        """The steps that it waits at now."""
        return [activity for activity in self.activities if activity.ended_at is None and activity.is_work]

    def to_json(self) -> dict[str, Any]:
        """Write it with JSON's types."""
        return {
            **self.result.to_json(),
            "standing": [activity.id for activity in self.standing],
            "incidents": [incident.to_json() for incident in self.incidents],
            "activities": [activity.to_json() for activity in self.activities],
        }
