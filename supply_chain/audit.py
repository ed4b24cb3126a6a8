"""Ask the advisory service OSV for known faults of all Python and Maven dependencies."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from packageurl import PackageURL

from supply_chain import bom, osv, pip_audit
from supply_chain.errors import UnreachableError

FAULTS_FOUND: Final = 1
NOT_AUDITED: Final = 3

Faults = dict[PackageURL, list[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is known and return the exit code: 0 no known fault, 1 faults, 3 not (all) audited."""
    options = parsed(arguments)
    maven = sorted({bom.key(purl) for sbom in options.sboms for purl, _ in bom.packages(bom.read(sbom))})
    audits: dict[str, Callable[[], Faults]] = {
        f"{len(maven)} Maven packages": lambda: osv.faults(options.osv_url, maven),
        f"{len(options.requirements)} files of Python requirements": lambda: pip_audit.faults(
            options.osv_url, options.requirements
        ),
    }
    return max(audited(what, audit) for what, audit in audits.items())


def audited(what: str, audit: Callable[[], Faults]) -> int:
    """Run one audit, print its outcome and return its exit code."""
    try:
        found = audit()
    except UnreachableError as error:
        print(f"NOT AUDITED: {what}: {error}", file=sys.stderr)
        print(
            "Whether they have known faults was not found out: run it where OSV is reachable", file=sys.stderr
        )
        return NOT_AUDITED
    for purl, advisories in sorted(found.items()):
        print(f"known fault: {purl.to_string()}: {', '.join(advisories)}")
    if found:
        return FAULTS_FOUND
    print(f"no known fault: {what}")
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m supply_chain.audit", description=__doc__)
    parser.add_argument("--osv-url", default="https://api.osv.dev", help="root of the advisory service's API")
    parser.add_argument(
        "--requirements", type=Path, nargs="+", required=True, help="files with pinned packages"
    )
    parser.add_argument("--sboms", type=Path, nargs="+", required=True, help="SBOMs of Maven projects")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
