"""What can be set for the worker, read once from the environment."""

from typing import Annotated, Literal, Self

from external_tasks import OnRetriesExhausted
from hotel_rules.days import DEFAULT_TIME_ZONE, time_zone
from pydantic import Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hotel_worker.topics import HANDLERS

_HTTP = r"^https?://[^/@\s]+[^@\s]*$"


class SettingsError(Exception):
    """The environment holds a setting that cannot be used; the message names it, never its value."""


class WorkerSettings(BaseSettings):
    """The worker's settings; each is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    engine_url: str = Field(
        default="http://localhost:8080/engine-rest",
        pattern=_HTTP,
        description="The engine's REST API",
    )
    engine_user: str | None = Field(default=None, description="User of the engine, with ENGINE_PASSWORD")
    engine_password: SecretStr | None = Field(default=None, description="Password of that user")
    engine_token: SecretStr | None = Field(
        default=None, description="Bearer token for the engine, instead of user and password"
    )
    engine_oauth2_token_url: str | None = Field(
        default=None,
        pattern=_HTTP,
        description="Token endpoint of an OAuth2 identity provider, with the two below, "
        "instead of user and password",
    )
    engine_oauth2_client_id: str | None = Field(default=None, min_length=1, description="Client id there")
    engine_oauth2_client_secret: SecretStr | None = Field(default=None, description="Client secret there")
    engine_oauth2_scope: str | None = Field(default=None, description="Scope to ask for")
    engine_oauth2_audience: str | None = Field(default=None, description="Audience to ask for")
    engine_ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authorities to trust for the engine and the identity provider; "
        "default: the system's",
    )
    engine_certificate_file: FilePath | None = Field(
        default=None, description="PEM file with the worker's certificate, for an engine that asks for one"
    )
    engine_key_file: FilePath | None = Field(
        default=None, description="PEM file with its key; default: in the same file"
    )
    engine_proxy: SecretStr | None = Field(
        default=None, description="URL of the proxy to the engine and the identity provider"
    )
    worker_topics: Annotated[tuple[str, ...], NoDecode] = Field(
        default=tuple(HANDLERS), min_length=1, description="Topics to work on, separated by commas"
    )
    worker_slots: int = Field(default=8, ge=1, le=256, description="Tasks worked on at the same time")
    worker_lock_seconds: float = Field(
        default=60,
        ge=1,
        le=3600,
        description="Seconds that a task stays locked; extended while it runs",
    )
    worker_poll_seconds: float = Field(
        default=5, ge=0.1, le=60, description="Seconds that one long poll waits for tasks"
    )
    worker_drain_seconds: float = Field(
        default=25, ge=0, le=3600, description="Seconds that tasks may take to end after SIGTERM"
    )
    worker_name: str | None = Field(
        default=None,
        min_length=1,
        description="Name in the worker's id; default: the host's or pod's name",
    )
    worker_cordon_file: FilePath | None = Field(
        default=None,
        description="File with the moment (RFC 3339) until which no more tasks are fetched, if it holds one; "
        "the operator sets it by an annotation of the pod",
    )
    worker_health_port: int = Field(
        default=8090,
        ge=0,
        le=65535,
        description="TCP port of /livez, /readyz and /metrics; 0 takes a free one",
    )
    worker_health_host: str | None = Field(
        default=None,
        min_length=1,
        description="Address to serve them at, e.g. 127.0.0.1 for this machine alone; default: all",
    )
    booking_url: str = Field(default="http://localhost:5001", pattern=_HTTP, description="Booking service")
    room_url: str = Field(default="http://localhost:5002", pattern=_HTTP, description="Room service")
    restaurant_url: str = Field(
        default="http://localhost:5003", pattern=_HTTP, description="Restaurant service"
    )
    client_url: str = Field(default="http://localhost:5004", pattern=_HTTP, description="Client service")
    service_token: SecretStr | None = Field(default=None, description="Bearer token of the services' API")
    service_timeout_seconds: float = Field(
        default=10, gt=0, le=300, description="Seconds to wait for a service's answer"
    )
    hotel_time_zone: str = Field(
        default=DEFAULT_TIME_ZONE,
        description="Time zone of the hotel by its IANA name, e.g. Europe/Paris: which day is today",
    )
    worker_retries: int = Field(
        default=5, ge=0, le=1000, description="How often a task that failed is tried again"
    )
    worker_retry_first_seconds: float = Field(
        default=1, ge=0, le=3600, description="Seconds before the first new try"
    )
    worker_retry_factor: float = Field(
        default=3, ge=1, le=10, description="What the wait grows by with each further try"
    )
    worker_retry_max_seconds: float = Field(
        default=300, ge=0, le=86_400, description="Seconds that no wait exceeds"
    )
    worker_exhausted: Annotated[dict[str, OnRetriesExhausted], NoDecode] = Field(
        default={},
        description="What follows used-up retries, by topic: `TOPIC=incident` or `TOPIC=bpmn_error`, "
        "separated by commas. Default: incident for cancel-booking, cancel-table and release-room, "
        "else bpmn_error",
    )
    worker_breaker_failures: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="Failures of a service in a row after which the topics that need it are paused, "
        "from 1 s up to 30 s; 0: never",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log lines that are written"
    )
    log_format: Literal["json", "text"] = Field(default="json", description="One JSON object or text a line")

    @field_validator("hotel_time_zone")
    @classmethod
    def _know_time_zone(cls, value: str) -> str:
        time_zone(value)
        return value

    @field_validator("worker_topics", mode="before")
    @classmethod
    def _split_topics(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("worker_topics")
    @classmethod
    def _know_topics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_unknown(value)
        if len(set(value)) < len(value):
            raise ValueError("names a topic twice")
        return value

    @field_validator("worker_exhausted", mode="before")
    @classmethod
    def _split_exhausted(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in _parts(value)]
        return {topic.strip(): rule.strip() for topic, _, rule in pairs}

    @field_validator("worker_exhausted")
    @classmethod
    def _know_exhausted(cls, value: dict[str, OnRetriesExhausted]) -> dict[str, OnRetriesExhausted]:
        _refuse_unknown(value)
        return value

    @model_validator(mode="after")
    def _one_way_to_authenticate(self) -> Self:
        if (self.engine_user is None) != (self.engine_password is None):
            raise ValueError("ENGINE_USER and ENGINE_PASSWORD are set together or not at all")
        if self.engine_user is not None and self.engine_token is not None:
            raise ValueError("ENGINE_TOKEN excludes ENGINE_USER and ENGINE_PASSWORD")
        oauth2 = (
            self.engine_oauth2_token_url,
            self.engine_oauth2_client_id,
            self.engine_oauth2_client_secret,
        )
        if any(oauth2) and not all(oauth2):
            raise ValueError(
                "ENGINE_OAUTH2_TOKEN_URL, ENGINE_OAUTH2_CLIENT_ID and ENGINE_OAUTH2_CLIENT_SECRET "
                "are set together or not at all"
            )
        if any(oauth2) and (self.engine_user is not None or self.engine_token is not None):
            raise ValueError("ENGINE_OAUTH2_TOKEN_URL excludes ENGINE_USER and ENGINE_TOKEN")
        if self.engine_key_file is not None and self.engine_certificate_file is None:
            raise ValueError("ENGINE_KEY_FILE needs ENGINE_CERTIFICATE_FILE")
        return self


def read_settings() -> WorkerSettings:
    """Read the settings from the environment.

    Raises:
        SettingsError: at least one cannot be used.
    """
    try:
        return WorkerSettings()
    except ValidationError as error:
        wrong = [
            f"{'_'.join(map(str, part['loc'][:1])).upper()}: {part['msg']}".removeprefix(": ")
            for part in error.errors(include_input=False)
        ]
        raise SettingsError("check the environment: " + "; ".join(wrong)) from None


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _refuse_unknown(topics: object) -> None:
    unknown = sorted(set(topics) - set(HANDLERS))  # type: ignore[call-overload]
    if unknown:
        raise ValueError(f"unknown topic {', '.join(unknown)}; there are {', '.join(HANDLERS)}")
