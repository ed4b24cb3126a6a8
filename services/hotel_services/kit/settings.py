"""Settings that every service has, read once from the environment."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """The environment holds a setting that cannot be used; the message names it."""


class ServiceSettings(BaseSettings):
    """What can be set for any service; a service adds its own and its defaults by inheritance."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=0, ge=0, le=65535, description="TCP port to listen on; 0 takes any free one")
    threads: int = Field(default=8, ge=1, le=256, description="Requests served at the same time")
    graceful_seconds: int = Field(
        default=30, ge=1, le=3600, description="Seconds that a stopping service may take to finish requests"
    )
    client_seconds: int = Field(
        default=10, ge=1, le=600, description="Seconds to wait for the next byte of a client, then it is left"
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
