from pathlib import Path

import pytest
from support.bpmn_model import Model

BPMN = Path(__file__).parents[3] / "bpmn"


@pytest.fixture(params=sorted(path.name for path in BPMN.glob("*.bpmn")))
def model(request: pytest.FixtureRequest) -> Model:
    """Each of the files."""
    return Model(BPMN / request.param)


@pytest.fixture
def reservation() -> Model:
    return Model(BPMN / "hotel-reservation.bpmn")


@pytest.fixture
def client() -> Model:
    return Model(BPMN / "client-creation.bpmn")
