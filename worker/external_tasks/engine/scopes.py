"""Which of an instance's variables a task sees: the one of the innermost scope around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class ScopedVariable:
    """A variable and the scope that has it."""

    id: str
    scope: str
    execution: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read one row of a list of variables."""
        return cls(row["id"], row.get("activityInstanceId") or "", row.get("executionId") or "")


def path_to(root: Mapping[str, Any], activity_instance: str) -> list[str]:
    """Return the ids from the root of a tree of activity instances to one of them; empty if it is not there.

    The walk keeps a list of its own: how deep the tree is, another decides.
    """
    waiting = [(root, [str(root["id"])])]
    while waiting:
        node, path = waiting.pop()
        if node["id"] == activity_instance:
            return path
        children = node.get("childActivityInstances") or []
        waiting += [(child, [*path, str(child["id"])]) for child in children]
    return []
