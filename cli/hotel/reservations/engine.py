"""What reservations need of the engine, in the words of reservations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from external_tasks.engine.client import EngineClient
from external_tasks.engine.urls import path_segment
from external_tasks.engine.variables import encode
from external_tasks.errors import (
    EngineOverloaded,
    EngineServerError,
    EngineUnreachable,
    NotFound,
    OptimisticLockingConflict,
    UnusableResponse,
)

from hotel.engine_errors import translated
from hotel.errors import EngineFailure
from hotel.reservations.engine_json import (
    CANCELLATION_START,
    read_activity,
    read_incident,
    read_instance,
    with_variables,
)
from hotel.reservations.reports import Activity, Incident
from hotel.reservations.reservation import Reservation
from hotel.reservations.states import Instance
from hotel.reservations.tracing import traced_start
from hotel.reservations.watching import has_ended
from hotel.retries import Errors, repeat_after_conflicts, repeat_for

PROCESS = "HotelReservationProcess"
CANCEL_MESSAGE = "CancelReservation"
_RESERVATION_START = "StartEvent_Reservation"
# Of a list's reservations only these are asked for.
_STATE_VARIABLES = ("status", "valid")
_MOST_INSTANCES = 10_000
_PASSING = (EngineUnreachable, EngineServerError, EngineOverloaded, UnusableResponse)
_LOST_RACES_OF_A_MESSAGE = (OptimisticLockingConflict, EngineServerError)

T = TypeVar("T")


class ReservationEngine:
    """An engine with the hotel's processes.

    Args:
        engine: client of its REST API.
        patience_seconds: how long a call that may be repeated is repeated while the engine does not answer.
    """

    def __init__(self, engine: EngineClient, *, patience_seconds: float = 0) -> None:
        self._engine = engine
        self.patience_seconds = patience_seconds

    def instances(self, reference: str) -> list[Instance]:
        """Return the process instances of one reference without their variables."""
        found = self._get(
            "/history/process-instance",
            {"processInstanceBusinessKey": reference, "processDefinitionKey": PROCESS},
        )
        return [read_instance(item) for item in found]

    def instances_of(self, references: Sequence[str]) -> dict[str, list[Instance]]:
        """Return the process instances of some references; with their variables where none of them runs."""
        query = {"processInstanceBusinessKeyIn": list(references), "processDefinitionKey": PROCESS}
        found: dict[str, list[Instance]] = {}
        for instance in self._instances(query, 0, _MOST_INSTANCES):
            found.setdefault(instance.reference, []).append(instance)
        ended = [instance for instances in found.values() if has_ended(instances) for instance in instances]
        for instance in self.with_variables(ended):
            # As many as before: they are replaced by themselves with variables.
            same = found[instance.reference]
            same[[other.id for other in same].index(instance.id)] = instance
        return found

    def reservations(self, *, first: int, limit: int, status: str | None) -> list[Instance]:
        """Return one page of instances that are reservations, the youngest first.

        Args:
            first: how many to leave out.
            limit: how many at most.
            status: only those with this value of the variable `status`.
        """
        query: dict[str, Any] = {
            "processDefinitionKey": PROCESS,
            "executedActivityIdIn": [_RESERVATION_START],
            "sorting": [{"sortBy": "startTime", "sortOrder": "desc"}],
        }
        if status is not None:
            query["variables"] = [{"name": "status", "operator": "eq", "value": status}]
        return self._instances(query, first, limit)

    def cancellations(self, references: Sequence[str]) -> list[Instance]:
        """Return the instances that cancel any of these confirmed reservations."""
        query = {
            "processDefinitionKey": PROCESS,
            "executedActivityIdIn": [CANCELLATION_START],
            "processInstanceBusinessKeyIn": list(references),
        }
        return self._instances(query, 0, _MOST_INSTANCES)

    def with_variables(self, instances: Sequence[Instance], *, states_only: bool = False) -> list[Instance]:
        """Return the same instances with their variables, or with those alone that tell their state."""
        if not instances:
            return []
        query: dict[str, Any] = {"processInstanceIdIn": [instance.id for instance in instances]}
        if states_only:
            query["variableNameIn"] = list(_STATE_VARIABLES)
        found = self._query("/history/variable-instance", query, {"deserializeValues": False})
        return with_variables(instances, found)

    def start(self, reservation: Reservation) -> None:
        """Start a reservation.

        Raises:
            HotelError: as the engine answers; the process may not be deployed.
        """
        tried = False

        def start_once() -> None:
            nonlocal tried
            # A start may have had its effect although its answer was lost.
            if tried and self.instances(reservation.reservation_ref):
                return
            tried = True
            variables = reservation.variables() | traced
            self._engine.start(PROCESS, variables, business_key=reservation.reservation_ref)

        try:
            with traced_start(reservation.reservation_ref) as traced:
                self._repeat(start_once)
        except EngineFailure as error:
            if isinstance(error.__cause__, NotFound):
                raise EngineFailure(
                    f"the engine does not know {PROCESS}: deploy it with `hotel deploy`"
                ) from error
            raise

    def send_cancel(self, reference: str) -> None:
        """Send the message that cancels a reservation, whether it runs or is confirmed."""
        body = {
            "messageName": CANCEL_MESSAGE,
            "businessKey": reference,
            "processVariables": encode({"reservation_ref": reference}),
        }
        # Sent again it finds the first one's cancellation, which takes it without effect. A reservation that
        # moves while the engine reads its executions fails that reading in many words, all of them a 500.
        self._repeat(lambda: self._engine.post("/message", body), lost_races=_LOST_RACES_OF_A_MESSAGE)

    def activities(self, instance_id: str) -> list[Activity]:
        """Return the history of an instance and of the processes that it called, the oldest first."""
        found = self._get("/history/activity-instance", {"processInstanceId": instance_id})
        activities = [read_activity(item) for item in found]
        for item in found:
            if item.get("calledProcessInstanceId"):
                activities += self.activities(item["calledProcessInstanceId"])
        return sorted(activities, key=lambda activity: activity.started_at)

    def live_ids(self, instance_id: str) -> list[str]:
        """Return the ids of an instance and of those that it called, as far as they run."""
        if not self._get("/process-instance", {"processInstanceIds": instance_id}):
            return []
        called = self._get("/process-instance", {"superProcessInstance": instance_id})
        return [instance_id, *(part for item in called for part in self.live_ids(item["id"]))]

    def incidents(self, instance_id: str) -> list[Incident]:
        """Return the incidents that stand in an instance itself, not in processes that it called."""
        found = self._get("/incident", {"processInstanceId": instance_id})
        return [read_incident(item) for item in found if item["rootCauseIncidentId"] in {item["id"], None}]

    def has_incident(self, instance_id: str) -> bool:
        """Return whether an instance, or a process that it called, waits for help."""
        return bool(self._get("/incident/count", {"processInstanceId": instance_id})["count"])

    def count_incidents(self) -> int:
        """Return how many incidents stand in all reservations."""
        found = self._get("/incident/count", {"processDefinitionKeyIn": [PROCESS]})
        return int(found["count"])

    def set_suspended(self, instance_id: str, *, suspended: bool) -> None:
        """Suspend an instance, or resume it."""
        path = f"/process-instance/{path_segment(instance_id)}/suspended"
        self._repeat(lambda: self._engine.put(path, {"suspended": suspended}))

    def retry(self, incident: Incident, *, retries: int) -> None:
        """Give what failed new tries, which ends its incident."""
        kind = "job" if incident.kind == "failedJob" else "external-task"
        path = f"/{kind}/{path_segment(incident.subject_id)}/retries"
        self._repeat(lambda: self._engine.put(path, {"retries": retries}))

    def _instances(self, query: Mapping[str, Any], first: int, limit: int) -> list[Instance]:
        page = {"firstResult": first, "maxResults": limit}
        return [read_instance(item) for item in self._query("/history/process-instance", query, page)]

    def _get(self, path: str, params: Mapping[str, Any]) -> Any:
        return self._repeat(lambda: self._engine.get(path, params))

    def _query(self, path: str, body: Mapping[str, Any], params: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._repeat(
            lambda: self._engine.post(path, body, params, repeatable=True)
        )
        return found

    def _repeat(self, call: Callable[[], T], lost_races: Errors = (OptimisticLockingConflict,)) -> T:
        with translated():
            return repeat_for(
                self.patience_seconds,
                lambda: repeat_after_conflicts(call, conflicts=lost_races),
                passing=_PASSING,
            )
