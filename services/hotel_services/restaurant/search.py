"""Looking for tables and their reservations."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotel_services.kit.http.paging import PageQuery, fetch_page
from hotel_services.restaurant.domain import FloorPlan, State, Table, TableRequest, sold_out
from hotel_services.restaurant.models import (
    AvailabilityQuery,
    AvailabilityView,
    SeatingPage,
    SeatingView,
    TablePage,
    TableReservationPage,
    TableReservationQuery,
    TableReservationView,
    TableView,
)
from hotel_services.restaurant.tables import DiningTable, Seating, TableReservation

_FILTERS = {
    "reservation_ref": TableReservation.reservation_ref,
    "table_id": TableReservation.table_id,
    "date": TableReservation.date,
    "seating": TableReservation.seating,
    "state": TableReservation.state,
}


def read_floor_plan(session: Session) -> FloorPlan:
    """Return what is sold from at present."""
    tables = session.execute(select(DiningTable.table_id, DiningTable.seats).where(DiningTable.in_service))
    seatings = session.scalars(select(Seating.seating).order_by(Seating.seating))
    return FloorPlan(tuple(Table(row.table_id, row.seats) for row in tables), tuple(seatings))


def taken_tables(session: Session, request: TableRequest) -> set[str]:
    """Return the ids of the tables that are sold for the seating."""
    taken = select(TableReservation.table_id).where(
        TableReservation.date == request.date,
        TableReservation.seating == request.seating,
        TableReservation.state == State.RESERVED,
    )
    return set(session.scalars(taken))


def availability(session: Session, query: AvailabilityQuery) -> AvailabilityView:
    """Return the tables that the party could have."""
    request = TableRequest(query.date, query.seating, query.guests)
    plan = read_floor_plan(session)
    if reason := plan.refusal(request):
        return AvailabilityView(available=False, tables=[], reason=reason)
    tables = [
        TableView.model_validate(table)
        for table in plan.offer(request.guests, taken_tables(session, request))
    ]
    return AvailabilityView(
        available=bool(tables), tables=tables, reason=None if tables else sold_out(request)
    )


def table_page(session: Session, query: PageQuery) -> TablePage:
    """Return a page of the floor plan's tables."""
    tables = select(DiningTable).where(DiningTable.in_service).order_by(DiningTable.table_id)
    rows, total = fetch_page(session, tables, query)
    items = [TableView.model_validate(table) for (table,) in rows]
    return TablePage(items=items, total=total, limit=query.limit, offset=query.offset)


def seating_page(session: Session, query: PageQuery) -> SeatingPage:
    """Return a page of the seatings, the earliest first."""
    rows, total = fetch_page(session, select(Seating).order_by(Seating.seating), query)
    items = [SeatingView.model_validate(seating) for (seating,) in rows]
    return SeatingPage(items=items, total=total, limit=query.limit, offset=query.offset)


def reservation_page(session: Session, query: TableReservationQuery) -> TableReservationPage:
    """Return a page of table reservations, the youngest first."""
    given = query.model_dump(include=set(_FILTERS), exclude_none=True)
    wanted = select(TableReservation).where(*(_FILTERS[name] == value for name, value in given.items()))
    order = wanted.order_by(TableReservation.created_at.desc(), TableReservation.table_reservation_id)
    rows, total = fetch_page(session, order, query)
    items = [TableReservationView.model_validate(reservation) for (reservation,) in rows]
    return TableReservationPage(items=items, total=total, limit=query.limit, offset=query.offset)
