"""What must hold after a replay, whatever happened during it; each is the number of its violations."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from itertools import groupby

from hotel.replay.player import Outcome
from hotel.replay.records import Records, Stay
from hotel.reservations.states import ReservationState


def count_violations(records: Records, outcomes: Collection[Outcome], incidents: int) -> dict[str, int]:
    """Return every invariant with the number of its violations.

    Those about pairs of records look at everything on record; those about holds, tables and bookings at the
    reservations of this run, as others may be under way.

    Args:
        records: what the services have on record.
        outcomes: what became of the rows.
        incidents: how many stand in the engine.
    """
    run = {outcome.reference for outcome in outcomes}
    alive = {booking.reference for booking in records.bookings if booking.alive}
    stays = {stay.reference for stay in records.stays if stay.active}
    tables = {table.reference for table in records.tables if table.active}
    confirmed = {o.reference for o in outcomes if o.state is ReservationState.CONFIRMED}
    return {
        "no_overlapping_stays": _overlaps(records.stays),
        "no_table_sold_twice": _repeated((t.table_id, t.day, t.seating) for t in records.tables if t.active),
        "no_hold_without_live_booking": len((stays & run) - alive),
        "no_table_without_live_booking": len((tables & run) - alive),
        "no_booking_without_confirmed_reservation": len((alive & run) - confirmed),
        "no_confirmed_reservation_without_booking_and_room": len(confirmed - (alive & stays)),
        "one_booking_per_reference": _repeated(booking.reference for booking in records.bookings),
        "one_client_per_email": _repeated(_email_key(email) for email in records.emails),
        "no_incident": incidents,
        "every_row_in_a_modelled_end_state": sum(not outcome.is_modelled for outcome in outcomes),
    }


def _overlaps(stays: Sequence[Stay]) -> int:
    """Count the stays that begin in a room before an earlier one there has ended."""
    active = sorted((stay for stay in stays if stay.active), key=lambda stay: (stay.room_id, stay.check_in))
    count = 0
    for _, in_room in groupby(active, key=lambda stay: stay.room_id):
        free_from = None
        for stay in in_room:
            # The day of departure is the next guest's first night.
            count += free_from is not None and stay.check_in < free_from
            free_from = stay.check_out if free_from is None else max(free_from, stay.check_out)
    return count


def _repeated(keys: Iterable[Hashable]) -> int:
    return sum(count - 1 for count in Counter(keys).values())


def _email_key(email: str) -> str:
    return unicodedata.normalize("NFKC", email).casefold()
