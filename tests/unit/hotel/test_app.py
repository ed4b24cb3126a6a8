"""Options before the command: what they are refused for."""

from pathlib import Path

import pytest
from hotel.errors import ExitCode
from support.hotel_command import HotelCommand

PLACES = (("--context", "lab"), ("--namespace", "hotel"), ("--release", "grand"))


@pytest.mark.parametrize("command", ["up", "down", "demo"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_commands_of_the_local_stack_do_not_take_a_cluster(
    tmp_path: Path, command: str, place: tuple[str, str]
) -> None:
    ran = HotelCommand(tmp_path / "home")(*place, command)

    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith(f"hotel: `hotel {command}` is for the local stack: leave --context")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("variable", ["HOTEL_CONTEXT", "HOTEL_NAMESPACE", "HOTEL_RELEASE"])
def test_nor_do_they_by_a_variable(tmp_path: Path, variable: str) -> None:
    ran = HotelCommand(tmp_path, {variable: "grand"})("down")

    assert (ran.code, variable in ran.err) == (ExitCode.USAGE, True)


@pytest.mark.parametrize("option", ["--context", "--namespace", "--release"])
def test_an_empty_option_is_a_mistake_and_not_another_hotel(tmp_path: Path, option: str) -> None:
    ran = HotelCommand(tmp_path)(option, "", "list")

    assert (ran.code, ran.err) == (ExitCode.USAGE, f"hotel: {option} is empty\n")
