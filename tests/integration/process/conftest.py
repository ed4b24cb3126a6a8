"""Reservations that a test drives task by task."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from support.driven_process import (
    DRIVEN,
    SHIPPED,
    VARIABLES,
    Cancellations,
    Reservation,
    Start,
    driven,
)
from support.stacks import Engine, Stack


@pytest.fixture(scope="session")
def _deployed(engine: Engine) -> None:
    files = {name: driven(name) for name in ("hotel-reservation.bpmn", "client-creation.bpmn")}
    engine.client("deployer").deploy("driven", files)


@pytest.fixture
def start(engine: Engine, _deployed: None) -> Iterator[Start]:
    """Start a reservation; what a failed test leaves of it is deleted."""
    started: list[str] = []

    def run(ref: str | None = None, **changes: Any) -> Reservation:
        ref = ref or f"R-{uuid4().hex[:12]}"
        variables = {**VARIABLES, "reservation_ref": ref, **changes}
        started.append(engine.client("client").start(DRIVEN.key, variables, business_key=ref))
        return Reservation(engine, started[-1], ref)

    yield run
    admin = engine.client("admin")
    for row in admin.post("/process-instance", {"processDefinitionKeyIn": [DRIVEN.key]}):
        admin.delete(f"/process-instance/{row['id']}", {"skipCustomListeners": True})


@pytest.fixture
def cancellations(engine: Engine) -> Cancellations:
    """Find the instances that cancellations of a reference have started, the newest first."""

    def find(ref: str) -> list[Reservation]:
        query = {"processInstanceBusinessKey": ref, "sortBy": "startTime", "sortOrder": "desc"}
        rows = engine.client("client").get("/history/process-instance", query)
        return [
            Reservation(engine, row["id"], ref)
            for row in rows
            if row["startActivityId"] == "StartEvent_Cancel"
        ]

    return find


@pytest.fixture
def reserve(stack: Stack) -> Start:
    """Start a reservation that the stack's own worker and services make, on nights of its own."""

    def run(ref: str | None = None, **changes: Any) -> Reservation:
        ref = ref or f"R-{uuid4().hex[:12]}"
        arrival = datetime.now(UTC).date() + timedelta(days=random.randint(30, 1000))
        stay = {"check_in": str(arrival), "check_out": str(arrival + timedelta(days=3)), "room_type": "A"}
        person = {"email": f"{uuid4().hex[:12]}@example.com"}
        variables = {**VARIABLES, "reservation_ref": ref, **stay, **person, **changes}
        instance = stack.engine.client("client").start(SHIPPED.key, variables, business_key=ref)
        return Reservation(stack.engine, instance, ref, SHIPPED)

    return run
