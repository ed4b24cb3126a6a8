"""The short form of `make chaos`: the most telling faults, on one stack, with one seed."""

from collections.abc import Iterator

import pytest
from hotel.names import EngineKind

from chaos.arena import Arena, arena
from chaos.experiment import run
from chaos.faults import FAULTS

SEED = 11
SECONDS = 12.0
RATE = 2.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with arena(tmp_path_factory.mktemp("chaos") / "home", EngineKind.OPERATON) as place:
        yield place


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name",
    [
        "worker killed (kill -9)",
        "another client with a worker's id",
        "services cut connections",
        "answers of the engine lost",
    ],
)
def test_nothing_is_lost_doubled_left_behind_or_stuck(place: Arena, name: str) -> None:
    row = run(place, name, FAULTS[name], seconds=SECONDS, rate=RATE, seed=SEED)

    assert row.verdict.holds, row.verdict
    assert row.acknowledged >= RATE * SECONDS / 2
    assert row.faults >= 1
