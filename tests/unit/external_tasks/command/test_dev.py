"""`external-tasks dev` refuses files that one deployment cannot hold, before it starts an engine."""

from pathlib import Path

import pytest
from external_tasks.command.line import run

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def model(*keys: str) -> str:
    processes = "".join(f'<process id="{key}" isExecutable="true"/>' for key in keys)
    return f'<definitions xmlns="{BPMN}">{processes}</definitions>'


def table(key: str) -> str:
    return f'<definitions xmlns="{DMN}"><decision id="{key}"/></definitions>'


def refused(capsys: pytest.CaptureFixture[str], *files: Path) -> str:
    # Without an engine: what is to be refused is refused before one is looked for.
    assert run(["dev", "--jar", "/no/such.jar", *map(str, files)]) == 1
    return capsys.readouterr().err


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (("a.bpmn", model("order")), ("b.bpmn", model("pay", "order")), "process 'order'"),
        (("a.dmn", table("price")), ("b.dmn", table("price")), "decision 'price'"),
        (("a.bpmn", model("order")), ("more/a.bpmn", model("pay")), "name 'a.bpmn'"),
    ],
)
def test_two_files_with_one_name_or_key_are_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    one: tuple[str, str],
    other: tuple[str, str],
    what: str,
) -> None:
    first, second = written(tmp_path, *one), written(tmp_path, *other)

    said = refused(capsys, first, second)

    assert said.startswith(f"external-tasks: {first} and {second} have the same {what}")
    assert said.count("\n") == 1


def test_a_file_that_is_named_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "a.bpmn", model("order"))

    assert f"{file} is named twice" in refused(capsys, file, file)


@pytest.mark.parametrize(
    "files",
    [
        (("a.bpmn", model("order")), ("b.bpmn", model("pay"))),
        (("a.bpmn", model("order")), ("order.dmn", table("order"))),
        (("a.bpmn", "no XML at all"), ("b.form", '{"id": "form"}')),
    ],
)
def test_what_one_deployment_can_hold_goes_on_to_the_engine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: tuple[tuple[str, str], tuple[str, str]]
) -> None:
    assert "there is no engine at /no/such.jar" in refused(
        capsys, *(written(tmp_path, *each) for each in files)
    )
