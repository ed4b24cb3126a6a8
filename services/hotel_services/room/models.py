"""What the room service's requests and answers look like."""

import datetime as dt
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from hotel_services.kit.http.fields import (
    INTEGRAL,
    Form,
    Identifier,
    IsoDate,
    Moment,
    QueryFlag,
    RequestModel,
    ViewModel,
)
from hotel_services.kit.http.paging import Page, PageQuery
from hotel_services.room.domain import State
from hotel_services.shared.dates import check_nights
from hotel_services.shared.guests import Guests, QueryGuests
from hotel_services.shared.references import ReservationRef

RoomId = Annotated[
    str,
    Form(r"^[A-Za-z0-9._-]{1,32}$", "must be 1 to 32 letters, digits, dots, hyphens or underscores"),
    Field(examples=["101"]),
]
RoomTypeCode = Annotated[
    str,
    Form(r"^[A-Za-z0-9_-]{1,16}$", "must be 1 to 16 letters, digits, hyphens or underscores"),
    Field(examples=["A"]),
]


class Nights(RequestModel):
    """The nights from `check_in` up to, but not including, `check_out`."""

    check_in: IsoDate
    check_out: IsoDate = Field(description="1 to 365 nights after check_in")

    @field_validator("check_out")
    @classmethod
    def _ends_after_it_begins(cls, check_out: dt.date, info: ValidationInfo) -> dt.date:
        return check_nights(info.data.get("check_in"), check_out)


class AvailabilityQuery(Nights):
    """Which rooms are free for whom."""

    guests: QueryGuests
    room_type: RoomTypeCode | None = None


class RoomQuery(PageQuery):
    """Which rooms are listed."""

    room_type: RoomTypeCode | None = None


class BlockRequest(Nights):
    """A room that is to be held."""

    reservation_ref: ReservationRef
    room_id: RoomId
    guests: Guests
    hold_seconds: Annotated[int, Field(ge=1, le=86_400), INTEGRAL] | None = Field(
        default=None, description="How long the hold lasts; HOLD_SECONDS if not given"
    )


class ReferenceRequest(RequestModel):
    """The reservation that is meant."""

    reservation_ref: ReservationRef


class StayQuery(PageQuery):
    """Which stays are listed."""

    reservation_ref: ReservationRef | None = None
    room_id: RoomId | None = None
    state: Annotated[State | None, Field(strict=False)] = None
    active: QueryFlag | None = Field(default=None, description="Those that keep a room from others, or not")


class RoomView(ViewModel):
    """A room."""

    room_id: str
    room_type: str
    type_name: str
    capacity: int
    price_per_night: float
    currency: str


class AvailabilityView(ViewModel):
    """The rooms that are free, by ascending room_id."""

    available: bool
    rooms: list[RoomView]


class StayView(ViewModel):
    """A room kept for a reservation."""

    stay_id: Identifier
    reservation_ref: str
    room_id: str
    check_in: IsoDate
    check_out: IsoDate
    guests: int
    state: State
    expires_at: Moment = Field(description="When the hold ends, or would have ended, in database time")
    created_at: Moment


class ReleaseView(ViewModel):
    """The result of a release."""

    reservation_ref: str
    state: State
    released: bool = Field(description="Whether this request made a room free")


RoomPage = Page[RoomView]
StayPage = Page[StayView]
