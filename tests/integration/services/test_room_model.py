"""Any order of holding, confirming, releasing and running out, compared with a plain model."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.database.transactions import Database
from hotel_services.room import stays
from hotel_services.room.service import SERVICE
from hotel_services.room.tables import Stay
from hotel_services.shared.references import reservation_references
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import delete, update
from support.services import open_client

RUNS = 200
STEPS = 12
FIRST_DAY = dt.date(2031, 1, 1)
ROOMS = ("101", "102")

refs = st.sampled_from(["R1", "R2", "R3", "R4"])


@dataclass(frozen=True)
class RoomRequest:
    room_id: str
    first: int
    nights: int

    def overlaps(self, other: "RoomRequest") -> bool:
        ours = range(self.first, self.first + self.nights)
        theirs = range(other.first, other.first + other.nights)
        return self.room_id == other.room_id and bool(set(ours) & set(theirs))

    @property
    def days(self) -> dict[str, str]:
        check_in = FIRST_DAY + dt.timedelta(days=self.first)
        check_out = check_in + dt.timedelta(days=self.nights)
        return {"check_in": check_in.isoformat(), "check_out": check_out.isoformat()}


requests = st.builds(RoomRequest, st.sampled_from(ROOMS), st.integers(0, 4), st.integers(1, 3))


class Rooms(RuleBasedStateMachine):
    """The service on one side, three dictionaries' worth of hotel on the other."""

    def __init__(self, client: FlaskClient) -> None:
        super().__init__()
        self.client = client
        self.database: Database = client.application.extensions["resources"].database
        self.requests: dict[str, RoomRequest] = {}
        self.states: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.database.write(lambda session: session.execute(delete(Stay)))
        self.database.write(lambda session: session.execute(delete(reservation_references)))

    def kept(self) -> list[RoomRequest]:
        active = {"held", "confirmed"}
        return [request for ref, request in self.requests.items() if self.states[ref] in active]

    def post(self, verb: str, ref: str, **body: Any) -> tuple[int, str]:
        answer = self.client.post(f"/api/room/{verb}", json={"reservation_ref": ref, **body})
        found = answer.get_json(force=True)
        return answer.status_code, found.get("code", found.get("state"))

    @rule(ref=refs, request=requests)
    def block(self, ref: str, request: RoomRequest) -> None:
        expected = self.expected_block(ref, request)
        if expected == (201, "held"):
            self.requests[ref], self.states[ref] = request, "held"
        assert self.post("block", ref, room_id=request.room_id, guests=1, **request.days) == expected

    def expected_block(self, ref: str, request: RoomRequest) -> tuple[int, str]:
        if ref in self.cancelled:
            return 409, "RESERVATION_CANCELLED"
        if ref not in self.requests:
            taken = any(request.overlaps(other) for other in self.kept())
            return (409, "ROOM_NOT_AVAILABLE") if taken else (201, "held")
        if self.requests[ref] != request:
            return 409, "REFERENCE_TAKEN"
        return (409, "HOLD_EXPIRED") if self.states[ref] == "expired" else (200, self.states[ref])

    @rule(ref=refs)
    def block_again(self, ref: str) -> None:
        if ref in self.requests:
            self.block(ref, self.requests[ref])

    @rule(ref=refs)
    def confirm(self, ref: str) -> None:
        if ref in self.cancelled:
            expected = 409, "RESERVATION_CANCELLED"
        elif ref not in self.requests:
            expected = 404, "NOT_FOUND"
        elif self.states[ref] == "expired":
            expected = 409, "HOLD_EXPIRED"
        else:
            self.states[ref] = "confirmed"
            expected = 200, "confirmed"
        assert self.post("confirm", ref) == expected

    @rule(ref=refs)
    def release(self, ref: str) -> None:
        assert self.post("release", ref) == (200, "released")
        self.cancelled.add(ref)
        if ref in self.requests:
            self.states[ref] = "released"

    @rule(ref=refs)
    def run_out(self, ref: str) -> None:
        past = update(Stay).where(Stay.reservation_ref == ref).values(expires_at=Stay.created_at)
        self.database.write(lambda session: session.execute(past))
        if self.states.get(ref) == "held":
            self.states[ref] = "expired"

    @rule()
    def sweep(self) -> None:
        self.database.write(stays.sweep)

    @rule(first=st.integers(0, 6), nights=st.integers(1, 4))
    def look_for_rooms(self, first: int, nights: int) -> None:
        query = {"guests": "1", **RoomRequest("", first, nights).days}
        found = self.client.get("/api/room/availability", query_string=query).get_json()
        wanted = [RoomRequest(room, first, nights) for room in ROOMS]
        free = [
            request.room_id for request in wanted if not any(request.overlaps(other) for other in self.kept())
        ]
        assert [room["room_id"] for room in found["rooms"] if room["room_id"] in ROOMS] == free

    @rule()
    def look_at_stays(self) -> None:
        found = self.client.get("/api/room/stays").get_json()["items"]
        assert {stay["reservation_ref"]: stay["state"] for stay in found} == self.states

    def teardown(self) -> None:
        """Compare once more what is left at the end of a run."""
        self.look_at_stays()


@pytest.fixture(scope="module")
def client(database_url: str) -> Iterator[FlaskClient]:
    with open_client(SERVICE, database_url) as client:
        yield client


def test_service_and_model_agree(client: FlaskClient) -> None:
    run_state_machine_as_test(
        # Any function that returns one will do; the annotation knows classes alone.
        lambda: Rooms(client),  # type: ignore[arg-type]
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
