"""How the engine's Java is called."""

from pathlib import Path

import pytest
from hotel.stack.engine import java_line


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    jar = tmp_path / "hotel-engine.jar"
    jar.touch()
    return jar


def test_an_archive_beside_the_jar_is_used_and_the_users_options_go_last(jar: Path) -> None:
    archive = jar.with_suffix(".jsa")
    archive.touch()

    _, *line = java_line(jar, "-Xmx512m -XX:SharedArchiveFile=other.jsa")

    shared = [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds*=off"]
    assert line == [*shared, "-Xmx512m", "-XX:SharedArchiveFile=other.jsa", "-jar", str(jar)]


def test_a_jar_without_an_archive_is_run_as_it_is(jar: Path) -> None:
    assert java_line(jar, "-Xmx512m")[1:] == ["-Xmx512m", "-jar", str(jar)]
