"""What the restaurant service's requests and answers look like."""

from typing import Annotated

from pydantic import Field

from hotel_services.kit.fields import (
    Guests,
    Identifier,
    IsoDate,
    Moment,
    QueryGuests,
    RequestModel,
    ReservationRef,
    ViewModel,
)
from hotel_services.kit.paging import Page, PageQuery
from hotel_services.restaurant.domain import State

TableId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$", examples=["T07"])]
SeatingTime = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="When the seating begins, as HH:MM",
        examples=["19:00"],
    ),
]


class AvailabilityQuery(RequestModel):
    """Which tables a party could have."""

    date: IsoDate
    seating: SeatingTime
    guests: QueryGuests


class ReserveRequest(RequestModel):
    """A table that is wanted; the restaurant picks it."""

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
    reason: str | None = Field(description="Why no table can be had")


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
    """What became of a cancellation."""

    reservation_ref: str
    state: State
    cancelled: bool = Field(description="Whether this request made a table free")


TablePage = Page[TableView]
SeatingPage = Page[SeatingView]
TableReservationPage = Page[TableReservationView]
