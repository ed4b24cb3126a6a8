"""The restaurant service's settings."""

from pydantic import Field, SecretStr

from hotel_services.kit.settings import SeededSettings


class RestaurantSettings(SeededSettings):
    """Settings of the restaurant service."""

    port: int = Field(default=5003, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one")
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///restaurant.db"),
        description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; a database for each service",
    )
