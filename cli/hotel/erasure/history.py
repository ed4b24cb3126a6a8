"""What the engine keeps of a person, and removing it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from external_tasks.engine.client import EngineClient
from external_tasks.engine.urls import path_segment

from hotel.engine_errors import translated
from hotel.erasure.person import Person, email_form
from hotel.errors import Refused
from hotel.reservations.engine import PROCESS
from hotel.reservations.engine_json import CANCELLATION_START

CALLED_PROCESS = "ClientCreationProcess"
PROCESSES = (PROCESS, CALLED_PROCESS)
NEEDED_RIGHTS = ("READ_HISTORY", "READ_HISTORY_VARIABLE", "DELETE_HISTORY")
_PROCESS_DEFINITION = {"resourceName": "PROCESS_DEFINITION", "resourceType": 6}
_PAGE = 2000
EMAIL, CLIENT_ID = "email", "client_id"


@dataclass(frozen=True)
class Trace:
    """A process instance that holds the person's data.

    Attributes:
        id: the engine's.
        reference: its business key, which is the reservation's reference.
        ended: whether it has ended.
        depth: 0 for an instance that nothing called, more for the called ones.
    """

    id: str
    reference: str
    ended: bool
    depth: int


@dataclass(frozen=True)
class Value:
    """A historic variable that leads to a person.

    Attributes:
        instance_id: id of its process instance.
        process: key of that instance's process.
        name: `EMAIL` or `CLIENT_ID`.
        value: the address as it was spelled, or the id.
    """

    instance_id: str
    process: str
    name: str
    value: str = field(repr=False)


class EngineHistory:
    """The engine's history of the hotel's processes.

    Args:
        engine: client of its REST API, as a user with `NEEDED_RIGHTS`.
    """

    def __init__(self, engine: EngineClient) -> None:
        self._engine = engine

    def check_rights(self) -> None:
        """Raise unless the user may see and delete all of the history.

        Raises:
            Refused: a right is missing; without it the engine would answer as if there were nothing.
        """
        missing = [
            f"{right} on {process}"
            for process in PROCESSES
            for right in NEEDED_RIGHTS
            if not self._has_right(right, process)
        ]
        if missing:
            raise Refused(
                f"the engine's user lacks rights to erase a person: {', '.join(missing)}; "
                "log in as one who has them by HOTEL_ENGINE_USER and HOTEL_ENGINE_PASSWORD"
            )

    def values(self) -> list[Value]:
        """Return every e-mail address and client id of the history, whosever they are."""
        return list(self._values())

    def traces(self, values: Iterable[Value], person: Person) -> list[Trace]:
        """Return the instances that hold the person's data, the called ones first.

        With each come those that called it, that it called, and that undid its reservation later.

        Args:
            values: of the history.
            person: whose data is looked for.
        """
        holding = {v.instance_id for v in values if v.process in PROCESSES and is_of(v, person)}
        found = self._with_family(holding)
        references = sorted({trace.reference for trace in found.values() if trace.reference})
        found |= self._with_family(self._cancellations(references))
        return sorted(found.values(), key=lambda trace: -trace.depth)

    def remove(self, trace: Trace) -> None:
        """Remove all that the history has of an ended instance: variables, logs, incidents, error details."""
        path = f"/history/process-instance/{path_segment(trace.id)}"
        with translated():
            # Repeated after a lost answer it finds nothing, which is what was wanted.
            self._engine.delete(path, {"failIfNotExists": "false"})

    def _has_right(self, right: str, process: str) -> bool:
        params = {"permissionName": right, "resourceId": process, **_PROCESS_DEFINITION}
        answer = self._get("/authorization/check", params)
        return bool(answer["authorized"])

    def _values(self) -> Iterator[Value]:
        for name in (EMAIL, CLIENT_ID):
            first = 0
            while page := self._variables(name, first):
                for item in page:
                    if isinstance(item["value"], str):
                        process = item["processDefinitionKey"] or ""
                        yield Value(item["processInstanceId"], process, name, item["value"])
                first += len(page)

    def _variables(self, name: str, first: int) -> list[dict[str, Any]]:
        query = {"variableName": name, "sorting": [{"sortBy": "instanceId", "sortOrder": "asc"}]}
        page = {"deserializeValues": "false", "firstResult": first, "maxResults": _PAGE}
        with translated():
            found: list[dict[str, Any]] = self._engine.post(
                "/history/variable-instance", query, page, repeatable=True
            )
        return found

    def _with_family(self, ids: Iterable[str]) -> dict[str, Trace]:
        """Return instances with those that called them and those that they called, by id."""
        roots = {self._root(instance_id) for instance_id in ids}
        found: dict[str, Trace] = {}
        level, depth = roots, 0
        while level:
            for item in self._instances({"processInstanceIds": sorted(level)}):
                found[item["id"]] = Trace(item["id"], item["businessKey"] or "", bool(item["endTime"]), depth)
            called = {child["id"] for parent in level for child in self._called(parent)}
            level, depth = called - found.keys(), depth + 1
        return found

    def _root(self, instance_id: str) -> str:
        found = self._instances({"processInstanceIds": [instance_id]})
        # A caller of another process is the business of that process; one that is gone cannot be asked for.
        parent = found[0]["superProcessInstanceId"] if found else None
        above = self._instances({"processInstanceIds": [parent]}) if parent else []
        if not above or above[0]["processDefinitionKey"] not in PROCESSES:
            return instance_id
        return self._root(above[0]["id"])

    def _called(self, instance_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(
            "/history/process-instance", {"superProcessInstanceId": instance_id}
        )
        return found

    def _cancellations(self, references: list[str]) -> list[str]:
        found = []
        for first in range(0, len(references), _PAGE):
            query = {
                "processDefinitionKey": PROCESS,
                "executedActivityIdIn": [CANCELLATION_START],
                "processInstanceBusinessKeyIn": references[first : first + _PAGE],
            }
            found += [item["id"] for item in self._instances(query)]
        return found

    def _instances(self, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        with translated():
            found: list[dict[str, Any]] = self._engine.post(
                "/history/process-instance", query, repeatable=True
            )
        return found

    def _get(self, path: str, params: Mapping[str, Any]) -> Any:
        with translated():
            return self._engine.get(path, params)


def is_of(value: Value, person: Person) -> bool:
    """Return whether a value is the person's."""
    if value.name == CLIENT_ID:
        return value.value in person.client_ids
    return email_form(value.value) in person.emails
