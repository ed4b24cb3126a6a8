"""The command lines by which a release builds, pushes and signs its images."""

import shlex
import subprocess
from pathlib import Path

import pytest
from support.charts import REPOSITORY

IMAGES = ["hotel-engine", "hotel-service", "hotel-worker", "hotel-cli", "external-task-scaler"]
RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >> "{log}"
while [ $# -gt 0 ]; do
  if [ "$1" = --metadata-file ]; then echo '{{ "containerimage.digest": "sha256:abc" }}' > "$2"; fi
  shift
done
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the target needs of the repository, with tools that note how they are called."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("Makefile", "charts", "images", "supply_chain", "release", "docs", ".ci"):
        (clone / name).symlink_to(REPOSITORY / name)
    (clone / ".venv").symlink_to(REPOSITORY / ".venv")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("docker", "cosign"):
        (tools / name).write_text(RECORDER.format(log=tmp_path / "log"))
        (tools / name).chmod(0o755)
    return clone


def commands(clone: Path, *settings: str) -> list[list[str]]:
    done = subprocess.run(
        [
            "make",
            "--old-file=release-check",
            "release-images",
            "VERSION=1.2.0",
            "REGISTRY=registry.example.com/team",
            *settings,
        ],
        cwd=clone,
        env={"PATH": f"{clone.parent / 'tools'}:/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = (clone.parent / "log").read_text().splitlines()
    return [words for line in lines if (words := shlex.split(line))[:2] != ["docker", "images"]]


def option(command: list[str], name: str) -> list[str]:
    return [command[index + 1] for index, word in enumerate(command) if word == name]


def test_every_image_is_built_for_both_platforms_and_pushed_with_sbom_and_provenance(clone: Path) -> None:
    builds = commands(clone)

    assert [option(build, "--tag") for build in builds] == [
        [f"registry.example.com/team/{image}:1.2.0"] for image in IMAGES
    ]
    for build in builds:
        assert build[:3] == ["docker", "buildx", "build"]
        assert {"--push", "--sbom=true", "--provenance=mode=max"} <= set(build)
        assert option(build, "--platform") == ["linux/amd64,linux/arm64"]
        assert "VERSION=1.2.0" in option(build, "--build-arg")
        assert len([each for each in option(build, "--build-arg") if "_BASE=" in each]) == 2


def test_a_machine_s_own_platform_and_the_sources_can_be_named(clone: Path) -> None:
    for build in commands(clone, "PLATFORMS=linux/amd64", "SOURCE=https://git.example.com/hotel"):
        assert option(build, "--platform") == ["linux/amd64"]
        assert option(build, "--label") == ["org.opencontainers.image.source=https://git.example.com/hotel"]


def test_with_a_key_the_digest_of_every_image_is_signed(clone: Path) -> None:
    signed = [command for command in commands(clone, "COSIGN_KEY=my key") if command[0] == "cosign"]

    assert [command[-1] for command in signed] == [
        f"registry.example.com/team/{image}@sha256:abc" for image in IMAGES
    ]
    assert all("--recursive" in command for command in signed)
