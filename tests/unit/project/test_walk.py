"""Each command of README and docs is typed by the newcomer of `make docs-test`, or has a reason why not."""

import pytest
from support.documented import commands
from support.not_run import REASONS, reason
from support.walk import PAGES, WALK, typed


def test_every_command_is_typed_or_has_a_reason_why_not() -> None:
    untouched = [
        f"{page.name}: {command.splitlines()[0]}"
        for page in PAGES
        for command in commands(page)
        if not command.startswith(tuple(WALK)) and reason(command) is None
    ]

    assert untouched == []


@pytest.mark.parametrize("begin", [*WALK, *REASONS])
def test_every_beginning_is_one_of_a_command(begin: str) -> None:
    assert typed(begin), f"no page has such a command: remove {begin!r}"


def test_no_command_is_both_typed_and_excused() -> None:
    assert [begin for begin in WALK if reason(begin)] == []
