"""Log lines as people read them."""

import logging

import pytest
from external_tasks.visible import TextFormatter, visible, visible_lines


def line(message: str, **extra: object) -> str:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", **extra})
    return TextFormatter("%(levelname)s: %(message)s").format(record)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Zoë שלום 😀 (a, b)", "Zoë שלום 😀 (a, b)"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("one\ntwo\r\tthree", "one\\ntwo\\r\\tthree"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2028next\u200b", "\\u2028next\\u200b"),
        ("half \ud800", "half \\ud800"),
    ],
)
def test_what_a_stranger_wrote_is_shown_and_not_obeyed(text: str, written: str) -> None:
    assert visible(text) == written
    assert line(text) == f"INFO: {written}"


def test_a_traceback_stands_below_its_line() -> None:
    assert line("task failed", traceback='File "a.py"\n  x\x1b\nValueError\n').splitlines() == [
        "INFO: task failed",
        '    File "a.py"',
        "      x\\x1b",
        "    ValueError",
    ]


def test_an_exception_stands_below_its_line_too() -> None:
    written = line("failed", exc_info=(ValueError, ValueError("one\x1b\ntwo"), None)).splitlines()

    assert written == ["INFO: failed", "    ValueError: one\\x1b", "    two"]


def test_lines_after_the_first_look_like_no_message() -> None:
    assert visible_lines("its log ends with\n  a\x1b\nhotel: done") == (
        "its log ends with\n  a\\x1b\n  hotel: done"
    )
