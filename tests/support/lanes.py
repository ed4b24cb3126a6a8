"""Which tests of the cluster run one after the other, and which at the same time."""

from xdist.scheduler import LoadScopeScheduling

# Each lane has a release of its own, which its tests use in turn.
# The pods of a third release would ask for more than the two processors that a small machine has.
LANES = {
    "test_backup.py": "changed by many",
    "test_external.py": "changed by many",
    "test_faults.py": "changed by many",
    "test_lifecycle.py": "changed by many",
    "test_neighbours.py": "changed by many",
    "operator/test_hotel.py": "scaled and asked",
    "operator/test_own_chart.py::test_it_serves_releases": "scaled and asked",
    "test_command.py": "scaled and asked",
    "test_hotel.py": "scaled and asked",
}
"""Lanes by what the names of their tests begin with."""


def lane_of(nodeid: str) -> str | None:
    """Return the lane of a test, None if it is in none."""
    name = nodeid.partition("e2e/")[2]
    return next((lane for start, lane in LANES.items() if name.startswith(start)), None)


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each lane to one process; a test that has a namespace of its own goes to whichever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid) or nodeid
