"""How the local stack runs its workers."""

from hotel.ports import Ports
from hotel.stack.credentials import Credentials
from hotel.stack.worker import worker_command


def test_a_workers_health_is_served_to_this_machine_alone() -> None:
    command = worker_command(1, 8090, Ports.free(workers=1), Credentials.random(), {})

    assert command.environment["WORKER_HEALTH_HOST"] == "127.0.0.1"
