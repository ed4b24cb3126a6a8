"""What others wrote is shown, and never obeyed by a terminal; JSON stays exactly the value."""

import json
import unicodedata

import pytest
from external_tasks.visible import visible
from hotel.visible import json_text
from hypothesis import given
from hypothesis import strategies as st

ESCAPES = "\x1b[2J\x1b]0;owned\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ESCAPES, r"\x1b[2J\x1b]0;owned\x07"),
        ("\x9b31mred", r"\x9b31mred"),
        ("a\x7fb", r"a\x7fb"),
        ("two\nlines\r\ttab", r"two\nlines\r\ttab"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066isolated\u2069", r"\u2066isolated\u2069"),
        ("zero\u200bwidth\ufeff\u00ad", r"zero\u200bwidth\ufeff\xad"),
        ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("half \ud83d", r"half \ud83d"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    ["Zoë Þórsdóttir", "محمد", "דוד", "a\u200cb", "👩\u200d🚀 🏨", "[bold]x[/]", ":key:", "\\[/] x"],
)
def test_all_other_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_no_text_leaves_anything_to_obey(text: str) -> None:
    assert not {unicodedata.category(character) for character in visible(text)} & {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@given(value=st.recursive(st.text() | st.integers() | st.booleans(), st.lists))
def test_json_is_the_same_value_in_every_encoding(encoding: str, value: object) -> None:
    written = json_text(value, indent=2, encoding=encoding)

    assert json.loads(written.encode(encoding).decode(encoding)) == value
    assert not {unicodedata.category(c) for c in written if c != "\n"} & {"Cc", "Cs", "Zl", "Zp"}


def test_json_keeps_letters_readable() -> None:
    assert json_text({"name": "Zoë محمد"}) == '{"name": "Zoë محمد"}'
    assert json_text("Mc:key:Donald") == '"Mc:key:Donald"'
