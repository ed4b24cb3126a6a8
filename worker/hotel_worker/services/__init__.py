"""The four services as the handlers see them: one thin client each, answers as values, errors as outcomes."""

from dataclasses import dataclass

from hotel_worker.services.booking import BookingService
from hotel_worker.services.client import ClientService
from hotel_worker.services.restaurant import RestaurantService
from hotel_worker.services.room import RoomService


@dataclass(frozen=True)
class Services:
    """What a handler can talk to."""

    booking: BookingService
    room: RoomService
    restaurant: RestaurantService
    client: ClientService
