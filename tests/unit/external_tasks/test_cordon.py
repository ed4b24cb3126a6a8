from pathlib import Path

import pytest
from external_tasks.runtime.cordon import Cordon

NOON = 1_795_608_000.0  # 2026-11-25T12:00:00Z


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cordoned-until"


@pytest.mark.parametrize(
    ("text", "is_set"),
    [
        ("2026-11-25T12:00:01Z", True),
        ("2026-11-25T13:00:01+01:00\n", True),
        ("2026-11-25T12:00:00Z", False),
        ("", False),
        ("\n", False),
        ("soon", False),
    ],
)
def test_a_cordon_lasts_until_the_moment_in_the_file(file: Path, text: str, *, is_set: bool) -> None:
    file.write_text(text)

    assert Cordon(file, clock=lambda: NOON).is_set is is_set


def test_no_file_is_no_cordon(file: Path) -> None:
    assert not Cordon(None).is_set
    assert not Cordon(file).is_set


def test_it_comes_and_goes_with_the_file(file: Path) -> None:
    cordon = Cordon(file, clock=lambda: NOON)
    seen = [cordon.is_set]
    file.write_text("2026-11-25T12:10:00Z")
    seen.append(cordon.is_set)
    file.write_text("")

    assert [*seen, cordon.is_set] == [False, True, False]


def test_what_cannot_be_read_is_said_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text("soon")
    cordon = Cordon(file)

    assert not any(cordon.is_set for _ in range(3))
    assert len(caplog.records) == 1
    assert str(file) in caplog.text
