"""Two releases in one namespace with one operator; the second one's databases are elsewhere, behind TLS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from support import elsewhere
from support.cluster import FAST_COMPILER, PORTS, SERVICE_PORTS, Release
from support.guests import guest
from support.hotel_command import HotelCommand
from support.reach import reached
from support.waits import finish, installing, restarts, wait_for_log

LOGIN = '{"existingSecret": "west-logins"}'
VALUES = {
    "engine.extraEnv": json.dumps([FAST_COMPILER]),
    "operator.enabled": "false",
    "worker.externalOperator.enabled": "true",
    "worker.externalOperator.serviceAccount": '"hotel-operator"',
    "services.booking.autoscaling.enabled": "true",
    "postgresql.enabled": "false",
    "externalDatabase.host": '"database"',
    "externalDatabase.sslMode": '"verify-full"',
    "externalDatabase.caSecret": f'"{elsewhere.AUTHORITY}"',
    **{f"databases.{name}": LOGIN for name in ("engine", *SERVICE_PORTS)},
}


@pytest.fixture
def west(hotel: Release, authority: trustme.CA) -> Iterator[Release]:
    """A second release beside the first, not installed yet; its Secret holds a wrong password."""
    release = Release(hotel.cluster, hotel.namespace, "west-hotel")
    wrong = elsewhere.login("west-logins", "not-the-password")
    release.cluster.apply(release.namespace, wrong, elsewhere.trust(authority))
    yield release
    place = ("--namespace", release.namespace, "--ignore-not-found")
    release.cluster.helm("uninstall", release.name, *place, "--wait")
    secrets = ("secret/west-logins", "secret/database-tls", f"secret/{elsewhere.AUTHORITY}")
    release.cluster.kubectl("delete", *secrets, "pod/database", "service/database", "configmap/users", *place)


def test_pods_wait_for_their_database_and_password_and_then_live_beside_another_release(
    hotel: Release, west: Release, authority: trustme.CA, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    with installing(west, VALUES) as install:
        for component in ("engine", "room"):
            say(west, component, "waiting for the database: failed to resolve host 'database'")
        west.cluster.apply(west.namespace, *elsewhere.database(authority))
        for component in ("engine", "room"):
            say(west, component, f'password authentication failed for user "{component}"')
        west.cluster.apply(west.namespace, elsewhere.login("west-logins"))
        finish(install, west)
    assert not restarts(west)

    with west.command(tmp_path) as run_west:
        made = run_west("reserve", *guest(), "--json")
    assert made.code == 0, made.err
    assert run_hotel("status", made.json["reference"]).code != 0
    west.cluster.wait_for(west.namespace, f"externaltaskscaler/{west.name}-worker-default", "Ready")
    west.cluster.wait_for(west.namespace, f"hpa/{west.name}-booking", "AbleToScale")
    assert_apart(west, hotel, database=f"{hotel.name}-postgresql:5432")
    assert_apart(hotel, west, database="database:5432")

    west.uninstall()

    assert not hotel.unready()
    assert run_hotel("reserve", *guest()).code == 0


def say(release: Release, component: str, text: str) -> None:
    wait_for_log(release, "deployment", component, "wait-for-database", text)


def assert_apart(caller: Release, other: Release, *, database: str) -> None:
    """A worker reaches what is its release's and nothing of the other, a service not the other's database."""
    theirs, ours = (
        {f"{release.name}-{name}:{PORTS[name]}" for name in ("engine", *SERVICE_PORTS)}
        for release in (other, caller)
    )
    assert reached(caller, "worker", theirs | ours) == ours
    assert not reached(caller, "room", [database])
