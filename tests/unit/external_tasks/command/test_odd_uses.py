"""Whatever the command is given, it ends with a sentence and a code that says what came of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from external_tasks.command.line import run
from external_tasks.command.models import keys, read

WORKER = """
import sys
from external_tasks import TaskRouter
router = TaskRouter()
@router.task("Größe")
def handle() -> None: ...
def ending() -> None:
    sys.exit(0)
async def later() -> TaskRouter:
    return router
"""
ENDINGS = {
    "ends well": "import sys\nsys.exit(0)",
    "ends with words": "import sys\nsys.exit('no such thing')",
    "ends in a text": """
class OddError(Exception):
    def __str__(self):
        raise SystemExit(0)
raise OddError
""",
}
DEFINITIONS = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn">{}</definitions>'
)
MODEL = DEFINITIONS.format(
    '<process id="p"><serviceTask id="tä" camunda:type="external" camunda:topic="Größe"/></process>'
)
DEPTH = 3000


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a worker and a model, which is the working folder."""
    (tmp_path / "odd_worker.py").write_text(WORKER, "utf-8")
    (tmp_path / "order.bpmn").write_text(MODEL, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in ("odd_worker", "ending_module"):
        sys.modules.pop(name, None)


def command(*arguments: str, **options: object) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **options.pop("environment", {})}  # type: ignore[dict-item]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "external_tasks.command", *arguments],
        env=environment,
        check=False,
        timeout=60,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


@pytest.mark.parametrize("code", ENDINGS.values(), ids=ENDINGS)
def test_a_module_that_ends_the_program_is_no_success(
    shop: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    (shop / "ending_module.py").write_text(code, "utf-8")

    assert run(["check", "ending_module:router", "order.bpmn"]) == 1
    assert capsys.readouterr().err.startswith("external-tasks: ending_module ")


def test_a_function_that_ends_the_program_makes_no_worker(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "odd_worker:ending", "order.bpmn"]) == 1
    assert run(["check", "odd_worker:later", "order.bpmn"]) == 1

    first, second = capsys.readouterr().err.splitlines()
    assert first == "external-tasks: odd_worker:ending failed: SystemExit: 0"
    assert second.startswith("external-tasks: odd_worker:later is a coroutine: name a Worker")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not well-formed XML: no element found"),
        (bytes(range(256)), "is not well-formed XML"),
        (b'<?xml version="1.0" encoding="nope"?><definitions/>', "is not well-formed XML: unknown encoding"),
        (b'<?xml version="1.0" encoding="shift_jis"?><definitions/>', "is not well-formed XML: multi-byte"),
        (b'<?xml version="1.0" encoding="rot13"?><definitions/>', "is not well-formed XML"),
        (
            f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "p">]>{MODEL}'.encode(),
            "has a DOCTYPE, which no BPMN model needs",
        ),
        (
            f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "p">]>{MODEL}'.encode("utf-16"),
            "has a DOCTYPE, which no BPMN model needs",
        ),
    ],
    ids=["empty", "binary", "no encoding", "two bytes", "no text", "entities", "entities in UTF-16"],
)
def test_a_file_that_is_no_model_is_named(
    shop: Path, capsys: pytest.CaptureFixture[str], content: bytes, complaint: str
) -> None:
    (shop / "odd.bpmn").write_bytes(content)

    assert run(["check", "odd_worker:router", "odd.bpmn"]) == 1
    assert capsys.readouterr().err.startswith(f"external-tasks: odd.bpmn {complaint}")
    assert list(keys(content)) == []


def test_a_model_without_end_is_not_read_to_the_end(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "endless.bpmn").symlink_to("/dev/zero")

    assert run(["check", "odd_worker:router", "endless.bpmn"]) == 1
    assert run(["dev", "--jar", "/no/such.jar", "endless.bpmn"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == second
    assert first.startswith("external-tasks: endless.bpmn is larger than")


@pytest.mark.parametrize("user", ["", "a:b"])
def test_an_administrator_who_cannot_log_in_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str], user: str
) -> None:
    assert run(["dev", "--jar", "/no/such.jar", "--user", user]) == 1
    assert "--user must be a name without a colon" in capsys.readouterr().err


def test_a_secret_without_end_is_not_read_to_the_end(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_TOKEN_FILE", "/dev/zero")

    assert run(["run", "odd_worker:router"]) == 2
    assert "token must hold visible ASCII characters" in capsys.readouterr().err


def test_a_model_may_be_as_deep_as_it_likes(shop: Path) -> None:
    inside = '<subProcess id="s">' * DEPTH + '<task id="t"/>' + "</subProcess>" * DEPTH
    (shop / "deep.bpmn").write_text(DEFINITIONS.format(f'<process id="p">{inside}</process>'), "utf-8")

    assert read(shop / "deep.bpmn").processes == ("p",)


def test_letters_that_the_terminal_cannot_write_are_escaped(shop: Path) -> None:
    made = command(
        "check",
        "odd_worker:router",
        "order.bpmn",
        "--start-variables",
        "x",
        environment={"PYTHONIOENCODING": "ascii"},
        cwd=shop,
    )
    assert (made.returncode, made.stderr) == (0, b"")
    made = command("init", "größe", environment={"PYTHONIOENCODING": "ascii"}, cwd=shop)
    assert (made.returncode, made.stderr) == (0, b"")
    assert made.stdout.startswith(b"made gr\\xf6\\xdfe: order.bpmn")


def test_a_reader_that_leaves_is_no_error(shop: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        left = command("check", "odd_worker:router", "order.bpmn", stdout=writing, cwd=shop)
    finally:
        os.close(writing)

    assert (left.returncode, left.stderr) == (141, b"")


def test_a_full_disk_is_said_in_one_line(shop: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        failed = command("check", "odd_worker:router", "order.bpmn", stdout=full, cwd=shop)

    assert failed.returncode == 1
    assert failed.stderr == b"external-tasks: OSError: [Errno 28] No space left on device\n"


def test_without_an_output_the_code_alone_tells(shop: Path) -> None:
    line = f'exec "{sys.executable}" -m external_tasks.command check odd_worker:router order.bpmn >&- 2>&-'

    assert subprocess.run(["sh", "-c", line], cwd=shop, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    "arguments", [["check", "odd_worker:router", "order.bpmn"], ["run", "--reload", "odd_worker:router"]]
)
def test_a_folder_that_was_deleted_meanwhile_is_said(shop: Path, arguments: list[str]) -> None:
    line = f'mkdir gone && cd gone && rmdir ../gone && exec "{sys.executable}" -m external_tasks.command "$@"'

    failed = subprocess.run(
        ["sh", "-c", line, "sh", *arguments],
        cwd=shop,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )

    assert failed.returncode == 1
    assert failed.stderr.startswith("external-tasks: the working folder cannot be read")


def test_a_port_of_many_digits_is_none(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTH_PORT", "9" * 5000)

    assert run(["run", "odd_worker:router"]) == 2
    assert capsys.readouterr().err.startswith("external-tasks: HEALTH_PORT must be a port")
