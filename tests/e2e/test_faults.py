"""Pods that go away while reservations run."""

from collections.abc import Callable
from pathlib import Path

from external_tasks import EngineClient
from support.bookings import bookings, write_csv
from support.cluster import Release
from support.hotel_command import HotelCommand
from support.replays import begin_replay
from support.waiting import eventually

IN_TURN = ("worker", "booking", "room", "restaurant", "client", "operator", "postgresql", "engine")
END_SECONDS = 500


def test_each_pod_in_turn_is_deleted_and_every_reservation_ends_well(
    hotel: Release,
    engine: EngineClient,
    run_hotel: HotelCommand,
    tmp_path: Path,
    note: Callable[[str], None],
) -> None:
    file = write_csv(tmp_path / "bookings.csv", bookings(100, seed=4))
    replay = begin_replay(run_hotel, engine, file, "faults", "--rate=1", under_way=1)
    during = []
    for component in IN_TURN:
        during.append(replay.poll() is None)
        delete_pods(hotel, component)

    out, problems = replay.communicate(timeout=END_SECONDS)

    note(f"pods deleted while reservations ran: {sum(during)} of {len(IN_TURN)} components")
    assert replay.returncode == 0, out + problems
    assert sum(during) >= len(IN_TURN) - 1


def delete_pods(release: Release, component: str) -> None:
    """Delete all pods of a component at once, and wait until their successors are ready."""
    gone = {pod["metadata"]["uid"] for pod in release.pods(component)}
    selector = f"app.kubernetes.io/instance={release.name},app.kubernetes.io/component={component}"
    release.cluster.kubectl(
        "delete", "pods", "--namespace", release.namespace, "--selector", selector, "--wait=false"
    )
    eventually(
        lambda: (
            not gone & {pod["metadata"]["uid"] for pod in release.pods(component)} and not release.unready()
        ),
        seconds=180,
        every=1,
    )
