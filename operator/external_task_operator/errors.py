"""The errors of the operator, and the kinds of failure that a status can name.

OperatorError
├── InvalidSpec          a scaler that the API server accepted and this operator cannot use
├── UnsafeName           a name that would change the URL it is part of
├── OverlookedFilter     an engine that counts more than it was asked for
├── EngineFailure        the tasks cannot be counted; carries its kind
├── ClusterError         the Kubernetes API refused a call or did not answer
│   ├── ClusterUnreachable   no answer, or the server is overloaded
│   ├── NotAllowed           401 or 403: a right is missing
│   ├── Missing              404
│   ├── Conflict             409: somebody else changed the object in between
│   ├── NotScalable          a kind that the API server does not serve, or that has no scale
│   └── NoSelector           a scale that does not say which pods it has
└── TargetFailure        the target cannot be scaled; carries its kind
"""

from enum import StrEnum


class FailureKind(StrEnum):
    """Why a scaler cannot do its work; used as the reason of its conditions."""

    ENGINE_UNREACHABLE = "EngineUnreachable"
    ENGINE_UNAUTHORIZED = "EngineUnauthorized"
    ENGINE_FORBIDDEN = "EngineForbidden"
    ENGINE_OVERLOADED = "EngineOverloaded"
    ENGINE_ANSWER = "EngineAnswerUnusable"
    AUTHORIZATION_MISSING = "AuthorizationMissing"
    AUTHORIZATION_UNVERIFIED = "AuthorizationUnverified"
    DEFINITION_UNKNOWN = "ProcessDefinitionUnknown"
    CREDENTIALS_MISSING = "CredentialsMissing"
    CREDENTIALS_UNREADABLE = "CredentialsUnreadable"
    CREDENTIALS_UNUSABLE = "CredentialsUnusable"
    TOKEN_UNAVAILABLE = "TokenUnavailable"  # noqa: S105 - a reason, not a token
    ENGINE_NOT_ALLOWED = "EngineNotAllowed"
    INVALID_SPEC = "InvalidSpec"
    TARGET_NOT_SCALABLE = "TargetNotScalable"
    TARGET_MISSING = "TargetMissing"
    TARGET_FORBIDDEN = "TargetForbidden"
    TARGET_OWNED = "TargetOwnedByOther"
    TARGET_CONFLICT = "TargetConflict"
    GET_SCALE_FAILED = "FailedGetScale"
    UPDATE_SCALE_FAILED = "FailedUpdateScale"
    CLEANUP_FAILED = "CleanupFailed"
    ORPHANS_NOT_UNLOCKED = "OrphansNotUnlocked"
    INTERNAL_ERROR = "InternalError"


class OperatorError(Exception):
    """The root of all errors of this package."""


class InvalidSpec(OperatorError):
    """The object is no scaler that this operator understands."""


class UnsafeName(OperatorError):
    """A name that cannot be one segment of a URL; it is never sent."""


class OverlookedFilter(OperatorError):
    """The engine does not know a filter, and counts as if it were not there."""


class EngineFailure(OperatorError):
    """The tasks cannot be counted.

    Args:
        kind: what kind of failure it is.
        message: what happened and what to do about it.
    """

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class TargetFailure(OperatorError):
    """The target cannot be scaled.

    Args:
        kind: what kind of failure it is.
        message: what happened and what to do about it.
    """

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class ClusterError(OperatorError):
    """The Kubernetes API did not do what it was asked for.

    Args:
        message: what was asked and what came back.
        status: the HTTP status; None where there was no answer.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ClusterUnreachable(ClusterError):
    """The API server gave no answer, or asks to come back later."""


class NotAllowed(ClusterError):
    """The operator's service account lacks a right."""


class Missing(ClusterError):
    """The object does not exist."""


class NotScalable(ClusterError):
    """The kind is not served, or its objects have no scale."""


class NoSelector(ClusterError):
    """A scale has no label selector, so that its pods are not known."""


class Conflict(ClusterError):
    """Somebody else changed the object in between, or it exists already."""
