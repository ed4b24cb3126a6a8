"""Reading the engine's JSON as values of this package."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from external_tasks.engine.variables import decode

from hotel.reservations.reports import Activity, Incident
from hotel.reservations.states import Instance

CANCELLATION_START = "StartEvent_Cancel"


def read_instance(item: Mapping[str, Any]) -> Instance:
    """Read a historic process instance."""
    return Instance(
        id=item["id"],
        reference=item["businessKey"] or "",
        is_cancellation=item["startActivityId"] == CANCELLATION_START,
        started_at=_time(item["startTime"]),
        ended_at=_time(item["endTime"]) if item["endTime"] else None,
        duration_ms=item["durationInMillis"],
        suspended=item["state"] == "SUSPENDED",
    )


def with_variables(instances: Sequence[Instance], found: Sequence[Mapping[str, Any]]) -> list[Instance]:
    """Return instances with those of the historic variables that are theirs."""
    # Variables of inner scopes are of interest too, but the process's own have precedence.
    own_last = sorted(found, key=lambda item: item["executionId"] == item["processInstanceId"])
    variables: dict[str, dict[str, Any]] = defaultdict(dict)
    for item in own_last:
        variables[item["processInstanceId"]] |= decode({item["name"]: dict(item)})
    return [replace(instance, variables=variables[instance.id]) for instance in instances]


def read_activity(item: Mapping[str, Any]) -> Activity:
    """Read a historic activity instance."""
    return Activity(
        key=item["id"],
        id=item["activityId"],
        name=item["activityName"] or item["activityId"],
        kind=item["activityType"],
        process_instance_id=item["processInstanceId"],
        started_at=_time(item["startTime"]),
        ended_at=_time(item["endTime"]) if item["endTime"] else None,
        canceled=bool(item["canceled"]),
    )


def read_incident(item: Mapping[str, Any]) -> Incident:
    """Read an incident."""
    return Incident(
        id=item["id"],
        kind=item["incidentType"],
        activity_id=item["activityId"],
        message=item["incidentMessage"] or "",
        subject_id=item["configuration"],
        since=_time(item["incidentTimestamp"]),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
