from pathlib import Path

import pytest
from hotel_services.kit.settings import SettingsError
from hotel_services.room.service import SERVICE
from support.services import open_client, sqlite_url

OURS = """
currency: CHF
room_types:
  A: {name: Attic, capacity: 1, price_per_night: 40.5, rooms: ["101", "7"]}
"""


def test_own_file_replaces_the_seed(tmp_path: Path) -> None:
    seed = tmp_path / "rooms.yaml"
    seed.write_text(OURS)
    with open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed) as client:
        listed = client.get("/api/room/rooms").get_json()
    assert [room["room_id"] for room in listed["items"]] == ["101", "7"]
    assert (listed["items"][0]["price_per_night"], listed["items"][0]["currency"]) == (40.5, "CHF")


def test_rooms_that_are_there_are_updated_and_none_is_lost(tmp_path: Path) -> None:
    with open_client(SERVICE, sqlite_url(tmp_path)) as client:
        before = client.get("/api/room/rooms").get_json()["total"]
    seed = tmp_path / "rooms.yaml"
    seed.write_text(OURS)
    with open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed) as client:
        assert client.get("/api/room/rooms").get_json()["total"] == before + 1
        room = client.get("/api/room/rooms/101").get_json()
    assert (room["type_name"], room["capacity"]) == ("Attic", 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"7"', '"101"'), "listed more than once: 101"),
        (("capacity: 1", "capacity: 0"), "room_types.A.capacity"),
        (("capacity: 1", "beds: 1"), "room_types.A.beds"),
        (('"7"', '"seventh floor"'), "room_types.A.rooms.1"),
    ],
)
def test_wrong_entry_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    seed = tmp_path / "rooms.yaml"
    seed.write_text(OURS.replace(*change))
    with (
        pytest.raises(SettingsError, match=told),
        open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed),
    ):
        pass
