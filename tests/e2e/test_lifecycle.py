"""Upgrades, rollbacks and uninstalls, with reservations under way."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from external_tasks.engine.client import EngineClient
from support.bookings import bookings, write_csv
from support.charts import REPOSITORY
from support.cluster import CommandFailedError, Release
from support.hotel_command import HotelCommand
from support.replays import begin_replay, instances
from support.waiting import eventually

PROCESS = "HotelReservationProcess"
KEPT = {"serviceaccount/default", "configmap/kube-root-ca.crt"}
KINDS = "all,secrets,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,persistentvolumeclaims"
BROKEN = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="e2e">
<process id="Broken" isExecutable="true"><sequenceFlow id="f" sourceRef="nowhere" targetRef="e"/></process>
</definitions>"""
END_SECONDS = 400


@pytest.fixture
def restored(hotel: Release) -> Iterator[Release]:
    """The release, which is put back to the chart's values when the test has changed it."""
    yield hotel
    hotel.install()


def assert_all_holds(replay: "subprocess.Popen[str]") -> None:
    out, problems = replay.communicate(timeout=END_SECONDS)
    assert replay.returncode == 0, out + problems


def version_of(engine: EngineClient) -> dict[str, Any]:
    """Return the newest version of the reservation process."""
    newest: dict[str, Any] = engine.get(f"/process-definition/key/{PROCESS}")
    return newest


def test_an_upgrade_under_load_loses_nothing_and_a_rollback_takes_the_process_back(
    restored: Release, engine: EngineClient, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    before = version_of(engine)
    password = restored.secret("engine-client", "password")
    process = tmp_path / "hotel-reservation.bpmn"
    text = (REPOSITORY / "bpmn/hotel-reservation.bpmn").read_text()
    process.write_text(text.replace('name="Hotel reservation"', f'name="Since the upgrade of {tmp_path}"', 1))
    rows = write_csv(tmp_path / "bookings.csv", bookings(50, seed=2))
    replay = begin_replay(run_hotel, engine, rows, "upgrade", "--concurrency=50", under_way=40)

    restored.install(
        "--set=engine.replicas=2",
        "--set=services.defaults.logLevel=WARNING",
        f"--set-file=deploy.files.hotel-reservation\\.bpmn={process}",
    )

    assert_all_holds(replay)
    assert restored.secret("engine-client", "password") == password
    assert version_of(engine)["version"] == before["version"] + 1
    assert instances(engine, "upgrade", processDefinitionId=before["id"], unfinished="true") == 0
    assert instances(engine, "upgrade", processDefinitionId=before["id"], finished="true") >= 40

    place = ("--namespace", restored.namespace)
    restored.cluster.helm("rollback", restored.name, *place, "--wait", "--timeout=4m")

    assert version_of(engine)["version"] == before["version"] + 2
    assert version_of(engine)["name"] == before["name"]


def test_of_two_engines_one_may_die(
    restored: Release, engine: EngineClient, run_hotel: HotelCommand, tmp_path: Path
) -> None:
    restored.install("--set=engine.replicas=2")
    rows = write_csv(tmp_path / "bookings.csv", bookings(30, seed=3))
    replay = begin_replay(run_hotel, engine, rows, "two_engines", "--rate=1", under_way=3)
    victim = restored.pods("engine")[0]["metadata"]["name"]

    place = ("--namespace", restored.namespace)
    restored.cluster.kubectl("delete", "pod", victim, *place, "--grace-period=0", "--force")

    assert_all_holds(replay)


def test_a_broken_process_fails_the_release_with_the_words_of_the_engine(
    restored: Release, engine: EngineClient, tmp_path: Path
) -> None:
    file = tmp_path / "broken.bpmn"
    file.write_text(BROKEN)
    before = version_of(engine)["version"]

    with pytest.raises(CommandFailedError) as failed:
        restored.install(f"--set-file=deploy.files.broken\\.bpmn={file}")

    assert "Could not parse BPMN process" in str(failed.value)
    assert "'nowhere'" in str(failed.value)
    assert "UPGRADE FAILED" in str(failed.value)
    assert version_of(engine)["version"] == before


def test_what_an_uninstall_keeps_a_new_install_takes_up(hotel: Release, tmp_path: Path) -> None:
    # The pod of the last `helm test` stays for its log, and is nobody's.
    hotel.cluster.kubectl(
        "delete", "pod", f"{hotel.name}-test", "--namespace", hotel.namespace, "--ignore-not-found"
    )
    known = reservations(hotel, tmp_path)
    password = hotel.secret("database-booking", "password")

    printed = hotel.uninstall()

    assert re.search(r"kept.*\n\[PersistentVolumeClaim\] hotel-postgresql", printed)
    eventually(lambda: not hotel.cluster.items("pods", hotel.namespace), seconds=90, every=1)
    assert left_over(hotel) == {"persistentvolumeclaim/hotel-postgresql"}

    hotel.install()

    assert hotel.secret("database-booking", "password") != password
    assert known
    assert reservations(hotel, tmp_path) == known


def left_over(release: Release) -> set[str]:
    """Return what there is in the release's namespace, but for what every namespace has."""
    names = release.cluster.kubectl("get", KINDS, "--namespace", release.namespace, "--output=name").split()
    return set(names) - KEPT


def reservations(release: Release, folder: Path) -> list[Any]:
    """Return all reservations that the engine knows."""
    with release.command(folder) as run:
        listed = run("list", "--limit", "10000", "--json")
    assert listed.code == 0, listed.err
    items: list[Any] = listed.json["items"]
    return items
