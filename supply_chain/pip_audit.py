"""pip-audit on the pinned requirements, with a response that cannot be misread."""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from packageurl import PackageURL

from supply_chain.errors import UnreachableError


def faults(url: str, requirements: Sequence[Path]) -> dict[PackageURL, list[str]]:
    """Return the ids of the advisories of each pinned package that has any.

    Raises:
        UnreachableError: pip-audit could not ask for every package; it ends with 0 and the words "No known
            vulnerabilities found" even if it skipped them all.
    """
    files = [part for file in requirements for part in ("--requirement", str(file))]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--require-hashes",
            "--disable-pip",
            "--progress-spinner=off",
            "--format=json",
            "--vulnerability-service=osv",
            f"--osv-url={url}/v1/query",
            *files,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError) as error:
        reason = (done.stderr.strip() or "no response").splitlines()[-1]
        raise UnreachableError(f"pip-audit ended with code {done.returncode}: {reason}") from error
    return advisories(dependencies)


def advisories(dependencies: Iterable[dict[str, Any]]) -> dict[PackageURL, list[str]]:
    """Return the faults in pip-audit's report.

    Raises:
        UnreachableError: it skipped a package, or looked at none.
    """
    reported = list(dependencies)
    if skipped := [entry["name"] for entry in reported if "skip_reason" in entry]:
        raise UnreachableError(f"pip-audit skipped {len(skipped)} packages: {', '.join(skipped)}")
    if not reported:
        raise UnreachableError("pip-audit looked at no package")
    return {
        PackageURL("pypi", None, entry["name"], entry["version"]): [fault["id"] for fault in entry["vulns"]]
        for entry in reported
        if entry["vulns"]
    }
