"""Whether the engine's user may see the tasks at all.

An engine answers a user without rights with 200 and a count of 0, never with an error. Taken at its word, a
grant that is missing or was revoked would scale everything to zero.
"""

from collections.abc import Collection
from enum import Enum

from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineError, EngineUnauthorized

from external_task_operator.errors import FailureKind
from external_task_operator.policy.observation import Failure
from external_task_operator.spec import TaskFilter

_PROCESS_DEFINITION = 6
_PROCESS_INSTANCE = 8


class Authorization(Enum):
    """What is known about the right to see tasks."""

    GRANTED = "granted"
    MISSING = "missing"
    UNVERIFIED = "unverified"


def check(engine: EngineClient, definition_keys: Collection[str]) -> tuple[Authorization, tuple[str, ...]]:
    """Ask the engine what its user may read.

    Args:
        engine: a client with credentials.
        definition_keys: process definitions whose tasks have to be visible.

    Returns:
        The verdict, and the definitions that are not visible.

    Raises:
        EngineError: the engine did not tell.
    """
    try:
        if _may(engine, "ProcessInstance", _PROCESS_INSTANCE, "READ", "*"):
            return Authorization.GRANTED, ()
        hidden = tuple(key for key in definition_keys if not _may_read_instances_of(engine, key))
        if definition_keys:
            return (Authorization.MISSING if hidden else Authorization.GRANTED), hidden
        everything = _may_read_instances_of(engine, "*")
    except EngineUnauthorized:
        # Tasks are counted with the same credentials, so a wrong password shows there. A 401 here is that of
        # an engine which does not authenticate its REST API, and hence hides nothing from anybody.
        return Authorization.GRANTED, ()
    return (Authorization.GRANTED if everything else Authorization.UNVERIFIED), ()


def failure(verdict: Authorization, hidden: Collection[str]) -> Failure | None:
    """Say what a verdict means to a scaler; None if all is well."""
    if verdict is Authorization.GRANTED:
        return None
    if verdict is Authorization.MISSING:
        return Failure(
            FailureKind.AUTHORIZATION_MISSING,
            f"the engine's user may not see the tasks of {', '.join(hidden)}, "
            "and the engine counts them as 0: grant READ_INSTANCE on the process definition",
        )
    return Failure(
        FailureKind.AUTHORIZATION_UNVERIFIED,
        "the engine counts 0 tasks, but its user has no general right to see tasks, "
        "so that this may be wrong: name the process definitions in "
        "spec.engine.processDefinitionKeys, and grant READ_INSTANCE on them",
    )


def unknown_definitions(engine: EngineClient, only: TaskFilter) -> Failure | None:
    """Say which process definitions of a filter the engine does not show; None if it shows all.

    Of a key that is misspelt, as of one that the user may not read, an engine counts 0 tasks.

    Raises:
        EngineError: the engine did not tell.
    """
    asked = [("key", key) for key in only.process_definition_keys]
    asked += [("processDefinitionId", each) for each in only.process_definition_ids]
    unknown = [name for kind, name in asked if not _shows(engine, kind, name)]
    if not unknown:
        return None
    return Failure(
        FailureKind.DEFINITION_UNKNOWN,
        f"the engine shows no process definition {', '.join(unknown)}: deploy it, correct spec.taskFilter, "
        "or grant READ on it",
    )


def _shows(engine: EngineClient, kind: str, name: str) -> bool:
    answer = engine.get("/process-definition/count", {kind: name})
    return isinstance(answer, dict) and isinstance(answer.get("count"), int) and answer["count"] > 0


def unreadable(error: EngineError) -> Failure:
    """Say that the verdict is not known."""
    return Failure(FailureKind.AUTHORIZATION_UNVERIFIED, f"checking the engine user's rights: {error}")


def _may_read_instances_of(engine: EngineClient, key: str) -> bool:
    return _may(engine, "ProcessDefinition", _PROCESS_DEFINITION, "READ_INSTANCE", key)


def _may(engine: EngineClient, resource: str, kind: int, permission: str, subject: str) -> bool:
    answer = engine.get(
        "/authorization/check",
        {
            "permissionName": permission,
            "resourceName": resource,
            "resourceType": kind,
            "resourceId": subject,
        },
    )
    return isinstance(answer, dict) and answer.get("authorized") is True
