"""List the licences of the dependencies, and refuse those that licences.toml does not allow."""

import dataclasses
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

from license_expression import AND, OR, ExpressionError, get_spdx_licensing
from packageurl import PackageURL

from supply_chain import bom

RULES: Final = Path(__file__).with_name("licences.toml")
SPDX: Final = get_spdx_licensing()


@dataclasses.dataclass(frozen=True)
class Rules:
    """Which licences dependencies may have."""

    allowed: frozenset[str]
    names: dict[str, str]
    exceptions: tuple[dict[str, str], ...]

    @classmethod
    def load(cls, file: Path = RULES) -> Self:
        """Read the rules from their file."""
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls(frozenset(content["allowed"]), content["names"], tuple(content["exceptions"]))

    def permit(self, purl: PackageURL, licences: list[str]) -> bool:
        """Return whether a component with these licences may be a dependency.

        Maven's lists are a choice, so one allowed licence is enough; of Python's, all must be allowed.
        """
        allowed = self.allowed | {
            entry["licence"] for entry in self.exceptions if purl.to_string().startswith(entry["component"])
        }
        judged = [self._allows(self.names.get(licence, licence), allowed) for licence in licences]
        return any(judged) if purl.type == "maven" else all(judged)

    def _allows(self, licence: str, allowed: frozenset[str]) -> bool:
        if licence in allowed:
            return True
        try:
            return allows(SPDX.parse(licence, validate=True), allowed)
        except ExpressionError:
            return False


def allows(expression: Any, allowed: frozenset[str]) -> bool:
    """Return whether an SPDX expression can be met with the allowed licences alone."""
    if isinstance(expression, OR):
        return any(allows(part, allowed) for part in expression.args)
    if isinstance(expression, AND):
        return all(allows(part, allowed) for part in expression.args)
    return str(expression) in allowed


def refused(packages: Iterable[tuple[PackageURL, bom.Component]], rules: Rules) -> list[str]:
    """Return a line for each package whose licence is not allowed."""
    return sorted(
        {
            f"{bom.key(purl).to_string()}: {', '.join(bom.licences(component))}"
            for purl, component in packages
            if not rules.permit(bom.key(purl), bom.licences(component))
        }
    )


def table(documents: dict[str, bom.Document]) -> str:
    """Return a Markdown table of all packages, their licences and the SBOMs that they are in."""
    places: dict[PackageURL, list[str]] = {}
    stated: dict[PackageURL, str] = {}
    for name, document in documents.items():
        for purl, component in bom.packages(document):
            places.setdefault(bom.key(purl), []).append(name)
            stated[bom.key(purl)] = ", ".join(bom.licences(component))
    rows = [
        f"| {'/'.join(filter(None, (purl.namespace, purl.name)))} | {purl.version} | {stated[purl]} "
        f"| {', '.join(found)} |"
        for purl, found in sorted(places.items(), key=lambda item: item[0].to_string())
    ]
    return "\n".join(["| package | version | licences | in |", "| --- | --- | --- | --- |", *rows, ""])


def main(output: Path, files: list[Path]) -> int:
    """Write the table and return the exit code: 0 all are allowed, 1 some are not."""
    documents = {file.name.removesuffix(".cdx.json"): bom.read(file) for file in files}
    output.write_text(table(documents), encoding="utf-8")
    packages = [package for document in documents.values() for package in bom.packages(document)]
    lines = refused(packages, Rules.load())
    for line in lines:
        print(f"licence not allowed: {line}", file=sys.stderr)
    if lines:
        print(f"replace them, or state an exception with its reason in {RULES.name}", file=sys.stderr)
    else:
        print(
            f"licences of {len({bom.key(purl) for purl, _ in packages})} packages are allowed; list: {output}"
        )
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]))
