"""The booking service's settings."""

from pydantic import Field, SecretStr

from hotel_services.kit.settings import ServiceSettings


class BookingSettings(ServiceSettings):
    """Settings of the booking service."""

    port: int = Field(default=5001, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one")
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///booking.db"),
        description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; a database for each service",
    )
