"""Looking for bookings."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hotel_services.booking.models import BookingPage, BookingQuery, BookingView
from hotel_services.booking.tables import Booking
from hotel_services.kit.http.paging import fetch_page

_FILTERS = {
    "client_id": Booking.client_id,
    "room_id": Booking.room_id,
    "reservation_ref": Booking.reservation_ref,
    "status": Booking.status,
}


def booking_page(session: Session, query: BookingQuery) -> BookingPage:
    """Return a page of bookings, the youngest first."""
    wanted = select(Booking).where(*_conditions(query))
    rows, total = fetch_page(session, wanted.order_by(Booking.created_at.desc(), Booking.booking_id), query)
    items = [BookingView.model_validate(booking) for (booking,) in rows]
    return BookingPage(items=items, total=total, limit=query.limit, offset=query.offset)


def _conditions(query: BookingQuery) -> Iterator[ColumnElement[bool]]:
    for name, value in query.model_dump(include=set(_FILTERS), exclude_none=True).items():
        yield _FILTERS[name] == value
    # The night before the day of check-out is the last one.
    if query.from_ is not None:
        yield Booking.check_out > query.from_
    if query.to is not None:
        yield Booking.check_in < query.to
