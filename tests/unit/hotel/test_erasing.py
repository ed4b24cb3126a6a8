from typing import Any, cast

import pytest
from external_tasks.engine.client import EngineClient
from hotel.erasure.erasing import Eraser
from hotel.names import Service
from hotel.service_client import ServiceClient


class Asked:
    """A client service that knows everybody, and notes the paths that it is asked for."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def get(self, path: str, _query: Any = None) -> dict[str, Any]:
        self.paths.append(path)
        return {"email": None, "erased_at": None}


def ask(client_id: str) -> tuple[Any, list[str]]:
    service = Asked()
    engine = EngineClient("http://127.0.0.1:1/engine-rest")
    eraser = Eraser(engine, {Service.CLIENT: cast("ServiceClient", service)})
    return eraser._client(client_id), service.paths


# Ids come from process variables too, which any user who starts a process sets.
@pytest.mark.parametrize("client_id", ["", ".", "..", "a\x00b", "a\nb"])
def test_an_id_that_would_change_the_path_names_no_client(client_id: str) -> None:
    assert ask(client_id) == (None, [])


def test_an_odd_id_stays_one_segment_of_the_path() -> None:
    _, paths = ask("../a?b")

    assert [path.rpartition("/")[2] for path in paths] == ["..%2Fa%3Fb"]
