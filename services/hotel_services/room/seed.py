"""The rooms that the hotel starts with."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from hotel_services.kit.seeds import load_seed
from hotel_services.room.models import RoomId, RoomTypeCode
from hotel_services.room.settings import RoomSettings
from hotel_services.room.tables import Room, RoomType

SHIPPED = ("hotel_services.room", "seed.yaml")


class SeedRoomType(BaseModel):
    """A kind of room."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    capacity: int = Field(ge=1, le=20)
    price_per_night: float = Field(ge=0, le=1_000_000)
    rooms: list[RoomId]


class Seed(BaseModel):
    """The seed file: kinds of rooms by their codes, and the rooms of each."""

    model_config = ConfigDict(extra="forbid")

    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    room_types: dict[RoomTypeCode, SeedRoomType]

    @model_validator(mode="after")
    def _each_room_once(self) -> Self:
        rooms = [room for kind in self.room_types.values() for room in kind.rooms]
        if twice := sorted({room for room in rooms if rooms.count(room) > 1}):
            raise ValueError(f"these rooms are listed more than once: {', '.join(twice)}")
        return self


def seed_rooms(session: Session, settings: RoomSettings) -> None:
    """Add the seed's rooms and update those that are there; rooms it does not name stay.

    Raises:
        SettingsError: The seed file cannot be used.
    """
    seed = load_seed(settings.seed_file, SHIPPED, Seed)
    for code, kind in sorted(seed.room_types.items()):
        session.merge(
            RoomType(
                room_type=code,
                name=kind.name,
                capacity=kind.capacity,
                price_minor=round(kind.price_per_night * 100),
                currency=seed.currency,
            )
        )
    session.flush()
    for code, kind in sorted(seed.room_types.items()):
        for room_id in kind.rooms:
            session.merge(Room(room_id=room_id, room_type=code))
