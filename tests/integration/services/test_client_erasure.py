"""Erasing a client while others ask for the same e-mail address, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.races import Call, Clients, clients_of
from support.services import running_service

CREATE = "/api/client/create"
ROUNDS = 20
TWINS = 8
CROWD = {"THREADS": str(TWINS + 1), "DATABASE_POOL_SIZE": str(TWINS + 3)}


@pytest.fixture(scope="module")
def guests(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    with (
        running_service("client", database_url, tmp_path_factory.mktemp("client"), **CROWD) as running,
        clients_of(running.url, TWINS + 1) as clients,
    ):
        yield clients


def test_no_kept_answer_tells_of_a_client_who_was_erased(guests: Clients) -> None:
    """A client that asked just before the erasure and asks again afterwards learns nothing of the person."""
    for turn in range(ROUNDS):
        person: dict[str, Any] = {
            "first_name": "Jean",
            "last_name": "Dupont",
            "email": f"jean-{turn}@example.com",
        }
        client_id = guests.post(CREATE, person).json()["client_id"]
        asking = [Call(CREATE, person, key=f"{turn}-{number}") for number in range(TWINS)]

        replies = guests.at_once([*asking, Call(f"/api/client/clients/{client_id}/erase", None)])

        assert {reply.status for reply in replies} <= {200, 201}
        for again in [guests.post(call.path, call.body, call.key) for call in asking]:
            told = again.json()
            assert again.replayed
            assert (told["client_id"] == client_id) == (told["email"] is None)
