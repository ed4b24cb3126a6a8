"""Settings that every service has, read once from the environment."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

HEALTH_PORT_DISTANCE = 1000
HIGHEST_PORT = 65_535


class SettingsError(Exception):
    """The environment holds a setting that cannot be used; the message names it."""


class ServiceSettings(BaseSettings):
    """What can be set for any service; a service adds its own and its defaults by inheritance."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(
        default=0, ge=0, le=HIGHEST_PORT, description="TCP port to listen on; 0 takes any free one"
    )
    health_host: str | None = Field(
        default=None, description="Address to listen on for health and metrics; HOST if it is not set"
    )
    health_port: int | None = Field(
        default=None,
        ge=0,
        le=HIGHEST_PORT,
        description="TCP port for health and metrics; PORT + 1000 if it is not set; 0 takes any free one",
    )
    threads: int = Field(default=8, ge=1, le=256, description="Requests served at the same time")
    graceful_seconds: int = Field(
        default=30, ge=1, le=3600, description="Seconds that a stopping service may take to finish requests"
    )
    client_seconds: int = Field(
        default=10,
        ge=1,
        le=600,
        description="Seconds that a client may take to send a whole request, and to take the whole answer",
    )
    connections: int = Field(
        default=1000,
        ge=1,
        le=20_000,
        description="Connections that are open at the same time; idle and slow ones make room",
    )
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///hotel.db"),
        description="`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`; a database for each service",
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=500, description="Connections to the database at most (THREADS + 2 is enough)"
    )
    database_retry_seconds: float = Field(
        default=3.0,
        ge=0,
        le=60,
        description="Seconds that a request goes on trying when the database is lost, before it answers 503",
    )
    migrate_at_start: bool = Field(
        default=False, description="Bring the schema up to date and load the seed before serving"
    )
    service_token: SecretStr | None = Field(
        default=None, min_length=8, description="Bearer token that every request under /api must carry"
    )
    idempotency_seconds: int = Field(
        default=86_400,
        ge=60,
        le=31_536_000,
        description="Seconds for which the answer to an Idempotency-Key is kept at least",
    )
    sweep_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="Seconds between two sweeps of what has expired"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log lines that are written"
    )
    log_format: Literal["json", "text"] = Field(default="json", description="One JSON object or text a line")

    @property
    def health_address(self) -> tuple[str, int]:
        """Host and port of health and metrics.

        Raises:
            SettingsError: The port that follows from PORT does not exist.
        """
        host = self.health_host or self.host
        if self.health_port is not None:
            return host, self.health_port
        if self.port == 0:
            return host, 0
        if self.port + HEALTH_PORT_DISTANCE > HIGHEST_PORT:
            raise SettingsError(f"Set HEALTH_PORT: PORT + {HEALTH_PORT_DISTANCE} is above {HIGHEST_PORT}")
        return host, self.port + HEALTH_PORT_DISTANCE


class SeededSettings(ServiceSettings):
    """Settings of a service that starts with something in its database."""

    seed_file: Path | None = Field(
        default=None, description="YAML or JSON file that replaces the seed that is shipped"
    )


SettingsType = TypeVar("SettingsType", bound=ServiceSettings)


def read_settings(kind: type[SettingsType]) -> SettingsType:
    """Read the settings from the environment.

    Raises:
        SettingsError: One cannot be used. Values are not shown: they may be secret.
    """
    try:
        return kind()
    except ValidationError as error:
        wrong = "; ".join(
            f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False)
        )
        raise SettingsError(f"Check the environment: {wrong}") from None
