"""The examples do what they say, on a real engine, run by the commands that their page shows."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import urllib3
from external_tasks import EngineClient
from hotel.ports import free_port
from support.stacks import Engine
from support.waiting import eventually

EXAMPLES = Path(__file__).parents[3] / "examples"
pytestmark = pytest.mark.any_engine


@contextlib.contextmanager
def running(engine: Engine, folder: Path, *line: str) -> Iterator["subprocess.Popen[bytes]"]:
    user, password = engine.credentials["admin"]
    environment = {
        **os.environ,
        "ENGINE_URL": engine.url,
        "ENGINE_USER": user,
        "ENGINE_PASSWORD": password,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen([sys.executable, "-m", *line], cwd=folder, env=environment) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


@contextlib.contextmanager
def deployed(engine: Engine, model: Path) -> Iterator[EngineClient]:
    client = engine.client("admin")
    deployment = client.deploy(f"example {model.stem}", {model.name: model.read_bytes()}, changed_only=False)
    yield client
    client.delete(f"/deployment/{deployment.id}", {"cascade": True})


def end_of(client: EngineClient, instance: str) -> tuple[str, dict[str, Any]]:
    """Return the end event of an instance and its variables, when it has ended."""

    def ends() -> Any:
        return client.get(
            "/history/activity-instance",
            {"processInstanceId": instance, "activityType": "noneEndEvent", "finished": True},
        )

    end = eventually(ends)[0]["activityId"]
    found = client.get("/history/variable-instance", {"processInstanceId": instance})
    return end, {variable["name"]: variable["value"] for variable in found}


@pytest.mark.parametrize(
    ("model", "key", "given", "end", "results"),
    [
        (
            "plain/invoice.bpmn",
            "invoice",
            {"prices": [1.5, 2.25], "customer": "Ann"},
            "Sent",
            {"total": 3.75},
        ),
        ("plain/invoice.bpmn", "invoice", {"prices": [], "customer": "Ann"}, "Empty", {}),
        ("async_handlers/offers.bpmn", "offers", {"article": "tea"}, "Chosen", {"supplier": "south"}),
        (
            "typed/priced-order.bpmn",
            "priced-order",
            {"order": {"customer": "Ann", "lines": [{"article": "tea", "price": "4.50", "quantity": 2}]}},
            "Picked",
            {"total": "9.00", "picked": "2 x tea"},
        ),
        (
            "saga/trip.bpmn",
            "trip",
            {"destination": "Oslo", "price": 10, "limit": 20},
            "Booked",
            {"charged": True},
        ),
    ],
)
def test_an_example_does_its_work(
    engine: Engine, model: str, key: str, given: Mapping[str, Any], end: str, results: Mapping[str, Any]
) -> None:
    file = EXAMPLES / model
    line = ("external_tasks.command", "run", "worker:router")
    with deployed(engine, file) as client, running(engine, file.parent, *line):
        reached, variables = end_of(client, client.start(key, given))

    assert reached == end
    assert results.items() <= variables.items()


def test_the_saga_gives_back_all_that_it_booked(engine: Engine) -> None:
    file = EXAMPLES / "saga/trip.bpmn"
    line = ("external_tasks.command", "run", "worker:router")
    with deployed(engine, file) as client, running(engine, file.parent, *line):
        instance = client.start("trip", {"destination": "Oslo", "price": 30, "limit": 20})
        reached, variables = end_of(client, instance)

    assert reached == "NotBooked"
    assert variables["cancelled_flight"] == variables["flight"]
    assert variables["cancelled_car"] == variables["car"]


def test_the_worker_beside_an_application_packs_what_the_page_takes(engine: Engine) -> None:
    file = EXAMPLES / "gunicorn_side/pack.bpmn"
    address = f"127.0.0.1:{free_port()}"
    with (
        deployed(engine, file) as client,
        running(engine, file.parent, "gunicorn", "--bind", address),
        urllib3.PoolManager(
            timeout=30, retries=urllib3.Retry(connect=60, backoff_factor=0.05, backoff_max=1)
        ) as http,
    ):
        answer = http.request("POST", f"http://{address}/orders/tea?quantity=3")
        reached, variables = end_of(client, answer.json()["order"])

    assert (answer.status, reached, variables["parcel"]) == (202, "Packed", "3 x tea")


@pytest.mark.parametrize(
    ("folder", "model", "start"),
    [
        ("plain", "invoice.bpmn", "prices,customer"),
        ("async_handlers", "offers.bpmn", "article"),
        ("typed", "priced-order.bpmn", "order"),
        ("saga", "trip.bpmn", "destination,price,limit"),
    ],
)
def test_an_example_fits_its_model(folder: str, model: str, start: str) -> None:
    line = [sys.executable, "-m", "external_tasks.command", "check", "worker:router", model]

    done = subprocess.run(
        [*line, "--start-variables", start],
        cwd=EXAMPLES / folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout.splitlines()[-1][-8:]) == (0, "they fit"), done.stdout + done.stderr
