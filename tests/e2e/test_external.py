"""A release whose engine runs elsewhere."""

from pathlib import Path

import pytest
from support import elsewhere
from support.cluster import Cluster, Release, forwarded
from support.guests import guest
from support.hotel_command import HotelCommand
from support.waits import finish, installing, restarts, wait_for_log

LOGIN = '{"existingSecret": "logins"}'
VALUES = {
    "engine.external": '{"enabled": true, "url": "http://engine:8080/engine-rest"}',
    **{f"engine.auth.{role}": LOGIN for role in ("deployer", "worker", "scaler", "client")},
}


@pytest.fixture
def annex(cluster: Cluster, namespace: str) -> Release:
    """A release that is not installed yet, and the Secret with its passwords."""
    cluster.apply(namespace, elsewhere.login("logins"))
    return Release(cluster, namespace, "annex-hotel")


def test_a_release_waits_for_its_external_engine_and_then_works(
    hotel: Release, annex: Release, tmp_path: Path
) -> None:
    with installing(annex, VALUES) as install:
        wait_for_log(annex, "job", "deploy", "wait-for-engine", "waiting for the engine:")
        assert not restarts(annex)

        annex.cluster.apply(annex.namespace, *elsewhere.engine())
        finish(install, annex)

    with forwarded(annex.cluster, annex.namespace, "service/engine", 8080) as url:
        settings = {"HOTEL_ENGINE_URL": f"{url}/engine-rest", "HOTEL_ENGINE_PASSWORD": elsewhere.PASSWORD}
        ran = HotelCommand(tmp_path, settings)("reserve", *guest(), "--json")
    assert ran.code == 0, ran.err
    assert not restarts(annex)
    # The release beside it knows nothing of it.
    with hotel.command(tmp_path) as beside:
        assert beside("status", ran.json["reference"]).code != 0
