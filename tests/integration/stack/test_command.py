"""The command against the session's stack: what it prints and its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hotel.errors import ExitCode
from hotel.reservation import new_reference
from hotel.stack.ports import free_port
from support.hotel_command import HotelCommand
from support.reservations import new_fields
from support.stacks import Stack


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


def test_reserve_takes_a_file_and_answers_in_json(hotel: HotelCommand, tmp_path: Path) -> None:
    wanted = new_fields(table_wanted=False)

    ran = hotel("reserve", "--file", as_file(tmp_path, wanted), "--json")

    assert ran.code == ExitCode.OK, ran.err
    assert ran.err == ""
    assert ran.json["state"] == "confirmed"
    assert wanted.items() <= ran.json["variables"].items()


def test_reserve_takes_standard_input_and_options_go_first(hotel: HotelCommand) -> None:
    wanted = new_fields(guests=50)

    ran = hotel("reserve", "--file", "-", "--guests", "1", "--json", stdin=json.dumps(wanted))

    assert ran.code == ExitCode.OK, ran.err
    assert ran.json["variables"]["guests"] == 1


def test_a_reservation_that_is_not_confirmed_has_its_own_exit_code(
    hotel: HotelCommand, tmp_path: Path
) -> None:
    ran = hotel("reserve", "--file", as_file(tmp_path, new_fields(guests=0)))

    assert ran.code == ExitCode.NOT_CONFIRMED
    assert "rejected" in ran.out
    assert "guests: " in ran.out


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
