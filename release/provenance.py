"""What a release's files were built from: an in-toto statement with SLSA's provenance, version 1.

python -m release.provenance FOLDER --source https://… > provenance.json
"""

import argparse
import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def statement(folder: Path, source: str, commit: str) -> dict[str, Any]:
    """Return the statement about every file in a folder.

    Args:
        folder: the files of a release.
        source: the address of the sources; nothing where they have none.
        commit: git's name of what was built.
    """
    subjects = [
        {"name": file.name, "digest": {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}}
        for file in sorted(folder.iterdir())
        if file.is_file()
    ]
    material: dict[str, Any] = {"digest": {"gitCommit": commit}}
    if source:
        material["uri"] = f"git+{source}"
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:hotel:make-release:v1",
                "externalParameters": {"version": folder.name, "source": source},
                "internalParameters": {"python": platform.python_version(), "system": platform.system()},
                "resolvedDependencies": [material],
            },
            "runDetails": {"builder": {"id": "urn:hotel:make-release"}},
        },
    }


def main() -> None:
    """Print the statement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", default="")
    given = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    json.dump(statement(given.folder, given.source, commit.stdout.strip()), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
