import socket
import subprocess
import sys

import pytest
from hotel import ports as hotel_ports
from hotel.errors import StackError
from hotel.names import Service
from hotel.ports import Ports, free_port, is_free


def test_usual_ports_are_the_documented_ones() -> None:
    ports = Ports.usual(workers=2)

    assert (ports.engine, ports.management, ports.workers) == (8080, 8081, (8090, 8091))
    assert ports.services == {
        Service.BOOKING: 5001,
        Service.ROOM: 5002,
        Service.RESTAURANT: 5003,
        Service.CLIENT: 5004,
    }


def test_an_offset_moves_every_port() -> None:
    moved = dict(Ports.usual(offset=100).by_part())

    assert moved == {part: port + 100 for part, port in Ports.usual().by_part()}


@pytest.mark.parametrize("offset", [-5001, 60_000])
def test_an_offset_out_of_the_range_of_ports_is_refused(offset: int) -> None:
    with pytest.raises(StackError, match=f"port offset {offset}"):
        Ports.usual(offset=offset)


def test_free_ports_are_all_different_and_free() -> None:
    numbers = [port for _, port in Ports.free(workers=3).by_part()]

    assert len(set(numbers)) == len(numbers) == 13
    assert all(is_free(number) for number in numbers)


def test_a_free_port_is_found_once_by_processes_that_look_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hotel_ports, "_FREE_RANGE", range(31_000, 31_400))
    mine = {free_port() for _ in range(100)}
    look = (
        "from hotel import ports\n"
        "ports._FREE_RANGE = range(31_000, 31_400)\n"
        "print(*[ports.free_port() for _ in range(100)])"
    )
    other = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )

    assert not mine & set(map(int, other.stdout.split()))


def test_a_server_can_listen_on_a_port_that_was_found_for_it() -> None:
    port = free_port()

    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)


def test_a_taken_port_is_named_with_the_part_that_needs_it_and_what_to_do() -> None:
    ports = Ports.free()
    with (
        socket.create_server(("127.0.0.1", ports.services[Service.ROOM])),
        pytest.raises(StackError) as refused,
    ):
        ports.check_free()

    message = str(refused.value)
    assert f"port {ports.services[Service.ROOM]} (room service)" in message
    assert "--port-offset" in message
    assert "--ports auto" in message
