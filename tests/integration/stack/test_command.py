"""The command against the session's stack: what it prints and its exit codes."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from external_tasks.engine.model import TopicSubscription
from hotel.errors import ExitCode
from hotel.ports import free_port
from hotel.reservations.reservation import new_reference
from support.hotel_command import HotelCommand
from support.reservations import new_fields
from support.stacks import Stack
from support.waiting import eventually


def as_file(folder: Path, content: Any) -> str:
    file = folder / "reservation.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


def test_reserve_prints_each_step_then_the_result(hotel: HotelCommand) -> None:
    wanted = new_fields()
    ran = hotel(
        "reserve",
        *("--first-name", "Jean", "--last-name", "Martin", "--email", wanted["email"]),
        *("--check-in", wanted["check_in"], "--check-out", wanted["check_out"]),
        *("--room-type", "B", "--guests", "2", "--table", "--reference", new_reference()),
    )

    assert ran.code == ExitCode.OK, ran.err
    steps = ["Validate input", "Search client", "Create client", "Check room", "Block room", "Reserve table"]
    positions = [ran.err.index(step) for step in [*steps, "Confirm room", "Create booking"]]
    assert positions == sorted(positions)
    assert "confirmed" in ran.out
    assert "booking_id" in ran.out


@pytest.mark.any_engine
def test_reserve_takes_a_file_and_answers_in_json(hotel: HotelCommand, tmp_path: Path) -> None:
    wanted = new_fields(table_wanted=False)

    ran = hotel("reserve", "--file", as_file(tmp_path, wanted), "--json")

    assert ran.code == ExitCode.OK, ran.err
    assert ran.err == ""
    assert ran.json["state"] == "confirmed"
    assert wanted.items() <= ran.json["variables"].items()


@pytest.mark.any_engine
def test_reserve_takes_standard_input_and_options_go_first(hotel: HotelCommand) -> None:
    wanted = new_fields(guests=50)

    ran = hotel("reserve", "--file", "-", "--guests", "1", "--json", stdin=json.dumps(wanted))

    assert ran.code == ExitCode.OK, ran.err
    assert ran.json["variables"]["guests"] == 1


@pytest.mark.any_engine
def test_a_reservation_that_is_not_confirmed_has_its_own_exit_code(
    hotel: HotelCommand, tmp_path: Path
) -> None:
    ran = hotel("reserve", "--file", as_file(tmp_path, new_fields(guests=0)))

    assert ran.code == ExitCode.NOT_CONFIRMED
    assert "rejected" in ran.out
    assert "guests: " in ran.out


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "must hold one JSON object"),
        ('{"guests": 1, "guests": 2}', "guests is given twice"),
        ('{"guests": "2"}', "guests: must be a whole number"),
        ('{"first_name": "Jean"}', "last_name: is missing"),
        ('{"rooms": 1}', "rooms: is unknown"),
    ],
)
def test_a_file_that_is_no_reservation_is_told_in_one_line(
    hotel: HotelCommand, tmp_path: Path, content: str, problem: str
) -> None:
    ran = hotel("reserve", "--file", as_file(tmp_path, content))

    assert ran.code == ExitCode.USAGE
    assert problem in ran.err
    assert ran.err.startswith("hotel: ")
    assert ran.err.count("\n") == 1
    assert ran.out == ""


@pytest.mark.any_engine
def test_the_life_of_a_reservation_in_json(hotel: HotelCommand, tmp_path: Path) -> None:
    reference = new_reference()
    file = as_file(tmp_path, new_fields(reservation_ref=reference))
    assert hotel("reserve", "--file", file, "--json").json["state"] == "confirmed"

    status = hotel("status", reference, "--json")
    listed = hotel("list", "--state", "confirmed", "--limit", "1", "--json")
    cancelled = hotel("cancel", reference, "--json")
    again = hotel("cancel", reference)

    assert (status.code, listed.code, cancelled.code, again.code) == (0, 0, 0, 0)
    assert status.json["standing"] == []
    assert "Task_CreateBooking" in [activity["id"] for activity in status.json["activities"]]
    assert [item["reference"] for item in listed.json["items"]] == [reference]
    assert cancelled.json["state"] == "cancelled"
    assert "cancelled" in again.out


def test_status_shows_where_it_stands_and_suspend_and_resume_what_they_did(
    stack: Stack, hotel: HotelCommand, tmp_path: Path
) -> None:
    for name in stack.workers:
        stack.stop_worker(name)
    reference = new_reference()
    file = as_file(tmp_path, new_fields(reservation_ref=reference))
    begun = hotel("reserve", "--file", file, "--no-wait")
    suspended = hotel("suspend", reference)
    tasks = hotel("tasks", "--json")
    status = hotel("status", reference)
    resumed = hotel("resume", reference, "--json")
    waited = hotel("reserve", "--file", file, "--timeout", "0.5")

    assert (begun.code, suspended.code, status.code, resumed.code) == (0, 0, 0, 0)
    assert "in_progress" in begun.out
    assert "suspended" in suspended.out
    assert tasks.json["validate-input"]["suspended"] == 1
    assert "stands at: Validate input" in status.out
    assert resumed.json["suspended"] is False
    assert waited.code == ExitCode.TIMEOUT
    assert f"hotel status {reference}" in waited.err
    assert hotel("cancel", reference, "--no-wait").code == ExitCode.OK


def test_tasks_counts_what_waits_what_is_locked_and_what_failed(stack: Stack, hotel: HotelCommand) -> None:
    for name in stack.workers:
        stack.stop_worker(name)
    references = [new_reference() for _ in range(3)]
    for reference in references:
        stack.client.create_reservation(new_fields(reservation_ref=reference), wait=False)

    counts = hotel("tasks", "--json").json["validate-input"]
    table = hotel("tasks")

    assert counts["unlocked"] >= 3
    assert "validate-input" in table.out
    stack.start_worker()
    for reference in references:
        stack.client.wait(reference)


@pytest.mark.any_engine
def test_an_incident_has_its_own_exit_code_and_retry_heals_it(
    stack: Stack, hotel: HotelCommand, tmp_path: Path
) -> None:
    stack.stop_service("restaurant")
    reference = new_reference()
    stuck = hotel("reserve", "--file", as_file(tmp_path, new_fields(reservation_ref=reference)))
    status = hotel("status", reference)
    stack.start_service("restaurant")
    healed = hotel("retry", reference)

    assert stuck.code == ExitCode.INCIDENT
    assert "incident at Task_CancelTable" in status.out
    assert f"hotel retry {reference}" in status.err
    assert healed.code == ExitCode.OK
    assert "failed" in healed.out
    assert hotel("retry", reference).code == ExitCode.OK


@pytest.mark.any_engine
def test_a_reference_that_is_unknown_or_taken_has_its_own_exit_code(
    hotel: HotelCommand, tmp_path: Path
) -> None:
    wanted = new_fields(reservation_ref=new_reference())
    hotel("reserve", "--file", as_file(tmp_path, wanted), "--no-wait")

    taken = hotel("reserve", "--file", as_file(tmp_path, {**wanted, "guests": 1}))

    assert taken.code == ExitCode.CONFLICT
    assert "differs in: guests" in taken.err
    for command in ("status", "cancel", "suspend", "resume", "retry"):
        unknown = hotel(command, "nobody")
        assert unknown.code == ExitCode.NOT_FOUND, command
        assert unknown.err == "hotel: no reservation has the reference nobody\n"


def test_deploying_again_makes_no_new_version(hotel: HotelCommand) -> None:
    ran = hotel("deploy", "--json")

    assert ran.code == ExitCode.OK, ran.err
    assert ran.json["new_versions"] == {}
    assert ran.json["files"] == ["client-creation.bpmn", "hotel-reservation.bpmn"]


def test_only_what_changed_becomes_a_new_version(hotel: HotelCommand, tmp_path: Path) -> None:
    model = Path(__file__).parents[3] / "bpmn" / "client-creation.bpmn"
    text = model.read_text().replace("ClientCreationProcess", "OtherCreationProcess")
    (tmp_path / "other.bpmn").write_text(text)
    assert hotel("deploy", "--folder", str(tmp_path), "--json").json["new_versions"].keys() == {
        "OtherCreationProcess"
    }

    (tmp_path / "other.bpmn").write_text(text.replace("Client wanted", "Guest wanted"))
    changed = hotel("deploy", "--folder", str(tmp_path), "--json")

    assert list(changed.json["new_versions"]) == ["OtherCreationProcess"]


def test_a_model_of_ones_own_is_served_at_once_and_its_topic_is_shown(
    stack: Stack, hotel: HotelCommand, tmp_path: Path
) -> None:
    (tmp_path / "shop.bpmn").write_text(
        """<?xml version="1.0" encoding="UTF-8"?>
        <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="shop"
            xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
          <process id="Shop" isExecutable="true">
            <startEvent id="start"/><sequenceFlow id="one" sourceRef="start" targetRef="check"/>
            <serviceTask id="check" camunda:type="external" camunda:topic="check-stock"/>
          </process>
        </definitions>"""
    )

    ran = hotel("deploy", "--folder", str(tmp_path))
    client, worker = stack.engine.client("client"), stack.engine.client("worker")
    client.start("Shop", {})

    assert ran.code == ExitCode.OK, ran.err
    assert (ran.out, ran.err) == ("Shop: version 1\n", "")
    assert hotel("tasks", "--json").json["check-stock"]["unlocked"] == 1
    tasks = worker.fetch_and_lock("shop-worker", [TopicSubscription("check-stock", 1000)], 1)
    assert [task.topic for task in tasks] == ["check-stock"]


def test_models_are_deployed_with_the_time_to_live_that_is_set(stack: Stack, tmp_path: Path) -> None:
    model = Path(__file__).parents[3] / "bpmn" / "client-creation.bpmn"
    text = model.read_text().replace("ClientCreationProcess", "BriefCreationProcess")
    (tmp_path / "brief.bpmn").write_text(text)
    brief = HotelCommand(stack.home, {"HOTEL_HISTORY_TIME_TO_LIVE": "P7D"})

    assert brief("deploy", "--folder", str(tmp_path)).code == ExitCode.OK

    found = stack.engine.client("admin").get("/process-definition/key/BriefCreationProcess")
    assert found["historyTimeToLive"] == 7


def test_a_guest_cannot_write_to_the_terminal(hotel: HotelCommand, tmp_path: Path) -> None:
    """The engine keeps what it is given; the process rejects it, and the operator looks at why."""
    reference = new_reference()
    names = {"first_name": "\x1b[2J\x1b]0;owned\x07", "last_name": "Mc:key:Donald \\[/] x\u202e"}
    wanted = new_fields(reservation_ref=reference, **names)
    hotel("reserve", "--file", as_file(tmp_path, wanted))

    shown = hotel("status", reference)
    exact = hotel("status", reference, "--json")
    ascii_only = HotelCommand(hotel.home, {"PYTHONIOENCODING": "ascii"})("status", reference)

    assert shown.code == ExitCode.OK, shown.err
    assert r"first_name \x1b[2J\x1b]0;owned\x07" in " ".join(shown.out.split())
    assert r"Mc:key:Donald \[/] x\u202e" in shown.out
    assert not {"\x1b", "\x07", "\u202e"} & set(shown.out + shown.err + exact.out)
    assert names.items() <= exact.json["variables"].items()
    assert ascii_only.code == ExitCode.OK, ascii_only.err


def test_ps_shows_every_part_and_passwords_on_request(stack: Stack, hotel: HotelCommand) -> None:
    shown = hotel("ps")
    asked = hotel("ps", "--passwords", "--json")

    assert shown.code == ExitCode.OK, shown.out
    for part in ("engine", "booking", "room", "restaurant", "client", *stack.workers):
        assert any(line.split()[:2] == [part, "ready"] for line in shown.out.splitlines()), part
    assert stack.engine.url in shown.out
    assert stack.token not in shown.out
    assert asked.json["service_token"] == stack.token
    assert asked.json["users"]["admin"] == stack.engine.credentials["admin"][1]
    assert asked.json["cockpit"].startswith(stack.engine.web_url)


def test_a_part_that_has_ended_is_named_by_ps_and_by_whoever_waits_in_vain(
    stack: Stack, hotel: HotelCommand, tmp_path: Path
) -> None:
    for name in stack.workers[1:]:
        stack.stop_worker(name)
    worker = stack.workers[0]
    os.kill(stack.pid(worker), signal.SIGKILL)
    eventually(lambda: f"{worker} ended" in " ".join(hotel("ps").out.split()), seconds=60)

    ran = hotel("reserve", "--file", as_file(tmp_path, new_fields()), "--timeout", "0.5")

    assert hotel("ps").code == ExitCode.UNREACHABLE
    assert ran.code == ExitCode.TIMEOUT
    assert worker in ran.err
    assert "hotel ps" in ran.err
    stack.mend()


def test_an_interrupted_reservation_says_that_it_goes_on(
    stack: Stack, hotel: HotelCommand, tmp_path: Path
) -> None:
    for name in stack.workers:
        stack.stop_worker(name)
    reference = new_reference()
    file = as_file(tmp_path, new_fields(reservation_ref=reference))
    with hotel.begin("reserve", "--file", file) as running:
        eventually(lambda: hotel("status", reference).code == ExitCode.OK, seconds=60)
        running.send_signal(signal.SIGINT)
        _, problem = running.communicate(timeout=60)

    assert running.returncode == ExitCode.INTERRUPTED
    assert f"hotel status {reference}" in problem.splitlines()[-1]
    assert "Traceback" not in problem
    stack.mend()


def test_watching_ends_with_the_reader_of_its_output(hotel: HotelCommand) -> None:
    with hotel.begin("tasks", "--watch", "--interval", "0.2") as watching:
        assert watching.stdout is not None
        watching.stdout.readline()
        watching.stdout.close()

        assert watching.wait(timeout=60) == ExitCode.OK


def test_a_process_that_is_no_bpmn_is_refused(hotel: HotelCommand, tmp_path: Path) -> None:
    (tmp_path / "broken.bpmn").write_text("<bpmn/>")

    ran = hotel("deploy", "--folder", str(tmp_path))

    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith("hotel: ")
    assert "Cannot find the declaration of element 'bpmn'" in ran.err
    assert "Traceback" not in ran.err


def test_wrong_credentials_have_their_own_exit_code(stack: Stack, tmp_path: Path) -> None:
    wrong = HotelCommand(
        tmp_path,
        {
            "HOTEL_ENGINE_URL": stack.engine.url,
            "HOTEL_ENGINE_USER": "client",
            "HOTEL_ENGINE_PASSWORD": "guessed",
        },
    )

    ran = wrong("list")

    assert ran.code == ExitCode.REFUSED
    assert "refused the credentials" in ran.err
    assert "guessed" not in ran.err


def test_the_clients_user_may_not_deploy(stack: Stack, tmp_path: Path) -> None:
    user, password = stack.engine.credentials["client"]
    client = HotelCommand(
        tmp_path,
        {
            "HOTEL_ENGINE_URL": stack.engine.url,
            "HOTEL_ENGINE_USER": user,
            "HOTEL_ENGINE_PASSWORD": password,
        },
    )

    assert client("deploy").code == ExitCode.REFUSED


def test_a_user_without_the_rights_cannot_erase_and_is_not_answered_that_there_is_nothing(
    stack: Stack, hotel: HotelCommand, tmp_path: Path
) -> None:
    wanted = new_fields()
    hotel("reserve", "--file", as_file(tmp_path, wanted))
    user, password = stack.engine.credentials["client"]
    services = {f"HOTEL_{name.upper()}_URL": url for name, url in stack.urls.items()}
    client = HotelCommand(
        tmp_path,
        {
            "HOTEL_ENGINE_URL": stack.engine.url,
            "HOTEL_ENGINE_USER": user,
            "HOTEL_ENGINE_PASSWORD": f"{password}\n",
            "HOTEL_SERVICE_TOKEN": f"{stack.token}\n",
            **services,
        },
    )

    ran = client("erase", "--email", wanted["email"], "--yes")

    assert ran.code == ExitCode.REFUSED, ran.err
    assert "DELETE_HISTORY on HotelReservationProcess" in ran.err
    assert hotel("erase", "--email", wanted["email"], "--dry-run", "--json").json["clients"] != []


def test_an_engine_that_is_away_has_its_own_exit_code(tmp_path: Path) -> None:
    away = HotelCommand(tmp_path, {"HOTEL_ENGINE_URL": f"http://localhost:{free_port()}/engine-rest"})

    ran = away("list")

    assert ran.code == ExitCode.UNREACHABLE
    assert "the engine is not reachable" in ran.err
    assert ran.err.count("\n") == 1


def test_without_a_stack_the_command_says_how_to_get_one(tmp_path: Path) -> None:
    ran = HotelCommand(tmp_path / "none")("list")

    assert ran.code == ExitCode.UNREACHABLE
    assert "hotel up" in ran.err


@pytest.mark.parametrize(
    "line", [["nonsense"], ["list", "--limit", "0"], ["reserve"], ["list", "--state", "odd"]]
)
def test_wrong_usage_has_its_own_exit_code(tmp_path: Path, line: list[str]) -> None:
    assert HotelCommand(tmp_path)(*line).code == ExitCode.USAGE


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    ran = HotelCommand(tmp_path, {"HOTEL_ENGINE_TIMEOUT_SECONDS": "soon"})("list")

    assert ran.code == ExitCode.USAGE
    assert "HOTEL_ENGINE_TIMEOUT_SECONDS" in ran.err
