"""What can be set for the operator, read once from the environment."""

import re
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ALL_NAMESPACES = "*"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OWN_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class SettingsError(Exception):
    """The environment holds a setting that cannot be used; the message names it."""


class OperatorSettings(BaseSettings):
    """The operator's settings; each is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    operator_namespaces: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Namespaces to watch, separated by commas; * for all. Default: the operator's own",
    )
    operator_threads: int = Field(default=16, ge=1, le=256, description="Polls that are under way at a time")
    operator_connections: int = Field(default=4, ge=1, le=64, description="Connections to each engine")
    operator_lease_seconds: float = Field(
        default=15, ge=3, le=300, description="Seconds after which another operator may take over"
    )
    operator_status_seconds: float = Field(
        default=60, ge=1, le=3600, description="Seconds after which an unchanged status is written again"
    )
    operator_api_timeout_seconds: float = Field(
        default=10, gt=0, le=60, description="Seconds to wait for the Kubernetes API"
    )
    operator_health_port: int = Field(
        default=8090,
        ge=0,
        le=65535,
        description="TCP port of /livez, /readyz and /metrics; 0 takes a free one",
    )
    pod_name: str = Field(
        default_factory=socket.gethostname, description="Name of the operator's pod; default: the host's"
    )
    pod_namespace: str = Field(default="", description="The operator's own namespace; default: the pod's")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log lines that are written"
    )
    log_format: Literal["json", "text"] = Field(default="json", description="One JSON object or text a line")

    @field_validator("operator_namespaces", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("operator_namespaces")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # The framework would take team-* for a pattern, and then watch nothing.
        if wrong := [name for name in value if name != ALL_NAMESPACES and not _NAME.fullmatch(name)]:
            raise ValueError(
                f"{', '.join(wrong)}: not the name of a namespace, and not {ALL_NAMESPACES} alone"
            )
        return value

    @property
    def all_namespaces(self) -> bool:
        """The whole cluster is watched."""
        return ALL_NAMESPACES in self.operator_namespaces

    def watched(self) -> tuple[str, ...]:
        """Return the namespaces to watch; none if it is the whole cluster.

        Raises:
            SettingsError: nothing is said, and there is no pod whose namespace could be meant.
        """
        if self.all_namespaces:
            return ()
        if self.operator_namespaces:
            return self.operator_namespaces
        if own := self.pod_namespace or _own_namespace():
            return (own,)
        raise SettingsError("OPERATOR_NAMESPACES: name the namespaces to watch, or * for all")


def read_settings() -> OperatorSettings:
    """Read the settings from the environment.

    Raises:
        SettingsError: at least one cannot be used.
    """
    try:
        return OperatorSettings()
    except ValidationError as error:
        faults = [f"{'_'.join(map(str, f['loc'])).upper()}: {f['msg']}" for f in error.errors()]
        raise SettingsError("; ".join(faults)) from error


def _own_namespace() -> str:
    try:
        return _OWN_NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
