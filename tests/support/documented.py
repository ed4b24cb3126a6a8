"""Commands that a document tells its readers to type."""

import re
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)


def console_blocks(document: Path, heading: str) -> list[str]:
    """Return each console block below a heading as a shell script, without what the commands print."""
    text = document.read_text()
    assert f"\n## {heading}\n" in text, f"{document.name} has no heading {heading!r}"
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return ["\n".join(_COMMAND.findall(block)) for block in _BLOCK.findall(section)]


def commands(document: Path) -> list[str]:
    """Return every command of a document: those after a `$`, and each shell block as a whole."""
    text = document.read_text()
    shell = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [command for block in _BLOCK.findall(text) for command in _COMMAND.findall(block)] + shell
