"""Log lines for people say what they are about."""

import logging

import pytest
from external_task_operator.logs import TextFormatter


def line(message: str, **extra: object) -> str:
    record = logging.makeLogRecord({"msg": message, "name": "operator", "levelname": "WARNING", **extra})
    return TextFormatter("%(levelname)s %(name)s: %(message)s").format(record)


def test_a_line_names_namespace_scaler_and_error() -> None:
    written = line("Poll failed", namespace="hotel", scaler="worker", error='503: "busy" now')

    assert written == (
        'WARNING operator: Poll failed namespace=hotel scaler=worker error="503: \\"busy\\" now"'
    )


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\nb", "a\rb", "a\u202eb", "a\x00b", "a \x9b31m b", ""])
def test_control_characters_of_strangers_are_made_visible(text: str) -> None:
    written = line(f"Poll failed {text}", error=text)

    assert written.isprintable()
    assert "error=" in written


def test_a_traceback_follows_its_line() -> None:
    error = ValueError("why")
    record = logging.makeLogRecord({"msg": "Poll failed", "exc_info": (ValueError, error, None)})

    written = TextFormatter("%(message)s").format(record)

    assert written == "Poll failed\nValueError: why"
