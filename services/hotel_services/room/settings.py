"""The room service's settings."""

from pydantic import Field, SecretStr

from hotel_services.kit.settings import SeededSettings


class RoomSettings(SeededSettings):
    """Settings of the room service."""

    port: int = Field(default=5002, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one")
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///room.db"),
        description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; a database for each service",
    )
    hold_seconds: int = Field(
        default=900, ge=1, le=86_400, description="Seconds that a hold lasts where the request does not say"
    )
