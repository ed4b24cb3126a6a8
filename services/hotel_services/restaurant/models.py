"""What the restaurant service's requests and answers look like."""

from typing import Annotated

from pydantic import Field

from hotel_services.kit.http.fields import Form, Identifier, IsoDate, Moment, RequestModel, ViewModel
from hotel_services.kit.http.paging import Page, PageQuery
from hotel_services.restaurant.domain import State
from hotel_services.shared.guests import Guests, QueryGuests
from hotel_services.shared.references import ReservationRef

TableId = Annotated[
    str,
    Form(r"^[A-Za-z0-9._-]{1,32}$", "must be 1 to 32 letters, digits, dots, hyphens or underscores"),
    Field(examples=["T07"]),
]
SeatingTime = Annotated[
    str,
    Form(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "must be a time such as 19:00"),
    Field(
        description="When the seating begins, as HH:MM",
        examples=["19:00"],
    ),
]


class AvailabilityQuery(RequestModel):
    """The party for which a table is wanted."""

    date: IsoDate
    seating: SeatingTime
    guests: QueryGuests


class ReserveRequest(RequestModel):
    """A table for a party; the service chooses it."""

    reservation_ref: ReservationRef
    date: IsoDate
    seating: SeatingTime
    guests: Guests


class ReferenceRequest(RequestModel):
    """The reservation that is meant."""

    reservation_ref: ReservationRef


class TableReservationQuery(PageQuery):
    """Which table reservations are listed."""

    reservation_ref: ReservationRef | None = None
    table_id: TableId | None = None
    date: IsoDate | None = None
    seating: SeatingTime | None = None
    state: Annotated[State | None, Field(strict=False)] = None


class TableView(ViewModel):
    """A table of the floor plan."""

    table_id: str
    seats: int = Field(description="The largest party that it takes")


class AvailabilityView(ViewModel):
    """The tables that are free, the smallest first."""

    available: bool
    tables: list[TableView]
    reason: str | None = Field(description="Why no table is free")


class SeatingView(ViewModel):
    """When tables are sold, on every day alike."""

    seating: str


class TableReservationView(ViewModel):
    """A table kept for a reservation."""

    table_reservation_id: Identifier
    reservation_ref: str
    table_id: str
    date: IsoDate
    seating: str
    guests: int
    state: State
    created_at: Moment


class CancelView(ViewModel):
    """The result of a cancellation."""

    reservation_ref: str
    state: State
    cancelled: bool = Field(description="Whether this request made a table free")


TablePage = Page[TableView]
SeatingPage = Page[SeatingView]
TableReservationPage = Page[TableReservationView]
