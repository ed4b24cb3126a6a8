"""Showing the steps of a reservation as they happen."""

from collections.abc import Callable, Sequence

from hotel.commands.output import step_line
from hotel.reservations.client import HotelReservationClient
from hotel.reservations.reports import Activity


class StepPrinter:
    """Prints each step of a reservation once, when it has ended.

    Args:
        client: to ask for the steps.
        write: prints one line.
    """

    def __init__(self, client: HotelReservationClient, write: Callable[[str], None]) -> None:
        self._client = client
        self._write = write
        self._seen: set[str] = set()
        self.steps: list[Activity] = []

    def __call__(self, instance_ids: Sequence[str]) -> None:
        """Print what has ended since the last time."""
        ended = [
            activity
            for activity in self._client.activities(instance_ids)
            if activity.ended_at is not None and activity.is_work and activity.key not in self._seen
        ]
        for activity in ended:
            self._seen.add(activity.key)
            self.steps.append(activity)
            self._write(step_line(activity))
