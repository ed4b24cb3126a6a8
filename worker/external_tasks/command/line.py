"""The command line: commands, their options, and the errors that are shown in one line."""

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from external_tasks.checks import HIGHEST_PORT
from external_tasks.command import checking, engine, project, running
from external_tasks.command.errors import CommandError, SettingError
from external_tasks.errors import EngineError, HealthPortUnavailable, RegistrationError
from external_tasks.output import drop_output
from external_tasks.visible import TextFormatter, visible_lines

_BAD_SETTING = 2
"""As for a wrong command line."""

_OUTPUT_CLOSED = 141
"""As a program that a closed pipe ends (128 + SIGPIPE)."""

_TARGET = "what to load, as MODULE:NAME: a Worker, a TaskRouter, or a function that returns one"


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say and return the exit code."""
    _prepare_output()
    try:
        code = _do(_parser().parse_args(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # The program that reads the output has ended, as `head` does after its lines.
        drop_output()
        return _OUTPUT_CLOSED
    except (CommandError, EngineError, HealthPortUnavailable, RegistrationError) as error:
        return _failed(error)
    except OSError as error:
        # A full disk behind standard output, or what the system refuses to a command.
        drop_output()
        return _failed(CommandError(f"{type(error).__name__}: {error}"))
    return code


def _failed(error: Exception) -> int:
    sys.stderr.write(f"external-tasks: {visible_lines(str(error))}\n")
    return _BAD_SETTING if isinstance(error, SettingError | HealthPortUnavailable) else 1


def _prepare_output() -> None:
    """Write what an encoding cannot hold as escapes, and nothing where no output is open."""
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - until the program ends


def _do(chosen: argparse.Namespace) -> int:
    if chosen.command == "init":
        project.make(chosen.folder)
        return 0
    if chosen.command == "check":
        return checking.check(chosen.target, chosen.models, chosen.start_variables)
    if chosen.command == "dev":
        return engine.serve(
            engine.Options(chosen.jar, chosen.image, chosen.port, chosen.user, chosen.password), chosen.models
        )
    if chosen.reload:
        return running.run_again_on_changes(chosen.target)
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return running.run(chosen.target)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="external-tasks", description="Workers for the external tasks of Camunda-7-compatible engines."
    )
    parser.add_argument("--version", action="version", version=f"external-tasks {version('external-tasks')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="make a project: a model, a worker, a test")
    init.add_argument("folder", type=Path, help="where to; it must be new or empty")

    run_ = commands.add_parser("run", help="run a worker until SIGTERM or Ctrl-C, then drain")
    run_.add_argument("target", help=_TARGET)
    run_.add_argument(
        "--reload", action="store_true", help="start it again when a .py file below this folder changes"
    )

    check = commands.add_parser("check", help="compare a worker with the models that it works for")
    check.add_argument("target", help=_TARGET)
    check.add_argument("models", nargs="+", type=Path, metavar="MODEL", help="BPMN files")
    check.add_argument(
        "--start-variables",
        type=_names,
        default=frozenset(),
        metavar="NAMES",
        help="variables that the process is started with, with commas between them",
    )

    dev = commands.add_parser("dev", help="start an engine for development, until Ctrl-C")
    dev.add_argument(
        "models", nargs="*", type=Path, metavar="MODEL", help="BPMN, DMN or form files to deploy"
    )
    source = dev.add_mutually_exclusive_group()
    source.add_argument(
        "--jar", type=Path, help=f"the engine as a Spring Boot jar (default: {engine.JAR_VARIABLE})"
    )
    source.add_argument("--image", help=f"the engine as a container (default: {engine.IMAGE})")
    dev.add_argument("--port", type=_port, default=8080, help="of the REST API, on this machine only (8080)")
    dev.add_argument(
        "--user", default="admin", help="the administrator's name, if the engine takes one (admin)"
    )
    dev.add_argument("--password", help="the administrator's password (default: a new one)")
    return parser


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {HIGHEST_PORT}, not {text!r}")
    return int(text)
