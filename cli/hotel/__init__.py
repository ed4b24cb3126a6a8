"""The hotel command, its reservation client and the local stack."""

from hotel.client import HotelReservationClient
from hotel.errors import (
    HotelError,
    InvalidReservation,
    ReferenceConflict,
    ReservationNotFound,
    StateConflict,
    WaitTimeout,
)
from hotel.reports import Activity, Incident, ReservationResult, ReservationStatus
from hotel.reservation import Reservation
from hotel.states import ReservationState

__all__ = [
    "Activity",
    "HotelError",
    "HotelReservationClient",
    "Incident",
    "InvalidReservation",
    "ReferenceConflict",
    "Reservation",
    "ReservationNotFound",
    "ReservationResult",
    "ReservationState",
    "ReservationStatus",
    "StateConflict",
    "WaitTimeout",
]
