"""Writes what the charts derive from other files.

Each README's table of values, each `values.schema.json`, each chart's defaults as a template, and the copies
of the CRD and of the templates that both charts use.

    python charts/generate.py          write them
    python charts/generate.py --check  fail if one is not as it would be written

A comment `# -- …` above a key in values.yaml describes it; further comment lines continue it. `README.md.in`
is the README with `{{ values }}` where the table goes. `values.schema.in.json` is the schema with two
abbreviations: see `schema`.
"""

import json
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
LIBRARY = "templates/_lib.tpl"
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


def schema(chart: Path) -> str:
    """Return the schema of a chart's values.

    A key `...` among properties names blocks (of `$blocks`) whose properties go there. Everywhere but in a
    list, null is a value too: it stands for the default or, inside what Kubernetes defines, for "not set".
    """
    source = json.loads((chart / "values.schema.in.json").read_text())
    blocks = source.pop("$blocks")
    expanded = _expanded(source, blocks)
    for part in (expanded["properties"], expanded["$defs"]):
        for name, value in part.items():
            part[name] = _nullable(value)
    return json.dumps(expanded, indent=1, ensure_ascii=False) + "\n"


def _expanded(value: Any, blocks: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_expanded(item, blocks) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, inner in value.items():
        if key == "...":
            for block in inner:
                result |= _expanded(blocks[block], blocks)
        else:
            result[key] = _expanded(inner, blocks)
    return result


def _nullable(value: dict[str, Any]) -> dict[str, Any]:
    result = dict(value)
    if "type" in value:
        kinds = [value["type"]] if isinstance(value["type"], str) else value["type"]
        result["type"] = [*kinds, "null"] if "null" not in kinds else kinds
    if "enum" in value:
        result["enum"] = [*value["enum"], None]
    if "properties" in value:
        result["properties"] = {name: _nullable(inner) for name, inner in value["properties"].items()}
    if isinstance(value.get("additionalProperties"), dict):
        result["additionalProperties"] = _nullable(value["additionalProperties"])
    return result


def defaults(chart: Path) -> str:
    """Return a template with the chart's defaults, but for those of a chart that is a part of it."""
    values = yaml.safe_load((chart / "values.yaml").read_text())
    values.pop("operator", None)
    text = json.dumps(values, indent=1, ensure_ascii=False)
    head = f'{{{{/* Written by charts/generate.py. */}}}}\n{{{{- define "{chart.name}.defaults" -}}}}'
    return f"{head}\n{text}\n{{{{- end -}}}}\n"


def generated() -> dict[Path, str]:
    """Return every generated file with its content."""
    hotel, operator = CHARTS
    files = {CRD[1]: CRD[0].read_text(), hotel / LIBRARY: (operator / LIBRARY).read_text()}
    for chart in CHARTS:
        files[chart / "README.md"] = readme(chart)
        files[chart / "values.schema.json"] = schema(chart)
        files[chart / "templates/_defaults.tpl"] = defaults(chart)
    return files


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
