"""The spec of an ExternalTaskScaler as values; fields and defaults are those of the CRD."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from external_task_operator.errors import InvalidSpec

GROUP = "hotel.example.com"
VERSION = "v1alpha1"
PLURAL = "externaltaskscalers"
KIND = "ExternalTaskScaler"
PAUSED_ANNOTATION = f"{GROUP}/paused"


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class TargetRef(_Part):
    """The workload to scale, in the scaler's namespace."""

    api_version: Literal["apps/v1"] = "apps/v1"
    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class CredentialsSecret(_Part):
    """Where the engine user's name and password, or a bearer token, are kept."""

    name: str
    username_key: str = "username"
    password_key: str = "password"  # noqa: S105 - the name of a key, not a password
    token_key: str | None = None


class CertificateAuthority(_Part):
    """Where PEM certificates are kept that are to be trusted instead of the system's."""

    config_map_name: str | None = None
    secret_name: str | None = None
    key: str = "ca.crt"


class EngineRef(_Part):
    """The engine and how to reach it. Equal references share their connections and queries."""

    url: str
    credentials_secret: CredentialsSecret | None = None
    ca: CertificateAuthority | None = None
    process_definition_keys: tuple[str, ...] = ()
    timeout_seconds: int = 5


class Target(_Part):
    """How many replicas the tasks ask for; times in seconds."""

    tasks_per_replica: int = Field(default=5, ge=1)
    drain_seconds: float | None = Field(default=None, gt=0)
    average_task_seconds: float | None = Field(default=None, gt=0)
    max_task_age_seconds: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _drain_needs_average(self) -> Self:
        if (self.drain_seconds is None) != (self.average_task_seconds is None):
            raise ValueError("drainSeconds and averageTaskSeconds belong together")
        return self


class ScalingPolicy(_Part):
    """At most ``value`` pods or percent in ``period_seconds``."""

    type: Literal["Pods", "Percent"]
    value: int = Field(ge=1)
    period_seconds: int = Field(ge=1)


class ScalingRules(_Part):
    """The speed limits of one direction."""

    stabilization_window_seconds: int = Field(default=0, ge=0)
    select_policy: Literal["Max", "Min", "Disabled"] = "Max"
    tolerance: float = Field(default=0.1, ge=0, le=1)
    policies: tuple[ScalingPolicy, ...] = ()

    @property
    def longest_period_seconds(self) -> int:
        """How long scale events have to be remembered for these rules."""
        return max((policy.period_seconds for policy in self.policies), default=0)


class ScaleDownRules(ScalingRules):
    """The speed limits of scale-in, which is not in a hurry."""

    stabilization_window_seconds: int = Field(default=60, ge=0)


class Behavior(_Part):
    """HPA's speed limits, with HPA's names and meaning; without policies there is no limit."""

    scale_up: ScalingRules = ScalingRules()
    scale_down: ScaleDownRules = ScaleDownRules()


class Fallback(_Part):
    """What to do when the tasks cannot be counted."""

    failure_threshold: int = Field(default=3, ge=1)
    replicas: int = Field(ge=1)
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = (
        "currentReplicasIfHigher"
    )


class ScalerSpec(_Part):
    """What a user asks of the operator."""

    scale_target_ref: TargetRef
    engine: EngineRef
    topics: tuple[str, ...] = Field(min_length=1)
    polling_interval: int = Field(default=5, ge=1)
    min_replica_count: int = Field(default=0, ge=0)
    max_replica_count: int = Field(default=10, ge=1)
    cooldown_period: int = Field(default=60, ge=0)
    target: Target = Target()
    behavior: Behavior = Behavior()
    fallback: Fallback | None = None
    protect_busy_pods: bool = True
    cordon_seconds: int = Field(default=0, ge=0, le=300)
    unlock_orphans: bool = False
    paused: bool = False
    dry_run: bool = False

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min_replica_count > self.max_replica_count:
            raise ValueError("minReplicaCount must not be above maxReplicaCount")
        return self


def parse(resource: Mapping[str, Any]) -> ScalerSpec:
    """Read the spec of an ExternalTaskScaler; the pause annotation counts as ``spec.paused``.

    Raises:
        InvalidSpec: it cannot be understood; the message names the fields.
    """
    try:
        spec = ScalerSpec.model_validate(resource.get("spec", {}))
    except ValidationError as error:
        raise InvalidSpec(_explain(error)) from error
    annotations = resource.get("metadata", {}).get("annotations") or {}
    if annotations.get(PAUSED_ANNOTATION, "").lower() == "true":
        return spec.model_copy(update={"paused": True})
    return spec


def _explain(error: ValidationError) -> str:
    faults = [f"spec.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    return "; ".join(faults)
