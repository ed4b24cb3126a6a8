"""Settings of the command and of the client, from environment variables that begin with HOTEL_."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class HotelSettings(BaseSettings):
    """Where the stack is, and how the local one is run."""

    model_config = SettingsConfigDict(env_prefix="HOTEL_", frozen=True, env_ignore_empty=True)

    home: Path = Field(
        default=Path(".hotel"), description="folder of the local stack: its data, logs and stack.json"
    )
    context: str | None = Field(
        default=None, description="kubeconfig context of the cluster with the hotel; unset: the current one"
    )
    namespace: str | None = Field(
        default=None, description="namespace of the hotel's release; unset: the context's"
    )
    release: str | None = Field(
        default=None, description="name of the hotel's release; unset: the only one in the namespace"
    )
    engine_url: str | None = Field(
        default=None,
        description="REST API of an engine elsewhere, ending in /engine-rest; unset means the local stack",
    )
    engine_user: str | None = Field(
        default=None, description="user at that engine; by default the name of the role that a command needs"
    )
    engine_password: SecretStr | None = Field(default=None, description="that user's password")
    engine_token: SecretStr | None = Field(default=None, description="bearer token, instead of a password")
    engine_oauth2_token_url: str | None = Field(
        default=None,
        description="token endpoint of an identity provider, with the two below, instead of a password",
    )
    engine_oauth2_client_id: str | None = Field(default=None, description="client id there")
    engine_oauth2_client_secret: SecretStr | None = Field(default=None, description="client secret there")
    engine_oauth2_scope: str | None = Field(default=None, description="scope to ask for")
    engine_oauth2_audience: str | None = Field(default=None, description="audience to ask for")
    engine_ca_file: str | None = Field(
        default=None, description="PEM file with the certificates to trust instead of the system's"
    )
    engine_certificate_file: str | None = Field(
        default=None, description="PEM file with a certificate of one's own, for an engine that asks for one"
    )
    engine_key_file: str | None = Field(
        default=None, description="PEM file with its key; by default in the same file"
    )
    engine_proxy: SecretStr | None = Field(default=None, description="URL of a proxy to the engine")
    engine_timeout_seconds: float = Field(
        default=30.0, gt=0, description="how long one call to the engine may take, seconds"
    )
    booking_url: str | None = Field(default=None, description="booking service elsewhere")
    room_url: str | None = Field(default=None, description="room service elsewhere")
    restaurant_url: str | None = Field(default=None, description="restaurant service elsewhere")
    client_url: str | None = Field(default=None, description="client service elsewhere")
    service_token: SecretStr | None = Field(
        default=None, description="bearer token that these services ask for"
    )
    engine_jar: Path | None = Field(
        default=None, description="the local stack's engine; by default the one built in this repository"
    )
    history_time_to_live: str | None = Field(
        default=None,
        pattern=r"^P[0-9]{1,5}D$",
        description="how long the engine keeps ended instances of what is deployed, e.g. P30D",
    )
    java_options: str = Field(
        default="-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        description="options of the Java that runs it",
    )
    ready_seconds: float = Field(
        default=120.0, gt=0, description="how long the local stack may take to start, seconds"
    )

    @field_validator(
        "engine_password",
        "engine_token",
        "engine_oauth2_client_secret",
        "service_token",
        mode="before",
    )
    @classmethod
    def _without_line_end(cls, value: object) -> object:
        # As a file or a Secret often has one; it is no part of the password.
        return value.rstrip("\r\n") if isinstance(value, str) else value

    @property
    def has_engine_login(self) -> bool:
        """Whether the settings say how to log in to the engine."""
        return bool(self.engine_token or self.engine_password or self.engine_oauth2_token_url)

    @property
    def in_cluster(self) -> bool:
        """Whether the hotel is one in a cluster, as any one of its three settings says."""
        return bool(self.context or self.namespace or self.release)
