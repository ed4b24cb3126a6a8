"""A release whose engine runs elsewhere, behind TLS."""

from pathlib import Path

import pytest
import trustme
from support import elsewhere
from support.cluster import Cluster, Release
from support.guests import guest
from support.hotel_command import HotelCommand
from support.waits import INSTALL_SECONDS, finish, installing, restarts, wait_for_log

DEPLOYER = "deployer-login"
LOGIN = "logins"
VALUES = {
    "engine.external.enabled": "true",
    "engine.external.url": '"https://engine:8080/engine-rest"',
    "engine.external.caSecret": f'"{elsewhere.AUTHORITY}"',
    "engine.auth.deployer": f'{{"existingSecret": "{DEPLOYER}"}}',
    **{f"engine.auth.{role}": f'{{"existingSecret": "{LOGIN}"}}' for role in ("worker", "scaler", "client")},
}


@pytest.fixture
def annex(cluster: Cluster, namespace: str, authority: trustme.CA) -> Release:
    """A release that is not installed yet, and the Secrets with its passwords; the deployer's is wrong."""
    wrong = elsewhere.login(DEPLOYER, "not-the-password")
    cluster.apply(namespace, elsewhere.login(LOGIN), wrong, elsewhere.trust(authority))
    return Release(cluster, namespace, "annex-hotel")


def test_a_release_waits_for_its_external_engine_and_password_and_then_works(
    hotel: Release, annex: Release, authority: trustme.CA, tmp_path: Path
) -> None:
    with installing(annex, VALUES) as install:
        wait_for_log(annex, "job", "deploy", "wait-for-engine", "waiting for the engine:")
        assert not restarts(annex)

        annex.cluster.apply(annex.namespace, *elsewhere.engine(authority))
        printed, _ = install.communicate(timeout=INSTALL_SECONDS + 30)
    assert install.returncode, printed
    wait_for_log(annex, "job", "deploy", "deploy", "refused the credentials: check user and password")

    annex.cluster.apply(annex.namespace, elsewhere.login(DEPLOYER))
    with installing(annex, VALUES) as install:
        finish(install, annex)
    annex.cluster.wait_for(annex.namespace, f"externaltaskscaler/{annex.name}-worker-default", "Ready")

    with elsewhere.engine_reached(annex.cluster, annex.namespace, authority, tmp_path) as (url, ca_file):
        settings = {
            "HOTEL_ENGINE_URL": url,
            "HOTEL_ENGINE_CA_FILE": ca_file,
            "HOTEL_ENGINE_PASSWORD": elsewhere.PASSWORD,
        }
        ran = HotelCommand(tmp_path, settings)("reserve", *guest(), "--json")
    assert ran.code == 0, ran.err
    assert not restarts(annex)
    # The release beside it knows nothing of it.
    with hotel.command(tmp_path) as beside:
        assert beside("status", ran.json["reference"]).code != 0
