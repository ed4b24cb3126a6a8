"""Renew the digests in images/bases.env from the registries: all of them, or none."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from supply_chain.errors import SupplyChainError, UnreachableError

LINE: Final = re.compile(r"(?P<name>[A-Z_]+)=(?P<image>[^\s@]+)(?:@sha256:[0-9a-f]{64})?")
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
UNREACHABLE: Final = 3
INSPECT: Final = ("docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}")
SECONDS: Final = 60


def renewed(text: str) -> str:
    """Return the file's text with the digest that each tag has in its registry now.

    Raises:
        SupplyChainError: a line has another form than NAME=image:tag or NAME=image:tag@sha256:digest.
        UnreachableError: a registry gave no digest.
    """
    return "".join(renewed_line(line) for line in text.splitlines(keepends=True))


def renewed_line(line: str) -> str:
    """Return one line with its digest; comments and empty lines stay as they are."""
    if not line.strip() or line.startswith("#"):
        return line
    match = LINE.fullmatch(line.strip())
    if match is None:
        raise SupplyChainError(
            f"{line.strip()!r} is not of the form NAME=image:tag: correct it and try again"
        )
    return f"{match['name']}={match['image']}@{digest_of(match['image'])}\n"


def digest_of(image: str) -> str:
    """Return the digest of a tag's index, which stands for the images of all platforms."""
    try:
        asked = subprocess.run(
            [*INSPECT, image], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise UnreachableError("docker is not on PATH: install Docker with its buildx plugin") from error
    except subprocess.TimeoutExpired as error:
        raise UnreachableError(f"{image}: its registry did not respond within {SECONDS} s") from error
    digest = asked.stdout.strip()
    if asked.returncode or not DIGEST.fullmatch(digest):
        reason = " ".join((asked.stderr or digest or "no response").split())
        raise UnreachableError(f"{image}: no digest from its registry: {reason}")
    return digest


def main(file: Path) -> int:
    """Renew the file and return the exit code: 0 done, 3 unchanged as a registry gave no digest."""
    before = file.read_text(encoding="utf-8")
    try:
        after = renewed(before)
    except UnreachableError as error:
        print(f"{error}\n{file} stays as it is: no digest was renewed", file=sys.stderr)
        return UNREACHABLE
    file.write_text(after, encoding="utf-8")
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    print("\n".join(["renewed:", *changed]) if changed else f"{file} is up to date")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except SupplyChainError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
