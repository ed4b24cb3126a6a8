"""Options, usage errors, help, completion and interrupts: what a user meets before any hotel."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hotel.errors import ExitCode
from support.hotel_command import HotelCommand
from support.waiting import eventually

PLACES = (("--context", "lab"), ("--namespace", "hotel"), ("-n", "hotel"), ("--release", "grand"))


@pytest.mark.parametrize("command", ["up", "down", "demo", "ps"])
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


@pytest.mark.parametrize("option", ["--home", "--context", "--namespace", "--release"])
@pytest.mark.parametrize("after", [True, False])
def test_an_empty_option_is_a_mistake_and_not_another_hotel(
    tmp_path: Path,
    option: str,
    after: bool,  # noqa: FBT001
) -> None:
    line = ("list", option, "") if after else (option, "", "list")

    ran = HotelCommand(tmp_path)(*line)

    assert (ran.code, ran.err) == (ExitCode.USAGE, f"hotel: {option} is empty\n")


@pytest.mark.parametrize("line", [("--home", "HERE", "list"), ("list", "--home", "HERE")])
def test_the_home_is_taken_before_and_after_the_command(tmp_path: Path, line: tuple[str, ...]) -> None:
    here = str(tmp_path / "here")

    ran = HotelCommand(tmp_path)(*(here if part == "HERE" else part for part in line))

    assert ran.code == ExitCode.UNREACHABLE
    assert here in ran.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["list", "--limit", "0"], "'--limit'"),
        (["list", "--limit"], "requires an argument"),
        (["list", "--state", "odd"], "'--state'"),
        (["list", "--lmit", "3"], "--lmit"),
        (["status"], "REF"),
        (["erase"], "one of --email, --client-id and --reference"),
        (["erase", "--email", "a@b.example", "--client-id", "1"], "one of"),
        (["reserve"], "--file"),
    ],
)
def test_wrong_usage_is_told_in_one_line(tmp_path: Path, line: list[str], words: str) -> None:
    ran = HotelCommand(tmp_path)(*line)

    assert (ran.code, ran.out, ran.err.count("\n")) == (ExitCode.USAGE, "", 1), ran.err
    assert ran.err.startswith("hotel: ")
    assert words in ran.err


@pytest.mark.parametrize("line", [("-h",), ("--help",), ("reserve", "-h"), ("up", "--help")])
def test_help_has_a_short_option_and_no_boxes(tmp_path: Path, line: tuple[str, ...]) -> None:
    ran = HotelCommand(tmp_path)(*line)

    assert ran.code == ExitCode.OK
    assert ran.out.startswith("Usage: hotel ")
    assert ran.out.isascii()


def test_reserve_says_what_is_required(tmp_path: Path) -> None:
    text = HotelCommand(tmp_path, {"COLUMNS": "200"})("reserve", "-h").out

    for option in ("first-name", "last-name", "email", "check-in", "check-out", "room-type", "guests"):
        line = next(line for line in text.splitlines() if f"--{option} " in line)
        assert "Required." in line, option
    assert text.count("Of the guest.") == 0


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete_bash"), ("zsh", "complete_zsh")])
def test_a_shell_completes_commands(tmp_path: Path, shell: str, word: str) -> None:
    words = {"COMP_WORDS": "hotel canc", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "hotel canc"}

    ran = HotelCommand(tmp_path, {"_HOTEL_COMPLETE": word, **words})()

    assert "cancel" in ran.out, (shell, ran.err)


def test_nothing_but_a_line_is_seen_of_an_interrupt_while_it_loads(tmp_path: Path) -> None:
    """Whatever moment Ctrl-C comes at, once the package is there to hear it."""
    code = (
        "import sys, builtins\n"
        "sys.argv = ['hotel', 'list']\n"
        "from hotel.__main__ import main\n"
        "assert 'hotel.reservations.client' not in sys.modules, 'loaded too early'\n"
        "real = builtins.__import__\n"
        "def interrupted(name, *rest, **more):\n"
        "    if name == 'typer': raise KeyboardInterrupt\n"
        "    return real(name, *rest, **more)\n"
        "builtins.__import__ = interrupted\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (ran.returncode, ran.stdout) == (ExitCode.INTERRUPTED, "")
    assert ran.stderr == "hotel: interrupted\n"


def test_an_argument_that_is_not_utf_8_is_a_mistake(tmp_path: Path) -> None:
    ran = HotelCommand(tmp_path, {"HOTEL_ENGINE_URL": "http://127.0.0.1:9/engine-rest"})(
        "status", os.fsdecode(b"\xff")
    )

    assert (ran.code, ran.err) == (
        ExitCode.USAGE,
        "hotel: an argument or the name of a file is not UTF-8\n",
    )


@pytest.mark.parametrize("content", ["/dev/zero", "[" * 100_000])
def test_a_reservation_without_end_or_bottom_is_a_mistake(tmp_path: Path, content: str) -> None:
    file = Path(content)
    if not content.startswith("/"):
        file = tmp_path / "deep.json"
        file.write_text(content)

    ran = HotelCommand(tmp_path, {"HOTEL_ENGINE_URL": "http://127.0.0.1:9/engine-rest"})(
        "reserve", "--file", str(file)
    )

    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith(f"hotel: {file} is n")


def test_a_reader_that_leaves_ends_the_command_quietly(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as output, HotelCommand(tmp_path).begin("reserve", "-h", stdout=output) as ran:
        _, problem = ran.communicate(timeout=60)

    assert "Traceback" not in problem
    assert "Exception ignored" not in problem


def test_an_interrupt_while_an_answer_is_awaited_is_told(tmp_path: Path) -> None:
    ready = tmp_path / "asked"
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(f"#!/bin/sh\ntouch {ready}\nsleep 60\n")
    kubectl.chmod(0o755)
    hotel = HotelCommand(tmp_path, {"PATH": f"{kubectl.parent}:{os.environ['PATH']}"})
    with hotel.begin("list", "-n", "hotel") as running:
        eventually(ready.exists, seconds=60)
        running.send_signal(signal.SIGINT)
        out, problem = running.communicate(timeout=60)

    assert (running.returncode, out) == (ExitCode.INTERRUPTED, "")
    assert problem == "hotel: interrupted\n"
