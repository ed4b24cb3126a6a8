"""The hotel command, its reservation client and the local stack."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotel.errors import (
        HotelError,
        InvalidReservation,
        ReferenceConflict,
        ReservationNotFound,
        StateConflict,
        WaitTimeout,
    )
    from hotel.reservations.client import HotelReservationClient
    from hotel.reservations.reports import Activity, Incident, ReservationResult, ReservationStatus
    from hotel.reservations.reservation import Reservation
    from hotel.reservations.states import ReservationState

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

_MODULES = {
    "Activity": "hotel.reservations.reports",
    "HotelReservationClient": "hotel.reservations.client",
    "Incident": "hotel.reservations.reports",
    "Reservation": "hotel.reservations.reservation",
    "ReservationResult": "hotel.reservations.reports",
    "ReservationState": "hotel.reservations.states",
    "ReservationStatus": "hotel.reservations.reports",
}


def __getattr__(name: str) -> Any:
    # Imported when it is used: the command imports this package first, and must be able to answer Ctrl-C and
    # a shell's completion before all that a reservation needs is loaded.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "hotel.errors")), name)
