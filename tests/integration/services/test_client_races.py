"""The same person comes in by many doors at the same moment."""

from collections.abc import Iterator

import pytest
from support.races import Call, Clients, clients_of
from support.services import running_service

CLIENTS = 16


@pytest.fixture(scope="module")
def guests(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    folder = tmp_path_factory.mktemp("client")
    with (
        running_service("client", database_url, folder, THREADS=str(CLIENTS)) as running,
        clients_of(running.url, CLIENTS) as clients,
    ):
        yield clients


def test_duplicates_at_once_get_the_one_client(guests: Clients) -> None:
    for turn in range(20):
        spellings = [f"Guest{turn}@example.com", f"GUEST{turn}@EXAMPLE.COM"]
        calls = [
            Call(
                "/api/client/create",
                {"first_name": f"N{number}", "last_name": "X", "email": spellings[number % 2]},
            )
            for number in range(CLIENTS)
        ]

        replies = guests.at_once(calls)

        assert sorted(reply.status for reply in replies) == [200] * (CLIENTS - 1) + [201]
        assert len({reply.body for reply in replies}) == 1
    assert guests.get("/api/client/clients")["total"] == 20
