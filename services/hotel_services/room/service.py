"""The room service as the kit sees it."""

from sqlalchemy.orm import Session

from hotel_services.kit.http.service import Service
from hotel_services.room import stays
from hotel_services.room.api import api
from hotel_services.room.seed import seed_rooms
from hotel_services.room.settings import RoomSettings
from hotel_services.room.tables import Base


def _expired_holds(session: Session, _settings: RoomSettings) -> int:
    return stays.sweep(session)


SERVICE = Service(
    name="room",
    title="Room service",
    description=(
        "Rooms and who sleeps in them. A room is held for a reservation for a limited time, then confirmed "
        "or released; no two active stays of a room share a night."
    ),
    settings=RoomSettings,
    api=api,
    metadata=Base.metadata,
    migrations="hotel_services.room:migrations/versions",
    seed=seed_rooms,
    sweeps={"expired_holds": _expired_holds},
)
