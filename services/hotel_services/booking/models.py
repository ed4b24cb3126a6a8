"""What the booking service's requests and answers look like."""

import datetime as dt
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from hotel_services.booking.domain import Status
from hotel_services.kit.http.fields import Form, Identifier, IsoDate, Moment, RequestModel, ViewModel
from hotel_services.kit.http.paging import Page, PageQuery
from hotel_services.shared.dates import check_nights
from hotel_services.shared.guests import Guests
from hotel_services.shared.references import ReservationRef

Id = Annotated[
    str, Form(r"^[A-Za-z0-9._-]{1,64}$", "must be 1 to 64 letters, digits, dots, hyphens or underscores")
]
"""An id that another service gave."""

Claimant = Annotated[
    str,
    Form(r"^[!-~]{1,200}$", "must be 1 to 200 visible ASCII characters"),
    Field(
        description="A token of the claimant's own, such as the process instance's id",
        examples=["7c6d2f9e-4f0b-11f0-9b0e-0242ac110002"],
    ),
]


class ClaimRequest(RequestModel):
    """A claimant who wants to be the only one to make this reservation."""

    reservation_ref: ReservationRef
    claimant: Claimant


class CreateRequest(RequestModel):
    """A booking that is to be made."""

    reservation_ref: ReservationRef
    client_id: Id
    room_id: Id
    check_in: IsoDate
    check_out: IsoDate = Field(description="1 to 365 nights after check_in")
    guests: Guests
    table_id: Id | None = None
    confirm: bool = Field(default=False, description="Whether it is confirmed at once")

    @field_validator("check_out")
    @classmethod
    def _ends_after_it_begins(cls, check_out: dt.date, info: ValidationInfo) -> dt.date:
        return check_nights(info.data.get("check_in"), check_out)


class ReferenceRequest(RequestModel):
    """The reservation that is meant."""

    reservation_ref: ReservationRef


class BookingQuery(PageQuery):
    """Which bookings are listed."""

    client_id: Id | None = None
    room_id: Id | None = None
    reservation_ref: ReservationRef | None = None
    status: Annotated[Status | None, Field(strict=False)] = None
    from_: Annotated[
        IsoDate | None, Field(alias="from", description="Stays with a night on this day or later")
    ] = None
    to: Annotated[
        IsoDate | None, Field(description="Stays with a night before this day, not before `from`")
    ] = None

    @field_validator("to")
    @classmethod
    def _ends_after_it_begins(cls, to: dt.date | None, info: ValidationInfo) -> dt.date | None:
        begin = info.data.get("from_")
        if to is not None and begin is not None and to < begin:
            raise PydanticCustomError("bounds", "must not be before from")
        return to


class ClaimView(ViewModel):
    """Which claimant makes the reservation."""

    reservation_ref: str
    claimant: str


class BookingView(ViewModel):
    """A booking."""

    booking_id: Identifier
    reservation_ref: str
    client_id: str
    room_id: str
    check_in: IsoDate
    check_out: IsoDate
    guests: int
    table_id: str | None
    status: Status
    created_at: Moment


class CancelView(ViewModel):
    """The result of a cancellation."""

    reservation_ref: str
    status: Status
    cancelled: bool = Field(description="Whether this request cancelled a booking")


BookingPage = Page[BookingView]
