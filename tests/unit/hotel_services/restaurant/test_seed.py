from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hotel_services.kit.settings import SettingsError
from hotel_services.restaurant.service import SERVICE
from support.services import open_client, sqlite_url

TABLES = "/api/restaurant/tables"
SEATINGS = "/api/restaurant/seatings"
DINNER = {"reservation_ref": "R-1", "date": "2027-03-31", "seating": "18:00", "guests": 2}


def seatings(restaurant: FlaskClient) -> list[str]:
    return [item["seating"] for item in restaurant.get(SEATINGS).get_json()["items"]]


def test_the_shipped_floor_plan_has_tables_of_many_sizes_and_the_usual_seating(tmp_path: Path) -> None:
    with open_client(SERVICE, sqlite_url(tmp_path)) as restaurant:
        page = restaurant.get(TABLES).get_json()

        assert page["total"] >= 20
        assert len({table["seats"] for table in page["items"]}) >= 4
        assert "19:00" in seatings(restaurant)


def test_a_new_seed_takes_the_old_ones_place_and_leaves_what_was_sold(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text('{"seatings": ["18:00"], "tables": [{"table_id": "old", "seats": 2}]}')
    with open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed) as restaurant:
        sold = restaurant.post("/api/restaurant/reserve", json=DINNER).get_json()

    seed.write_text('{"seatings": ["19:00"], "tables": [{"table_id": "new", "seats": 4}]}')
    with open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed) as restaurant:
        assert restaurant.get(TABLES).get_json()["items"] == [{"table_id": "new", "seats": 4}]
        assert seatings(restaurant) == ["19:00"]
        assert (
            restaurant.get(f"/api/restaurant/reservations/{sold['table_reservation_id']}").get_json() == sold
        )


def test_a_table_that_comes_back_is_sold_again_in_its_new_size(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    for tables in ("{table_id: a, seats: 2}", "{table_id: b, seats: 2}", "{table_id: a, seats: 6}"):
        seed.write_text(f'seatings: ["18:00"]\ntables: [{tables}]')
        with open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed) as restaurant:
            shown = restaurant.get(TABLES).get_json()["items"]

    assert shown == [{"table_id": "a", "seats": 6}]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("seatings: []\ntables: [{table_id: a, seats: 2}]", "seatings"),
        ('seatings: ["7 pm"]\ntables: [{table_id: a, seats: 2}]', "seatings.0"),
        ('seatings: ["18:00"]\ntables: []', "tables"),
        ('seatings: ["18:00"]\ntables: [{table_id: a, seats: 0}]', "tables.0.seats"),
        ('seatings: ["18:00"]\ntables: [{table_id: a b, seats: 2}]', "tables.0.table_id"),
        (
            'seatings: ["18:00"]\ntables: [{table_id: a, seats: 2}, {table_id: a, seats: 4}]',
            "listed more than once: a",
        ),
        ('seatings: ["18:00", "18:00"]\ntables: [{table_id: a, seats: 2}]', "listed more than once: 18:00"),
    ],
)
def test_a_floor_plan_that_makes_no_sense_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text(text)

    with (
        pytest.raises(SettingsError, match=complaint),
        open_client(SERVICE, sqlite_url(tmp_path), seed_file=seed),
    ):
        pass
