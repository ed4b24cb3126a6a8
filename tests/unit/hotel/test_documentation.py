"""docs/command.md lists what the command reads and what it ends with."""

import re
from pathlib import Path

import pytest
from hotel.errors import ExitCode
from hotel.settings import HotelSettings

PAGE = (Path(__file__).parents[3] / "docs/command.md").read_text()


@pytest.mark.parametrize("name", HotelSettings.model_fields)
def test_every_setting_is_in_the_table(name: str) -> None:
    assert re.search(rf"^\|.*`HOTEL_{name.upper()}`", PAGE.partition("## Settings")[2], re.MULTILINE)


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_in_the_table(code: ExitCode) -> None:
    assert re.search(rf"^\| {code.value} \|", PAGE, re.MULTILINE)
