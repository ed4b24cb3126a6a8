"""An engine for development: one process or container, that ends with the command."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from external_tasks.command.errors import CommandError
from external_tasks.command.models import content_of, keys
from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineError, EngineUnauthorized
from external_tasks.visible import visible

JAR_VARIABLE = "EXTERNAL_TASKS_ENGINE_JAR"
IMAGE = "operaton/operaton:latest"
"""A public image of an engine, whose REST API needs no login."""

_START_SECONDS = 240.0
_STOP_SECONDS = 30.0
_LOOK_SECONDS = 0.3
_LINES_SHOWN = 15
_CONTAINER_PORT = 8080


class _Ended(Exception):  # noqa: N818 - no error: the user ends it
    """A signal asks for the end."""


@dataclass(frozen=True)
class Options:
    """What the command line says of the engine; one without jar and image takes the default image."""

    jar: Path | None
    image: str | None
    port: int
    user: str
    password: str | None

    @property
    def url(self) -> str:
        """Where its REST API will be."""
        return f"http://localhost:{self.port}/engine-rest"


def serve(options: Options, models: Sequence[Path]) -> int:
    """Start an engine, deploy models to it, print how to reach it, and end it when a signal comes.

    Raises:
        CommandError: it does not start, or a model cannot be read.
        EngineError: it refuses a model.
    """
    try:
        _serve(options, models)
    except _Ended:
        return 0


def _serve(options: Options, models: Sequence[Path]) -> NoReturn:
    if not options.user or ":" in options.user:
        raise CommandError(f"--user must be a name without a colon, not {options.user!r}")
    resources = _read(models)
    _refuse_taken(options.port)
    password = options.password or secrets.token_urlsafe(12)
    with contextlib.ExitStack() as stack, _signals_end():
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="external-tasks-engine-")))
        log = folder / "engine.log"
        process = stack.enter_context(_running(_launch(options, password), folder, log))
        sys.stdout.write(f"starting an engine on port {options.port}, log: {log}\n")
        sys.stdout.flush()
        client, has_login = _wait_until_ready(options, password, process, log)
        stack.callback(client.close)
        deployed = client.deploy("external-tasks dev", resources).definitions if resources else ()
        _show(options, password if has_login else None, [each.key for each in deployed])
        code = process.wait()
        raise CommandError(f"the engine ended (exit code {code}): {_last_lines(log)}")


def _read(models: Sequence[Path]) -> dict[str, bytes]:
    """Read the files by the names that they get in one deployment, which holds each name and key once."""
    resources: dict[str, bytes] = {}
    holders: dict[str, Path] = {}
    for model in models:
        content = content_of(model)
        if holders.get(f"name {model.name!r}") == model:
            raise CommandError(f"{model} is named twice: name it once")
        for what in (f"name {model.name!r}", *keys(content)):
            holder = holders.setdefault(what, model)
            if holder != model:
                raise CommandError(
                    f"{holder} and {model} have the same {what}, and a deployment takes each once: "
                    "rename one, or leave it out"
                )
        resources[model.name] = content
    return resources


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"port {port} is taken: stop what uses it, or name another by --port"
            ) from error


@dataclass(frozen=True)
class _Launch:
    """What to run for an engine; the container's name is None for a process."""

    line: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    container: str | None = None


def _launch(options: Options, password: str) -> _Launch:
    jar = options.jar
    if jar is None and options.image is None and (named := os.environ.get(JAR_VARIABLE)):
        jar = Path(named)
    if jar is None:
        return _container(options, password)
    if not jar.is_file():
        raise CommandError(f"there is no engine at {jar}: name its jar by --jar or {JAR_VARIABLE}")
    here = {"SERVER_ADDRESS": "127.0.0.1", "MANAGEMENT_SERVER_ADDRESS": "127.0.0.1"}
    line = [_tool("java", "a JDK 17 or newer"), "-jar", str(jar.resolve())]
    return _Launch(line, _settings(options, password, options.port) | here)


def _container(options: Options, password: str) -> _Launch:
    name = f"external-tasks-engine-{options.port}"
    settings = _settings(options, password, _CONTAINER_PORT)
    line = [
        _tool("docker", "Docker, or name the engine's jar by --jar"),
        *("run", "--rm", "--name", name),
        *("--publish", f"127.0.0.1:{options.port}:{_CONTAINER_PORT}"),
        # By their names alone: the values come from the environment, and stand in no list of processes.
        *(f"--env={setting}" for setting in settings),
        options.image or IMAGE,
    ]
    return _Launch(line, settings, name)


def _tool(name: str, what: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CommandError(f"{name} is not installed: install {what}")
    return found


def _settings(options: Options, password: str, port: int) -> dict[str, str]:
    """Return the settings by which the engines' Spring Boot applications take a port and an administrator."""
    return {
        "SERVER_PORT": str(port),
        "ENGINE_PORT": str(port),
        "ENGINE_MANAGEMENT_PORT": "0",
        "ENGINE_ADMIN_USER": options.user,
        "ENGINE_ADMIN_PASSWORD": password,
        "ENGINE_PROCESS_DEFINITIONS": "*",
        # In memory: an image may have no folder that it may write to.
        "ENGINE_DATABASE_URL": "jdbc:h2:mem:engine;DB_CLOSE_DELAY=-1",
        "CAMUNDA_BPM_ADMIN_USER_ID": options.user,
        "CAMUNDA_BPM_ADMIN_USER_PASSWORD": password,
        "OPERATON_BPM_ADMIN_USER_ID": options.user,
        "OPERATON_BPM_ADMIN_USER_PASSWORD": password,
    }


@contextlib.contextmanager
def _running(launch: _Launch, folder: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the engine that the user named
            launch.line,
            cwd=folder,
            env={**os.environ, **launch.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C of a terminal ends it once, from here.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if launch.container:
            # Where it did not heed the signal, as in the first moments of its start.
            remove = [launch.line[0], "rm", "--force", launch.container]
            subprocess.run(remove, capture_output=True, check=False)  # noqa: S603 - the container made above


@contextlib.contextmanager
def _signals_end() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C alike end what is inside, in order and without a trace."""

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise _Ended

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_ready(
    options: Options, password: str, process: "subprocess.Popen[bytes]", log: Path
) -> tuple[EngineClient, bool]:
    """Return a client of the engine, and whether the engine wants a login."""
    deadline = time.monotonic() + _START_SECONDS
    has_login = False
    client = EngineClient(options.url, timeout=5)
    while True:
        try:
            client.count_external_tasks()
        except EngineUnauthorized as error:
            client.close()
            if has_login:
                raise CommandError(
                    f"the engine refuses {options.user}: name its administrator by --user and --password"
                ) from error
            has_login = True
            client = EngineClient(options.url, auth=BasicAuth(options.user, password), timeout=5)
        except EngineError:
            if process.poll() is not None:
                raise CommandError(
                    f"the engine ended while it started (exit code {process.returncode}): {_last_lines(log)}"
                ) from None
            if time.monotonic() > deadline:
                raise CommandError(
                    f"no engine answers at {options.url} after {_START_SECONDS:.0f} s: {_last_lines(log)}"
                ) from None
            time.sleep(_LOOK_SECONDS)
        else:
            return client, has_login


def _show(options: Options, password: str | None, deployed: Sequence[str]) -> None:
    lines = [*(f"deployed {visible(each)}" for each in deployed), f"export ENGINE_URL={options.url}"]
    if password is not None:
        lines += [f"export ENGINE_USER={options.user}", f"export ENGINE_PASSWORD={password}"]
    lines.append("ready; Ctrl-C ends it, and nothing of it is kept")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _last_lines(log: Path) -> str:
    text = log.read_text("utf-8", "replace").strip().splitlines()[-_LINES_SHOWN:]
    return "\n  ".join(["its log ends with", *text]) if text else "its log is empty"
