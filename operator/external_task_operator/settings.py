"""What can be set for the operator, read once from the environment."""

import re
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from external_task_operator.names import is_host_pattern, is_namespace

ALL_NAMESPACES = "*"
_OWN_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


_TOKEN = re.compile(r"[-A-Za-z0-9._~+/=]{16,1024}")


class SettingsError(Exception):
    """The environment holds a setting that cannot be used; the message names it."""


class OperatorSettings(BaseSettings):
    """The operator's settings; each is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    operator_namespaces: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Namespaces to watch, separated by commas; * for all. Default: the operator's own",
    )
    operator_allowed_engines: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "Hosts that engine URLs may have, separated by commas: engine.example.com, *.example.com, "
            "*.hotel.svc for the Services of a namespace, *.{namespace}.svc for those of the scaler's own. "
            "Default: every host"
        ),
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
    operator_push_token_file: Path | None = Field(
        default=None,
        description="File with the bearer token of pushes, at least 16 characters; default: no pushes",
    )
    operator_push_port: int = Field(
        default=8091, ge=0, le=65535, description="TCP port of pushes; 0 takes a free one"
    )
    otel_exporter_otlp_endpoint: str = Field(
        default="", description="URL of an OpenTelemetry collector for the metrics; default: none"
    )
    otel_exporter_otlp_metrics_endpoint: str = Field(
        default="", description="The same for metrics alone, with its path"
    )
    otel_exporter_otlp_protocol: Literal["http/protobuf"] = Field(
        default="http/protobuf", description="How to send to the collector"
    )
    otel_exporter_otlp_metrics_protocol: Literal["http/protobuf"] = Field(
        default="http/protobuf", description="The same for metrics alone"
    )
    otel_metric_export_interval: int = Field(
        default=60_000, ge=1000, le=3_600_000, description="Milliseconds from one sending to the next"
    )
    otel_metrics_exporter: Literal["otlp", "none"] = Field(
        default="otlp", description="none sends no metrics, whatever the endpoint"
    )
    otel_sdk_disabled: bool = Field(default=False, description="true sends no metrics, whatever the endpoint")
    otel_service_name: str = Field(
        default="external-task-scaler", description="The operator's name for the collector"
    )
    pod_name: str = Field(
        default_factory=socket.gethostname, description="Name of the operator's pod; default: the host's"
    )
    pod_namespace: str = Field(default="", description="The operator's own namespace; default: the pod's")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log lines that are written"
    )
    log_format: Literal["json", "text"] = Field(default="json", description="One JSON object or text a line")

    @field_validator("operator_namespaces", "operator_allowed_engines", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("operator_namespaces")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # The framework would take team-* for a pattern, and then watch nothing.
        if wrong := [name for name in value if name != ALL_NAMESPACES and not is_namespace(name)]:
            raise ValueError(
                f"{', '.join(wrong)}: not the name of a namespace, and not {ALL_NAMESPACES} alone"
            )
        return value

    @field_validator("operator_allowed_engines")
    @classmethod
    def _are_patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [pattern for pattern in value if not is_host_pattern(pattern)]:
            hosts = "name hosts without scheme and port, as engine.example.com or *.example.com"
            raise ValueError(f"{', '.join(wrong)}: {hosts}")
        return value

    @field_validator("otel_exporter_otlp_endpoint", "otel_exporter_otlp_metrics_endpoint")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("write a URL with http:// or https://, as http://collector:4318")
        return value

    @property
    def sends_metrics(self) -> bool:
        """Whether metrics go to a collector, too."""
        endpoint = self.otel_exporter_otlp_metrics_endpoint or self.otel_exporter_otlp_endpoint
        return bool(endpoint) and self.otel_metrics_exporter == "otlp" and not self.otel_sdk_disabled

    def push_token(self) -> str:
        """Return the token that pushes must bear; read again each time, as a mounted Secret may change.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no token, or a short one.
        """
        token = (
            "" if self.operator_push_token_file is None else self.operator_push_token_file.read_text("utf-8")
        )
        token = token.strip()
        if not _TOKEN.fullmatch(token):
            raise ValueError(
                f"{self.operator_push_token_file} must hold a token of 16 to 1024 letters, digits and -._~+/="
            )
        return token

    def check(self) -> None:
        """Make sure that the operator can run with them.

        Raises:
            SettingsError: it cannot; the message names the setting.
        """
        self.watched()
        if self.operator_push_token_file is not None:
            try:
                self.push_token()
            except (OSError, ValueError) as error:
                raise SettingsError(f"OPERATOR_PUSH_TOKEN_FILE: {error}") from error

    @property
    def all_namespaces(self) -> bool:
        """The whole cluster is watched."""
        return ALL_NAMESPACES in self.operator_namespaces

    def watched(self) -> tuple[str, ...]:
        """Return the namespaces to watch; none if it is the whole cluster.

        Raises:
            SettingsError: no namespace is set, and the operator does not run in a pod.
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
