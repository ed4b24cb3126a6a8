"""What a look at a target's pods has shown, as values that the conditions are made from."""

from dataclasses import dataclass

from external_tasks.visible import visible

_NAMED = 3
_ID_LIMIT = 60


@dataclass(frozen=True)
class Readiness:
    """What is known about the pods of a target.

    Attributes:
        ready: at least one is ready, or there are none; None while they start.
        reason: in a word.
        message: in a sentence.
    """

    ready: bool | None
    reason: str
    message: str


NO_PODS = Readiness(ready=True, reason="NoPods", message="There are no pods.")


@dataclass(frozen=True)
class UnknownWorkers:
    """Locks whose worker ids name no pod of the target.

    Attributes:
        locks: how many.
        worker_ids: whose, sorted.
    """

    locks: int = 0
    worker_ids: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """Say it, and what to do."""
        shown = ", ".join(_shown(worker_id) for worker_id in self.worker_ids[:_NAMED])
        more = f" and {len(self.worker_ids) - _NAMED} more" if len(self.worker_ids) > _NAMED else ""
        return (
            f"{self.locks} locks are held by workers that name no pod of the target: {shown}{more}. A "
            "scale-in may take pods at work: begin each worker's id with its pod's name, as <pod>:<anything>."
        )


@dataclass(frozen=True)
class Inspection:
    """What a look at the pods has shown.

    Attributes:
        readiness: of the pods; None if they could not be listed.
        workers: locks that name no pod; None if there was nothing to compare.
        problem: why something is not known; empty if all is.
    """

    readiness: Readiness | None = None
    workers: UnknownWorkers | None = None
    problem: str = ""

    @property
    def none_ready(self) -> bool:
        """There are pods, and none of them becomes ready."""
        return self.readiness is not None and self.readiness.ready is False

    @property
    def alarming(self) -> bool:
        """Something is wrong, so that the next look should come soon."""
        not_ready = self.readiness is not None and self.readiness.ready is not True
        return not_ready or bool(self.workers and self.workers.locks) or bool(self.problem)


def _shown(worker_id: str) -> str:
    # Chosen by strangers: control characters are shown, not sent to a terminal.
    text = visible(worker_id)
    return text if len(text) <= _ID_LIMIT else f"{text[:_ID_LIMIT]}…"
