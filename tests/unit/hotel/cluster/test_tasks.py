"""`hotel tasks`, once and watched, against an engine and a cluster that come and go."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hotel.errors import ExitCode
from support.fake_kubectl import FakeKubectl, hotel_release, scaler
from support.hotel_command import HotelCommand
from support.waiting import eventually

PLACE = ("--namespace", "hotel")
DECIDED: dict[str, Any] = {
    "replicas": 1,
    "desiredReplicas": 3,
    "unlocked": 5,
    "locked": 2,
    "decision": "Scale to 3.",
}
NONE = {"unlocked": 0, "locked": 0, "failed": 0, "suspended": 0}


class Engine:
    """An engine that counts tasks; it may be away."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, int]] = {}
        self.away = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.port = self._server.server_address[1]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, target: str) -> Any:
        parts = urlsplit(target)
        if parts.path.endswith("/topic-names"):
            return list(self.tasks)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        states = {"notLocked": "unlocked", "locked": "locked", "noRetriesLeft": "failed"}
        state = next((states[name] for name in states if query.get(name) == "true"), "suspended")
        return {"count": self.tasks[query["topicName"]].get(state, 0)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if engine.away:
                    return
                body = json.dumps(engine.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def engine(cluster: FakeKubectl) -> Iterator[Engine]:
    """The engine of a release in the cluster."""
    engine = Engine()
    cluster.know(*hotel_release())
    cluster.lead("hotel-engine", 8080, engine.port)
    yield engine
    engine.close()


@pytest.fixture
def run(cluster: FakeKubectl, tmp_path: Path) -> HotelCommand:
    return HotelCommand(tmp_path, {"PATH": cluster.path})


class Watched:
    """A watch under way, and what it has printed."""

    def __init__(self, process: "subprocess.Popen[Any]", output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def text(self) -> str:
        return self._output.read_text()

    @property
    def lines(self) -> list[Any]:
        *whole, _ = self.text.split("\n")
        return [json.loads(line) for line in whole]

    def end(self) -> tuple[int, str]:
        """Interrupt it; return the exit code and what is on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@pytest.fixture
def watch(run: HotelCommand, tmp_path: Path) -> Iterator[Any]:
    begun: list[subprocess.Popen[Any]] = []

    def begin(*options: str, place: Sequence[str] = PLACE) -> Watched:
        output = tmp_path / "output"
        with output.open("w") as file:
            process = run.begin(*place, "tasks", "--watch", "--interval", "0.1", *options, stdout=file)
        begun.append(process)
        return Watched(process, output)

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def test_in_a_cluster_the_scalers_are_beside_the_topics(
    cluster: FakeKubectl, engine: Engine, run: HotelCommand
) -> None:
    cluster.know(scaler(**DECIDED))
    engine.tasks = {"block-room": {"unlocked": 5, "locked": 2}, "strange": {"failed": 1}}

    ran, text = run(*PLACE, "tasks", "--json"), run(*PLACE, "tasks")

    assert ran.code == 0, ran.err
    (found,) = ran.json.pop("scalers")
    assert (found["name"], found["replicas"], found["desired"]) == ("hotel-worker-default", 1, 3)
    assert ran.json["block-room"] == {**NONE, "unlocked": 5, "locked": 2}
    assert ran.json["strange"] == {**NONE, "failed": 1}
    assert ran.json["validate-input"] == NONE
    assert "hotel-worker-default: Scale to 3." in text.out


def test_outside_of_a_cluster_the_document_is_the_topics_alone(
    cluster: FakeKubectl, engine: Engine, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{engine.port}/engine-rest"

    ran = HotelCommand(tmp_path, {"HOTEL_ENGINE_URL": url})("tasks", "--json")

    assert ran.code == 0, ran.err
    assert ran.json["validate-input"] == NONE
    assert "scalers" not in ran.json
    assert cluster.calls == []


def test_scalers_that_may_not_be_read_leave_the_topics(
    cluster: FakeKubectl, engine: Engine, run: HotelCommand
) -> None:
    cluster.fail(
        "get externaltaskscalers.hotel.example.com",
        "Error from server (Forbidden): externaltaskscalers is forbidden",
    )

    ran = run(*PLACE, "tasks", "--json")

    assert (ran.code, ran.json["scalers"]) == (0, None)
    assert ran.err.startswith("the scalers are not shown: externaltaskscalers is forbidden")


def test_a_watch_tells_changes_alone_a_line_each(cluster: FakeKubectl, engine: Engine, watch: Any) -> None:
    watched = watch("--json")
    eventually(lambda: len(watched.lines) == 1)
    looks = len(cluster.calls)
    eventually(lambda: len(cluster.calls) > looks + 2)
    engine.tasks = {"block-room": {"unlocked": 1}}
    eventually(lambda: len(watched.lines) == 2)
    cluster.know(scaler(**DECIDED))
    eventually(lambda: len(watched.lines) == 3)

    assert [line["topics"]["block-room"]["unlocked"] for line in watched.lines] == [0, 1, 1]
    assert [len(line["scalers"]) for line in watched.lines] == [0, 0, 1]
    assert watched.end() == (ExitCode.OK, "")


def test_an_engine_that_is_away_for_a_while_is_a_line(engine: Engine, watch: Any) -> None:
    watched = watch("--json")
    eventually(lambda: watched.lines)
    engine.away = True
    eventually(lambda: watched.lines[-1]["problems"])
    engine.away = False
    eventually(lambda: not watched.lines[-1]["problems"])

    away = watched.lines[1]
    assert away["topics"] is None
    assert away["problems"]["engine"].startswith("the engine is not reachable: ")
    assert watched.lines[-1]["topics"] is not None
    assert watched.end() == (ExitCode.OK, "")


def test_an_api_server_that_is_away_for_a_while_is_a_line(
    cluster: FakeKubectl, engine: Engine, watch: Any
) -> None:
    watched = watch()
    eventually(lambda: "validate-input" in watched.text)
    cluster.fail("get", "The connection to the server 10.0.0.1:6443 was refused")
    eventually(lambda: "10.0.0.1:6443 was refused" in watched.text)
    cluster.fail("get", "")
    cluster.know(scaler(**DECIDED))
    eventually(lambda: "hotel-worker-default: Scale to 3." in watched.text)

    assert watched.end() == (ExitCode.OK, "")


def test_a_watch_without_a_hotel_ends_at_once_with_its_error(cluster: FakeKubectl, run: HotelCommand) -> None:
    ran = run(*PLACE, "tasks", "--watch")

    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith("hotel: there is no namespace hotel")


def test_in_a_terminal_it_redraws_in_place_until_ctrl_c(
    cluster: FakeKubectl, engine: Engine, tmp_path: Path
) -> None:
    cluster.know(scaler(**DECIDED))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    line = [sys.executable, "-m", "hotel", *PLACE, "tasks", "--watch", "--interval", "0.1"]
    screen, terminal = pty.openpty()
    with subprocess.Popen(
        line, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True
    ) as process:
        os.close(terminal)
        shown = read_until(screen, "Ctrl-C ends it")
        engine.tasks = {"block-room": {"unlocked": 4321}}
        shown += read_until(screen, "4321")
        process.send_signal(signal.SIGINT)
        shown += read_until(screen, None)
    os.close(screen)

    assert "Scale to 3." in shown
    # Up and erased, line by line.
    assert re.search(r"(\x1b\[1A\x1b\[2K){5}", shown)
    assert "Traceback" not in shown
    assert process.returncode == ExitCode.OK


def read_until(screen: int, words: str | None) -> str:
    """Return what a terminal shows until some words come, or without words until its end."""
    shown = ""
    while words is None or words not in shown:
        try:
            part = os.read(screen, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part.decode(errors="replace")
    return shown
