"""The errors of the operator, and the kinds of failure that a status can name.

OperatorError
├── InvalidSpec          a scaler that the API server let through but that makes no sense here
├── EngineFailure        the tasks cannot be counted; carries its kind
├── ClusterError         an answer of the Kubernetes API that is no success, or no answer
│   ├── ClusterUnreachable   no answer, or the server is overloaded
│   ├── NotAllowed           401 or 403: a right is missing
│   ├── Missing              404
│   └── Conflict             409: somebody else changed the object in between
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
    CREDENTIALS_MISSING = "CredentialsMissing"
    INVALID_SPEC = "InvalidSpec"
    TARGET_MISSING = "TargetMissing"
    TARGET_FORBIDDEN = "TargetForbidden"
    TARGET_OWNED = "TargetOwnedByOther"
    TARGET_CONFLICT = "TargetConflict"


class OperatorError(Exception):
    """The root of all errors of this package."""


class InvalidSpec(OperatorError):
    """The object is no scaler that this operator understands."""


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


class Conflict(ClusterError):
    """Somebody else changed the object in between, or it exists already."""
