"""The spec of an ExternalTaskScaler as values; fields and defaults are those of the CRD."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from external_task_operator import cron
from external_task_operator.errors import InvalidSpec
from external_task_operator.names import (
    API_VERSION_PATTERN,
    CRON_PATTERN,
    KEY_PATTERN,
    KIND_PATTERN,
    OBJECT_PATTERN,
    TEXT_PATTERN,
    URL_PATTERN,
    ZONE_PATTERN,
)

GROUP = "hotel.example.com"
VERSION = "v1alpha1"
PLURAL = "externaltaskscalers"
KIND = "ExternalTaskScaler"
PAUSED_ANNOTATION = f"{GROUP}/paused"
PAUSED_REPLICAS_ANNOTATION = f"{GROUP}/paused-replicas"
TAKE_OVER_ANNOTATION = f"{GROUP}/take-over"
ANNOTATIONS = (PAUSED_ANNOTATION, PAUSED_REPLICAS_ANNOTATION, TAKE_OVER_ANNOTATION)
"""Annotations that say something about a scaler as its spec does."""

_MOST_REPLICAS = 10_000


def _without_dot_segments(url: str) -> str:
    if {".", ".."} & set(url.split("/")):
        raise ValueError("must not contain the path segments . and ..")
    return url


ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=OBJECT_PATTERN)]
ApiVersion = Annotated[str, Field(min_length=1, max_length=253, pattern=API_VERSION_PATTERN)]
Kind = Annotated[str, Field(min_length=1, max_length=63, pattern=KIND_PATTERN)]
Cron = Annotated[str, Field(min_length=1, max_length=100, pattern=CRON_PATTERN)]
Zone = Annotated[str, Field(min_length=1, max_length=64, pattern=ZONE_PATTERN)]
DataKey = Annotated[str, Field(min_length=1, max_length=253, pattern=KEY_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=255, pattern=TEXT_PATTERN)]
EngineUrl = Annotated[
    str,
    Field(min_length=1, max_length=2048, pattern=URL_PATTERN),
    AfterValidator(_without_dot_segments),
]

_REMEDIES = {
    OBJECT_PATTERN: "must be the name of an object: lower-case letters, digits, '-' and '.'",
    API_VERSION_PATTERN: "must be group and version of an API, as apps/v1 or argoproj.io/v1alpha1",
    KIND_PATTERN: "must be a kind, as Deployment or Rollout: letters and digits, the first a capital letter",
    CRON_PATTERN: (
        "must be a cron expression of five fields: minute, hour, day of month, month and day of week, "
        "as 0 8 * * 1-5"
    ),
    ZONE_PATTERN: "must be the IANA name of a time zone, as Europe/Berlin or UTC",
    KEY_PATTERN: "must be a key of a Secret or ConfigMap: letters, digits, '-', '_' and '.'",
    TEXT_PATTERN: "must not contain control characters",
    URL_PATTERN: (
        "must look like http://engine:8080/engine-rest: http or https, a host, a port up to 65535, a path, "
        "without credentials (name a Secret in engine.credentialsSecret), query, fragment or spaces"
    ),
}


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class TargetRef(_Part):
    """The workload to scale, in the scaler's namespace."""

    api_version: ApiVersion = "apps/v1"
    kind: Kind = "Deployment"
    name: ObjectName

    @property
    def key(self) -> tuple[str, str, str]:
        """Group, kind and name: what tells one target from another, whatever version names it."""
        return self.api_version.partition("/")[0], self.kind, self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class CredentialsSecret(_Part):
    """Where the engine user's name and password, or a bearer token, are kept."""

    name: ObjectName
    username_key: DataKey = "username"
    password_key: DataKey = "password"  # noqa: S105 - the name of a key, not a password
    token_key: DataKey | None = None


class OAuth2(_Part):
    """Where tokens for the engine come from, by OAuth2's client credentials, and who asks for them."""

    token_url: EngineUrl
    secret_name: ObjectName
    client_id_key: DataKey = "client-id"
    client_secret_key: DataKey = "client-secret"  # noqa: S105 - the name of a key, not a secret
    scope: Text | None = None
    audience: Text | None = None


class ClientCertificateSecret(_Part):
    """The operator's certificate for an engine that asks for one: a Secret of type kubernetes.io/tls."""

    secret_name: ObjectName
    certificate_key: DataKey = "tls.crt"
    private_key_key: DataKey = "tls.key"


class CertificateAuthority(_Part):
    """Where PEM certificates are kept that are to be trusted instead of the system's."""

    config_map_name: ObjectName | None = None
    secret_name: ObjectName | None = None
    key: DataKey = "ca.crt"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.config_map_name is None) == (self.secret_name is None):
            raise ValueError("takes one of configMapName and secretName")
        return self


class EngineRef(_Part):
    """The engine and how to reach it. Equal references share their connections and queries."""

    url: EngineUrl
    credentials_secret: CredentialsSecret | None = None
    oauth2: OAuth2 | None = None
    client_certificate: ClientCertificateSecret | None = None
    ca: CertificateAuthority | None = None
    process_definition_keys: tuple[Text, ...] = Field(default=(), max_length=50)
    timeout_seconds: int = Field(default=5, ge=1, le=60)

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        if self.credentials_secret is not None and self.oauth2 is not None:
            raise ValueError("takes one of credentialsSecret and oauth2")
        return self

    @property
    def urls(self) -> dict[str, str]:
        """Every address that is called for it, by the field of ``spec.engine`` that holds it."""
        return {"url": self.url} | ({"oauth2.tokenUrl": self.oauth2.token_url} if self.oauth2 else {})


class Target(_Part):
    """How many replicas the tasks ask for; times in seconds."""

    tasks_per_replica: int = Field(default=5, ge=1, le=100_000)
    drain_seconds: float | None = Field(default=None, ge=1, le=86_400)
    average_task_seconds: float | None = Field(default=None, ge=0.001, le=86_400)
    max_task_age_seconds: int | None = Field(default=None, ge=1, le=604_800)

    @model_validator(mode="after")
    def _drain_needs_average(self) -> Self:
        if (self.drain_seconds is None) != (self.average_task_seconds is None):
            raise ValueError("drainSeconds and averageTaskSeconds belong together")
        return self


class ScalingPolicy(_Part):
    """At most ``value`` pods or percent in ``period_seconds``."""

    type: Literal["Pods", "Percent"]
    value: int = Field(ge=1, le=100_000)
    period_seconds: int = Field(ge=1, le=1800)


class ScalingRules(_Part):
    """The speed limits of one direction."""

    stabilization_window_seconds: int = Field(default=0, ge=0, le=3600)
    select_policy: Literal["Max", "Min", "Disabled"] = "Max"
    tolerance: float = Field(default=0.1, ge=0, le=1)
    policies: tuple[ScalingPolicy, ...] = Field(default=(), max_length=10)

    @property
    def longest_period_seconds(self) -> int:
        """How long scale events have to be remembered for these rules."""
        return max((policy.period_seconds for policy in self.policies), default=0)


class ScaleDownRules(ScalingRules):
    """The speed limits of scale-in, which is not in a hurry."""

    stabilization_window_seconds: int = Field(default=60, ge=0, le=3600)


class Behavior(_Part):
    """HPA's speed limits, with HPA's names and meaning; without policies there is no limit."""

    scale_up: ScalingRules = ScalingRules()
    scale_down: ScaleDownRules = ScaleDownRules()


class Fallback(_Part):
    """What to do when the tasks cannot be counted."""

    failure_threshold: int = Field(default=3, ge=1, le=1000)
    replicas: int = Field(ge=1, le=10_000)
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = (
        "currentReplicasIfHigher"
    )


class TaskFilter(_Part):
    """Which of the topics' tasks are counted. Equal filters share their queries."""

    tenant_ids: tuple[Text, ...] = Field(default=(), max_length=50)
    process_definition_keys: tuple[Text, ...] = Field(default=(), max_length=50)
    process_definition_ids: tuple[Text, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _selects(self) -> Self:
        if self.process_definition_keys and self.process_definition_ids:
            raise ValueError("takes one of processDefinitionKeys and processDefinitionIds")
        if not (self.tenant_ids or self.process_definition_keys or self.process_definition_ids):
            raise ValueError("must name tenantIds, processDefinitionKeys or processDefinitionIds")
        return self


class Schedule(_Part):
    """Bounds that hold from each start until the first end after it."""

    name: ObjectName
    timezone: Zone = "UTC"
    start: Cron
    end: Cron
    min_replica_count: int | None = Field(default=None, ge=0, le=10_000)
    max_replica_count: int | None = Field(default=None, ge=0, le=10_000)

    @field_validator("start", "end")
    @classmethod
    def _comes(cls, expression: str) -> str:
        cron.check(expression)
        return expression

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        cron.check_zone(zone)
        return zone

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.start == self.end:
            raise ValueError("start and end must not be the same")
        if self.min_replica_count is None and self.max_replica_count is None:
            raise ValueError("must set minReplicaCount, maxReplicaCount or both")
        return self


class ScalerSpec(_Part):
    """What a user asks of the operator."""

    scale_target_ref: TargetRef
    engine: EngineRef
    topics: tuple[Text, ...] = Field(min_length=1, max_length=50)
    task_filter: TaskFilter | None = None
    polling_interval: int = Field(default=5, ge=1, le=3600)
    min_replica_count: int = Field(default=0, ge=0, le=10_000)
    max_replica_count: int = Field(default=10, ge=0, le=10_000)
    schedules: tuple[Schedule, ...] = Field(default=(), max_length=20)
    activation_threshold: int = Field(default=0, ge=0, le=1_000_000)
    cooldown_period: int = Field(default=60, ge=0, le=86_400)
    target: Target = Target()
    behavior: Behavior = Behavior()
    fallback: Fallback | None = None
    protect_busy_pods: bool = True
    cordon_seconds: int = Field(default=0, ge=0, le=300)
    unlock_orphans: bool = False
    paused: bool = False
    dry_run: bool = False
    pause_problem: str = Field(default="", exclude=True)
    """Why scaling is paused although nobody clearly asked for it; not part of the object."""
    paused_replicas: int | None = Field(default=None, exclude=True)
    """Replicas to keep while scaling is paused; not part of the object."""
    take_over: bool = Field(default=False, exclude=True)
    """Other autoscalers of the target are to rest; not part of the object."""
    take_over_problem: str = Field(default="", exclude=True)
    """Why nothing is taken over although an annotation is there; not part of the object."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min_replica_count > self.max_replica_count:
            raise ValueError("minReplicaCount must not be above maxReplicaCount")
        if self.fallback is not None and self.fallback.replicas > self.max_replica_count:
            raise ValueError("fallback.replicas must not be above maxReplicaCount")
        names = [schedule.name for schedule in self.schedules]
        if len(set(names)) < len(names):
            raise ValueError("schedules must have names of their own")
        for schedule in self.schedules:
            most = self.max_replica_count
            if schedule.max_replica_count is not None:
                most = schedule.max_replica_count
            if (schedule.min_replica_count or 0) > most:
                raise ValueError(
                    f"minReplicaCount of schedule {schedule.name} must not be above its maxReplicaCount, or "
                    "without one that of the spec"
                )
        return self


def parse(resource: Mapping[str, Any]) -> ScalerSpec:
    """Read the spec of an ExternalTaskScaler, and the annotations that say more.

    Raises:
        InvalidSpec: it cannot be understood; the message names the fields.
    """
    try:
        spec = ScalerSpec.model_validate(resource.get("spec", {}))
    except ValidationError as error:
        raise InvalidSpec(_explain(error)) from error
    annotations = resource.get("metadata", {}).get("annotations") or {}
    paused, replicas = annotations.get(PAUSED_ANNOTATION), annotations.get(PAUSED_REPLICAS_ANNOTATION)
    said = _pause(spec, paused, replicas) | _take_over(annotations.get(TAKE_OVER_ANNOTATION))
    return spec.model_copy(update=said)


def annotations_of(resource: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return what the annotations say that `parse` reads."""
    annotations = resource.get("metadata", {}).get("annotations") or {}
    return tuple(annotations.get(name) for name in ANNOTATIONS)


def _pause(spec: ScalerSpec, paused: str | None, replicas: str | None) -> dict[str, Any]:
    """Read the pause annotations; what cannot be understood pauses, which harms less than scaling."""
    value = "false" if paused is None else paused.strip().lower()
    problem = ""
    if value not in {"true", "false"}:
        problem = f'the annotation {PAUSED_ANNOTATION} is {paused!r}: write "true" or "false"'
    kept = None if replicas is None else _replicas(replicas)
    if replicas is not None and kept is None:
        problem = problem or (
            f"the annotation {PAUSED_REPLICAS_ANNOTATION} is {replicas!r}: write a number from 0 to "
            f"{_MOST_REPLICAS} in quotes"
        )
    return {
        "paused": spec.paused or value != "false" or replicas is not None,
        "pause_problem": problem,
        "paused_replicas": None if problem else kept,
    }


def _take_over(annotation: str | None) -> dict[str, Any]:
    value = "false" if annotation is None else annotation.strip().lower()
    problem = f'the annotation {TAKE_OVER_ANNOTATION} is {annotation!r}: write "true" or "false"'
    return {
        "take_over": value == "true",
        "take_over_problem": "" if value in {"true", "false"} else problem,
    }


def _replicas(text: str) -> int | None:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(_MOST_REPLICAS))):
        return None
    return int(digits) if int(digits) <= _MOST_REPLICAS else None


def _explain(error: ValidationError) -> str:
    return "; ".join(_sentence(fault) for fault in error.errors(include_url=False))


def _sentence(fault: ErrorDetails) -> str:
    where = ".".join(["spec", *map(str, fault["loc"])])
    # A rule of this module says it in its own words; pydantic puts "Value error, " before them.
    message = _REMEDIES.get(
        str(fault.get("ctx", {}).get("pattern")), fault["msg"].removeprefix("Value error, ")
    )
    return f"{where}: {message}"
