from pathlib import Path

import pytest
from hotel.settings import HotelSettings
from support.fake_kubectl import FakeKubectl


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubectl:
    """A cluster behind a kubectl that is the first on PATH."""
    folder = tmp_path / "kubectl"
    folder.mkdir()
    fake = FakeKubectl(folder)
    monkeypatch.setenv("PATH", fake.path)
    return fake


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HotelSettings.model_fields:
        monkeypatch.delenv(f"HOTEL_{name.upper()}", raising=False)
