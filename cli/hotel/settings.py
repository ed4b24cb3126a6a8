"""Settings of the command and of the client, from environment variables that begin with HOTEL_."""

from pathlib import Path

from pydantic import Field, SecretStr
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
    engine_ca_file: str | None = Field(
        default=None, description="PEM file with the certificates to trust instead of the system's"
    )
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
    java_options: str = Field(default="-Xmx512m", description="options of the Java that runs it")
    ready_seconds: float = Field(
        default=120.0, gt=0, description="how long the local stack may take to start, seconds"
    )

    @property
    def in_cluster(self) -> bool:
        """Whether the hotel is one in a cluster, as any one of its three settings says."""
        return bool(self.context or self.namespace or self.release)
