"""The hotel's own workers, scaled on real reservations."""

import json

import pytest
from external_tasks import EngineClient
from support.cluster import Release
from support.hotel_load import Load, replicas, scaler
from support.waiting import eventually


def condition(release: Release) -> tuple[str, str]:
    """Return status and reason of the scaler's condition Ready."""
    found = [c for c in scaler(release)["status"]["conditions"] if c["type"] == "Ready"]
    return found[0]["status"], found[0]["reason"]


@pytest.mark.timeout(1200)
def test_replicas_stay_while_the_engine_is_stopped(from_zero: Release, engine: EngineClient) -> None:
    load = Load(engine)
    load.start(40)
    eventually(lambda: replicas(from_zero) > 0, seconds=60, every=0.5)
    before = replicas(from_zero)
    scale = ("scale", f"deployment/{from_zero.name}-engine", "--namespace", from_zero.namespace)
    from_zero.cluster.kubectl(*scale, "--replicas=0")
    try:
        eventually(lambda: condition(from_zero) == ("False", "EngineUnreachable"), seconds=90, every=1)
        eventually(lambda: scaler(from_zero)["status"]["failures"] >= 4, seconds=90, every=1)
        during = replicas(from_zero)
    finally:
        from_zero.cluster.kubectl(*scale, "--replicas=1")
    from_zero.wait_until_ready()

    assert during >= before
    eventually(lambda: condition(from_zero) == ("True", "Ready"), seconds=60, every=1)
    eventually(load.is_over, seconds=300, every=1)


def test_replicas_stay_while_the_password_is_wrong(hotel: Release) -> None:
    secret = f"{hotel.name}-engine-scaler"
    place = ("--namespace", hotel.namespace)
    right = hotel.secret("engine-scaler", "password")
    before = replicas(hotel)

    def set_password(password: str) -> None:
        patch = json.dumps({"stringData": {"password": password}})
        hotel.cluster.kubectl("patch", "secret", secret, *place, "--type=merge", "--patch", patch)

    set_password("wrong")
    try:
        # Credentials are read again after a minute.
        eventually(lambda: condition(hotel) == ("False", "EngineUnauthorized"), seconds=120, every=1)
        during = replicas(hotel)
    finally:
        set_password(right)

    assert during == before
    eventually(lambda: condition(hotel) == ("True", "Ready"), seconds=60, every=1)
