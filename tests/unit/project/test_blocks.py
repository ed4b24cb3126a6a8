"""Every block of code in README and docs is at least what it says it is; most are run by other tests."""

import ast
import json
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import typer
import yaml
from hotel.commands.app import app
from support.documented import commands

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("charts/hotel/**/README.md"),
        *ROOT.glob("*/README.md"),
    ]
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [(page, *found) for page in PAGES for found in BLOCK.findall(page.read_text())]
LANGUAGES = {"", "console", "sh", "yaml", "json", "python", "sql", "mermaid"}


def of_language(*languages: str) -> list[pytest.ParameterSet]:
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}: {text.splitlines()[0][:50]}")
        for page, language, text in BLOCKS
        if language in languages
    ]


def test_every_block_is_of_a_language_that_is_checked() -> None:
    assert {language for _, language, _ in BLOCKS} <= LANGUAGES


@pytest.mark.parametrize("text", of_language("python"))
def test_python_can_be_read(text: str) -> None:
    ast.parse(text)


@pytest.mark.parametrize("text", of_language("yaml"))
def test_yaml_can_be_read(text: str) -> None:
    assert list(yaml.safe_load_all(text))


@pytest.mark.parametrize("text", of_language("json"))
def test_json_can_be_read(text: str) -> None:
    json.loads(text)


@pytest.mark.parametrize("text", of_language("sql"))
def test_sql_can_be_run(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(text)


@pytest.mark.parametrize("text", of_language("mermaid"))
def test_a_drawing_is_a_sequence_of_messages_between_its_participants(text: str) -> None:
    kind, *lines = [line.strip() for line in text.splitlines() if line.strip()]
    participants = {line.split()[1] for line in lines if line.startswith("participant ")}
    messages = [re.match(r"(\w+?)-{1,2}>>[+-]?(\w+): \S", line) for line in lines if ">>" in line]

    assert kind == "sequenceDiagram"
    assert messages
    assert {name for found in messages if found for name in found.groups()} <= participants
    assert all(messages)


COMMANDS = [
    pytest.param(command, id=f"{page.relative_to(ROOT)}: {command.splitlines()[0][:60]}")
    for page in PAGES
    for command in commands(page)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_read_by_the_shell(command: str) -> None:
    done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


HOTEL = [each for each in COMMANDS if str(each.values[0]).startswith("hotel ")]


@pytest.mark.parametrize("command", HOTEL)
def test_the_command_knows_every_option_that_is_shown(command: str) -> None:
    group = typer.main.get_command(app)
    words = re.sub(r"\s#.*$", "", command).split()
    name = next(word for word in words[1:] if word in group.commands)  # type: ignore[attr-defined]
    parts = (group, group.commands[name])  # type: ignore[attr-defined]
    known = {
        option for part in parts for each in part.params for option in (*each.opts, *each.secondary_opts)
    }

    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("name", ["architecture.svg", "cockpit.png", "tasks.svg"])
def test_a_picture_of_the_readme_is_small_and_asks_no_other_server(name: str) -> None:
    content = (ROOT / "docs" / name).read_bytes()

    assert f"](docs/{name})" in (ROOT / "README.md").read_text()
    assert len(content) < 200_000
    links = (
        re.findall(rb"""(?:href|src)=["']|url\((?!#)["']?h|@import""", content)
        if name.endswith("svg")
        else []
    )
    assert links == []
