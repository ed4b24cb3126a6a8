"""What is read from BPMN files, and what is put into them."""

import os
from pathlib import Path

import pytest
from external_tasks.engine.client import EngineClient
from hotel.deployment import definition_keys, process_files, topics_of, unknown_to
from hotel.errors import InvalidInput
from hotel.settings import HotelSettings
from hotel_worker.topics import HANDLERS
from pydantic import ValidationError
from support.http_stub import Answer, http_stub


def test_the_hotels_topics_are_those_of_its_models() -> None:
    topics = topics_of(process_files())

    assert sorted(topics) == sorted(HANDLERS)


def test_the_keys_are_those_of_the_processes() -> None:
    assert definition_keys(process_files()) == ["ClientCreationProcess", "HotelReservationProcess"]
    text = b"""<process\n isExecutable='true' id='A'/><bpmn2:process id="B">"""
    assert definition_keys({"a.bpmn": text}) == ["A", "B"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (b'<process camunda:historyTimeToLive="P180D">', b'<process camunda:historyTimeToLive="P7D">'),
        (b"<process operaton:historyTimeToLive = '5'>", b'<process operaton:historyTimeToLive = "P7D">'),
        (b"<process>", b"<process>"),
    ],
)
def test_a_time_to_live_replaces_that_of_the_models(tmp_path: Path, given: bytes, made: bytes) -> None:
    (tmp_path / "a.bpmn").write_bytes(given)

    assert process_files(tmp_path, history_time_to_live="P7D") == {"a.bpmn": made}
    assert process_files(tmp_path) == {"a.bpmn": given}


@pytest.mark.parametrize("value", ["7", "P1Y", "P7D\n", 'P7D" x="', "soon"])
def test_a_time_to_live_that_is_no_number_of_days_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HOTEL_HISTORY_TIME_TO_LIVE", value)

    with pytest.raises(ValidationError):
        HotelSettings()


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no \.bpmn files"):
        process_files(tmp_path)


def test_a_file_without_end_is_not_read_to_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.bpmn").symlink_to("/dev/zero")

    with pytest.raises(InvalidInput, match=r"a\.bpmn is larger than 16777216 bytes"):
        process_files(tmp_path)


def test_a_name_that_no_request_can_carry_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.bpmn")).write_bytes(b"<process/>")

    with pytest.raises(InvalidInput, match="is not UTF-8: give the file another"):
        process_files(tmp_path)


def test_models_in_other_encodings_are_read_as_far_as_they_can_be() -> None:
    latin = '<process id="gr\u00f6\u00dfe"/><process id="B"/><task camunda:topic="gr\u00f6\u00dfe"/>'.encode(
        "latin-1"
    )

    assert definition_keys({"a.bpmn": latin}) == ["B"]
    assert len(topics_of({"a.bpmn": latin})) == 1


def test_processes_that_a_user_may_not_see_are_named() -> None:
    with http_stub() as stub:
        stub.answer(Answer(200, {"count": 1}))
        stub.answer(Answer(200, {"count": 0}))
        with EngineClient(stub.url) as engine:
            assert unknown_to(engine, ["Mine", "Shop"]) == ["Shop"]
