"""The four services as the handlers see them: one thin client each, answers as values, errors as outcomes."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from hotel_rules.days import DEFAULT_TIME_ZONE, time_zone

from hotel_worker.services.booking import BookingService
from hotel_worker.services.client import ClientService
from hotel_worker.services.restaurant import RestaurantService
from hotel_worker.services.room import RoomService


@dataclass(frozen=True)
class Services:
    """What a handler can talk to, and where the hotel is.

    Attributes:
        time_zone: decides which day it is at the hotel, and so which stays lie in the past.
    """

    booking: BookingService
    room: RoomService
    restaurant: RestaurantService
    client: ClientService
    time_zone: ZoneInfo = field(default_factory=lambda: time_zone(DEFAULT_TIME_ZONE))
