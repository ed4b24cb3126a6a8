"""The restaurant service's HTTP operations."""

from http import HTTPStatus

from sqlalchemy.orm import Session

from hotel_services.kit.http.fields import Identifier
from hotel_services.kit.http.operations import Answer, Api
from hotel_services.kit.http.paging import PageQuery
from hotel_services.kit.http.problems import NOT_FOUND, Problem
from hotel_services.restaurant import reservations, search
from hotel_services.restaurant.domain import State, TableRequest
from hotel_services.restaurant.models import (
    AvailabilityQuery,
    AvailabilityView,
    CancelView,
    ReferenceRequest,
    ReserveRequest,
    SeatingPage,
    TablePage,
    TableReservationPage,
    TableReservationQuery,
    TableReservationView,
)
from hotel_services.restaurant.tables import TableReservation
from hotel_services.shared.references import REFERENCE_TAKEN, RESERVATION_CANCELLED

api = Api("/api/restaurant")


@api.get("/availability", answers=AvailabilityView)
def find_available_tables(session: Session, query: AvailabilityQuery) -> AvailabilityView:
    """Find the tables that are free for a party."""
    return search.availability(session, query)


@api.post(
    "/reserve",
    answers={HTTPStatus.CREATED: TableReservationView, HTTPStatus.OK: TableReservationView},
    problems=(REFERENCE_TAKEN, RESERVATION_CANCELLED, reservations.TABLE_NOT_AVAILABLE),
)
def reserve_table(session: Session, body: ReserveRequest) -> Answer:
    """Reserve the smallest free table that seats the party.

    The same request again finds the reservation that is there (200).
    """
    request = TableRequest(body.date, body.seating, body.guests)
    sold, is_new = reservations.reserve(session, body.reservation_ref, request)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return Answer(TableReservationView.model_validate(sold), status)


@api.post("/cancel", answers={HTTPStatus.OK: CancelView})
def cancel_table(session: Session, body: ReferenceRequest) -> CancelView:
    """Make a reservation's table free.

    If the reservation has no table yet, a later request for one is refused.
    """
    cancelled = reservations.cancel(session, body.reservation_ref)
    return CancelView(reservation_ref=body.reservation_ref, state=State.CANCELLED, cancelled=cancelled)


@api.get("/tables", answers=TablePage)
def list_tables(session: Session, query: PageQuery) -> TablePage:
    """List the tables."""
    return search.table_page(session, query)


@api.get("/seatings", answers=SeatingPage)
def list_seatings(session: Session, query: PageQuery) -> SeatingPage:
    """List the seatings, which are the same on every day."""
    return search.seating_page(session, query)


@api.get("/reservations", answers=TableReservationPage)
def list_table_reservations(session: Session, query: TableReservationQuery) -> TableReservationPage:
    """List table reservations, the youngest first."""
    return search.reservation_page(session, query)


@api.get("/reservations/{table_reservation_id}", answers=TableReservationView)
def get_table_reservation(session: Session, table_reservation_id: Identifier) -> TableReservationView:
    """Show a table reservation."""
    found = session.get(TableReservation, table_reservation_id)
    if found is None:
        raise Problem(NOT_FOUND, f"There is no table reservation {table_reservation_id}")
    return TableReservationView.model_validate(found)
