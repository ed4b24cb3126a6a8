"""A person who is erased is in no database file and no table any more; bookings stay."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hotel import processes
from hotel.errors import ExitCode
from hotel.names import EngineKind, Service
from hotel.stack.engine import find_jar
from hotel.stack.leftovers import h2_tool_line
from hotel.stack.state import StackState
from psycopg import sql
from support.hotel_command import HotelCommand
from support.postgresql import postgresql_server

_JAVA_OPTIONS = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
# Words that nothing else in a stack holds.
NAME, MAIL, PHONE = "Zebulonius", "Zebulon.Quux@Example.com", "+33 7 98 76 54 32"
TRACES = (NAME, "zebulon.quux", PHONE, "98 76 54 32")
SOMEBODY_ELSE = "Innocentia"


@pytest.fixture
def hotel(tmp_path: Path) -> Iterator[HotelCommand]:
    home = tmp_path / "home"
    settings = {
        "HOTEL_JAVA_OPTIONS": _JAVA_OPTIONS,
        "WORKER_RETRIES": "1",
        "WORKER_RETRY_FIRST_SECONDS": "0.1",
    }
    yield HotelCommand(home, settings)
    state = StackState.load(home)
    for record in state.processes if state else ():
        processes.kill(record)


def fields(reference: str, days: int, **changes: Any) -> str:
    check_in = datetime.now(UTC).date() + timedelta(days=days)
    return json.dumps(
        {
            "first_name": NAME,
            "last_name": "Quux",
            "email": MAIL,
            "phone": PHONE,
            "check_in": check_in.isoformat(),
            "check_out": (check_in + timedelta(days=2)).isoformat(),
            "room_type": "B",
            "guests": 2,
            "table_wanted": True,
            "reservation_ref": reference,
            **changes,
        }
    )


def reserve(hotel: HotelCommand, *arguments: Any, **changes: Any) -> int:
    """Make a reservation and return the command's exit code."""
    options = ("--no-wait",) if changes.pop("no_wait", False) else ()
    return hotel("reserve", "--file", "-", *options, stdin=fields(*arguments, **changes)).code


def make_reservations(hotel: HotelCommand) -> None:
    """Make the person known in every way: confirmed, cancelled, refused, failed, spelled differently."""
    assert reserve(hotel, "confirmed", 40) == ExitCode.OK
    assert reserve(hotel, "cancelled", 50, email=MAIL.lower()) == ExitCode.OK
    assert hotel("cancel", "cancelled").code == ExitCode.OK
    assert reserve(hotel, "rejected", 60, guests=50, email=MAIL.upper()) == ExitCode.NOT_CONFIRMED
    other = {"first_name": SOMEBODY_ELSE, "email": "somebody.else@example.com", "phone": None}
    assert reserve(hotel, "other", 70, **other) == ExitCode.OK
    stop_service(hotel, Service.RESTAURANT)
    assert reserve(hotel, "stuck", 80) == ExitCode.INCIDENT


def stop_service(hotel: HotelCommand, name: Service) -> None:
    state = StackState.load(hotel.home)
    assert state is not None
    processes.stop([record for record in state.processes if record.name == name])


def files_with(folder: Path, words: tuple[str, ...]) -> list[str]:
    """Return the files below a folder that hold any of some words, in any of the databases' encodings."""
    needles = [
        form
        for word in words
        for spelling in {word, word.lower(), word.upper()}
        for form in (spelling.encode(), spelling.encode("utf-16-be"), spelling.encode("utf-16-le"))
    ]
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    )


def engine_content(home: Path) -> str:
    """Return all rows of the engine's database file as SQL, in lower case; bytes are in hexadecimal there."""
    dump = home.parent / "engine.sql"
    jar = find_jar(EngineKind.OPERATON, None)
    line = h2_tool_line(jar, "Script")
    place = ["-url", f"jdbc:h2:file:{home}/data/engine;IFEXISTS=TRUE", "-user", "sa", "-script", str(dump)]
    subprocess.run([*line, *place], check=True, capture_output=True, timeout=120)
    return dump.read_text().lower()


def tables_with(url: str, words: tuple[str, ...]) -> list[str]:
    """Return the tables of all the stack's databases that hold any of some words, bytes included."""
    found = []
    with psycopg.connect(f"{url}postgres") as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'hotel%'").fetchall()
    for (database,) in rows:
        with psycopg.connect(f"{url}{database}") as connection:
            tables = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
            found += [
                f"{database}.{table}" for schema, table in tables if _holds(connection, schema, table, words)
            ]
    return found


def _holds(connection: psycopg.Connection, schema: str, table: str, words: tuple[str, ...]) -> bool:
    rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))).fetchall()
    content = b"\n".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for row in rows
        for value in row
    ).lower()
    return any(word.lower().encode() in content for word in words)


def check_the_person_is_told_of_and_erased(hotel: HotelCommand) -> None:
    """Walk the command: refused while something runs, shown first, erased, repeated."""
    running = hotel("erase", "--email", "ZEBULON.quux@example.com", "--yes")
    assert running.code == ExitCode.CONFLICT, running.err
    assert "have not ended: stuck" in running.err
    assert "--cancel" in running.err
    assert hotel("down").code == ExitCode.OK
    assert hotel("up", "--ports", "auto").code == ExitCode.OK

    asked = hotel("erase", "--email", "-", stdin=MAIL)
    assert asked.code == ExitCode.USAGE
    assert "--yes" in asked.err
    shown = hotel("erase", "--reference", "cancelled", "--dry-run", "--json")
    assert shown.code == ExitCode.OK, shown.err
    assert shown.json["erased"] is False
    assert shown.json["reservations"] == ["cancelled", "confirmed", "rejected", "stuck"]

    assert hotel("retry", "stuck").code in {ExitCode.OK, ExitCode.NOT_CONFIRMED}
    erased = hotel("erase", "--email", "ZEBULON.quux@example.com", "--yes", "--json")
    assert erased.code == ExitCode.OK, erased.err
    assert erased.json["erased"] is True
    assert {b["reference"]: b["status"] for b in erased.json["remaining_bookings"]} == {
        "confirmed": "confirmed",
        "cancelled": "cancelled",
    }
    assert NAME not in erased.out + erased.err

    client_id = erased.json["clients"][0]
    again = hotel("erase", "--client-id", client_id, "--yes")
    assert again.code == ExitCode.OK, again.err
    assert "erased before" in again.out
    assert hotel("erase", "--email", MAIL, "--yes").code == ExitCode.NOT_FOUND
    assert hotel("status", "confirmed").code == ExitCode.NOT_FOUND
    assert hotel("status", "other", "--json").json["variables"]["first_name"] == SOMEBODY_ELSE


@pytest.mark.timeout(900)
def test_no_file_holds_an_erased_person(hotel: HotelCommand) -> None:
    assert hotel("up", "--ports", "auto").code == ExitCode.OK
    make_reservations(hotel)
    assert "data/engine.mv.db" in files_with(hotel.home, TRACES)

    check_the_person_is_told_of_and_erased(hotel)
    down = hotel("down")

    assert down.code == ExitCode.OK, down.err
    assert "rewriting the engine's database file" in down.err
    assert files_with(hotel.home, TRACES) == []
    # The rewritten file is compressed, so its words are looked for in what it holds.
    content = engine_content(hotel.home)
    assert [word for word in TRACES if word.lower() in content or word.encode().hex() in content] == []
    assert SOMEBODY_ELSE.lower() in content
    again = hotel("down")
    assert "rewriting" not in again.err


@pytest.mark.timeout(900)
def test_no_table_on_postgresql_holds_an_erased_person(hotel: HotelCommand) -> None:
    with postgresql_server() as url:
        assert hotel("up", "--ports", "auto", "--database", url).code == ExitCode.OK
        make_reservations(hotel)
        assert len(tables_with(url, TRACES)) > 3

        check_the_person_is_told_of_and_erased(hotel)

        assert tables_with(url, TRACES) == []
        assert "hotel_engine.act_hi_varinst" in tables_with(url, (SOMEBODY_ELSE,))
        assert hotel("down").code == ExitCode.OK
        assert files_with(hotel.home, TRACES) == []
