"""The output layer: every text passes it, and none is mark-up."""

import ast
import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from external_tasks.output import drop_output
from hotel.commands import output
from hotel.commands.output import Output, aligned, note, print_json

COMMANDS = Path(output.__file__).parent
NAMES = ("Mc:key:Donald", r"\[/] x", "[bold]x[/bold]", "[link=http://x]y[/]", ":x:", "a" * 300)


def printed(show: Callable[[], None], encoding: str) -> str:
    """Return what is printed to a standard output of an encoding."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding, errors="backslashreplace")
    with redirect_stdout(stream):
        show()
    stream.flush()
    return buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_printed_as_it_is(name: str, encoding: str) -> None:
    def show() -> None:
        Output().line("reservation ", (name, "bold"), ": ", name)
        Output().pairs({"first_name": name})
        Output().table(("name",), [(name,)])

    assert printed(show, encoding).splitlines() == [
        f"reservation {name}: {name}",
        f"first_name  {name}",
        "name",
        name,
    ]


def test_a_line_end_in_a_name_makes_no_line() -> None:
    def show() -> None:
        Output().table(("name", "state"), [("x\nR-1  confirmed", "failed")])

    assert printed(show, "utf-8").splitlines()[1:] == [r"x\nR-1  confirmed  failed"]


def test_columns_begin_at_the_same_place_for_wide_letters_too() -> None:
    lines = [line.plain for line in aligned([("日本", "x"), ("ab", "y"), ("abcdef", "z")])]

    assert lines == ["日本    x", "ab      y", "abcdef  z"]


def test_a_message_of_several_lines_cannot_pass_for_another_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    note("hotel: engine says\nhotel: all is well\x1b[2J")

    assert stream.getvalue() == "hotel: engine says\n  hotel: all is well\\x1b[2J\n"


def test_letters_that_an_encoding_lacks_stop_nothing() -> None:
    assert printed(lambda: Output().line("Zoë → 5"), "ascii") == "Zo\\xeb \\u2192 5\n"


def test_json_passes_no_formatter() -> None:
    text = printed(lambda: print_json({"name": "Mc:key:Donald [bold]"}), "utf-8")

    assert text == '{\n  "name": "Mc:key:Donald [bold]"\n}\n'


def test_commands_print_through_the_output_layer_alone() -> None:
    """A console, a rich text or a print elsewhere would be a way around it."""
    ways_around = {"Console", "Text", "Table", "print", "echo", "secho"}
    # The texts of these are the command's own: its version, its help, and where a redrawn block is put.
    allowed = {("app.py", "echo"), ("backlog_views.py", "Console"), ("backlog_views.py", "Text")}
    found = {
        (file.name, name)
        for file in COMMANDS.glob("*.py")
        if file.name != "output.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "id", getattr(node.func, "attr", ""))]
        if name in ways_around
    }

    assert found <= allowed


def test_a_reader_that_has_left_is_an_error_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the end of the program: `hotel tasks --watch | head` ends well."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", buffering=1) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(BrokenPipeError):
            Output().line("nobody reads this")
        drop_output()
