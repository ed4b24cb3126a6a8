"""Writes what the charts derive from other files: each README's table of values, and the copy of the CRD.

    python charts/generate.py          write them
    python charts/generate.py --check  fail if one is not as it would be written

A comment `# -- …` above a key in values.yaml describes it; further comment lines continue it. `README.md.in`
is the README with `{{ values }}` where the table goes.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[1]
CHARTS = (REPOSITORY / "charts/hotel", REPOSITORY / "charts/hotel/charts/external-task-scaler")
CRD = (
    REPOSITORY / "operator/crd/externaltaskscalers.yaml",
    REPOSITORY / "charts/hotel/charts/external-task-scaler/crds/externaltaskscalers.yaml",
)
_KEY = re.compile(r"^( *)([A-Za-z][A-Za-z0-9_.-]*):(.*)$")


@dataclass(frozen=True)
class Value:
    """One described value: where it is, what it is for, and what it is by default."""

    path: tuple[str, ...]
    description: str
    default: Any

    def row(self) -> str:
        """The value's row in the table."""
        default = yaml.safe_dump(self.default, default_flow_style=True, width=10_000).removesuffix("\n...\n")
        text = default.strip().replace("|", "\\|")
        return f"| `{'.'.join(self.path)}` | {self.description.replace('|', chr(92) + '|')} | `{text}` |"


def described_values(text: str) -> Iterator[Value]:
    """Yield the values of a values.yaml that have a description, in their order."""
    defaults = yaml.safe_load(text)
    path: list[tuple[int, str]] = []
    description: list[str] = []
    for line in text.splitlines():
        comment = line.strip()
        if comment.startswith("# -- "):
            description = [comment.removeprefix("# -- ")]
        elif comment.startswith("# ") and description:
            description.append(comment.removeprefix("# "))
        elif match := _KEY.match(line):
            indent, key = len(match[1]), match[2]
            path = [*(step for step in path if step[0] < indent), (indent, key)]
            if description:
                names = tuple(name for _, name in path)
                yield Value(names, " ".join(description), _look_up(defaults, names))
            description = []


def _look_up(values: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        values = values[name]
    return values


def readme(chart: Path) -> str:
    """Return the README of a chart as it should be."""
    rows = [value.row() for value in described_values((chart / "values.yaml").read_text())]
    table = "\n".join(["| value | what it is | default |", "| --- | --- | --- |", *rows])
    return (chart / "README.md.in").read_text().replace("{{ values }}", table)


def generated() -> dict[Path, str]:
    """Return every generated file with its content."""
    files = {chart / "README.md": readme(chart) for chart in CHARTS}
    return {**files, CRD[1]: CRD[0].read_text()}


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which are out of date."""
    stale = [file for file, text in generated().items() if not file.exists() or file.read_text() != text]
    if "--check" not in arguments:
        for file in stale:
            file.parent.mkdir(exist_ok=True)
            file.write_text(generated()[file])
        return 0
    for file in stale:
        sys.stderr.write(f"{file.relative_to(REPOSITORY)} is out of date: run python charts/generate.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
