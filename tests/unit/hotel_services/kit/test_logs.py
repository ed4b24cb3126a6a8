import json
import logging
from collections.abc import Iterator

import pytest
from hotel_services.kit.logs import REQUEST_ID, configure_logging
from hotel_services.kit.settings import ServiceSettings


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    for name in ("alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(capsys: pytest.CaptureFixture[str]) -> str:
    logging.getLogger("somewhere").info("room held", extra={"room_id": "101"})
    return capsys.readouterr().err


def test_line_is_one_json_object_with_the_requests_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("room", ServiceSettings())
    token = REQUEST_ID.set("abc")
    line = json.loads(written(capsys))
    REQUEST_ID.reset(token)
    assert (line["message"], line["service"], line["level"]) == ("room held", "room", "INFO")
    assert (line["room_id"], line["request_id"]) == ("101", "abc")


def test_text_for_people_holds_the_facts_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("room", ServiceSettings(log_format="text"))
    assert written(capsys).endswith("INFO room somewhere: room held room_id=101\n")


def test_rows_are_not_shown_even_to_debuggers() -> None:
    configure_logging("client", ServiceSettings(log_level="DEBUG"))
    assert not logging.getLogger("sqlalchemy.engine").isEnabledFor(logging.INFO)


def test_text_of_strangers_writes_no_lines_and_sends_no_commands(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("room", ServiceSettings(log_format="text"))
    hostile = "a\n2026-01-01 CRITICAL forged\r\x1b[2J\u202e\x00"

    logging.getLogger("hotel").error(
        "refused %s", hostile, extra={"path": hostile}, exc_info=ValueError(hostile)
    )

    first, *others = capsys.readouterr().err.rstrip("\n").split("\n")

    escaped = r"a\n2026-01-01 CRITICAL forged\r\x1b[2J\u202e\x00"
    assert first.endswith(rf"refused {escaped} path={escaped}")
    assert others[0].startswith("    ValueError: a")
    assert all(line.startswith("    ") for line in others)
    assert all(line.isprintable() for line in (first, *others))
