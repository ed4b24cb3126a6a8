"""Gives back tasks that are locked for this worker without its knowledge."""

import logging
from contextlib import suppress

from external_tasks.due import DueRetries
from external_tasks.errors import EngineError, EngineOverloaded, EngineUnreachable, NotFound
from external_tasks.locks import LockKeeper
from external_tasks.ports import ExternalTaskEngine

logger = logging.getLogger(__name__)

PAGE = 500


class Orphans:
    """Unlocks what a fetch has locked whose answer never came.

    The engine does not notice that a client has gone: the tasks would stay locked for nobody, for as long as
    the lock lasts. So after a fetch that broke off, once the engine answers again, it is asked what this
    worker has.

    Args:
        engine: where the tasks are.
        worker_id: whose tasks to look for.
        keeper: knows the tasks that are under way.
        due: knows the tasks that failed here: they stay locked until they are due.
    """

    def __init__(
        self, engine: ExternalTaskEngine, worker_id: str, keeper: LockKeeper, due: DueRetries
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._keeper = keeper
        self._due = due
        self._suspected = False

    def suspect(self, error: EngineError) -> None:
        """Take note of a fetch that failed: it may have had its effect."""
        if isinstance(error, EngineUnreachable | EngineOverloaded):
            self._suspected = True

    def unlock(self) -> None:
        """Unlock orphans if there may be any; to be called while no fetch is under way."""
        if not self._suspected:
            return
        self._suspected = False
        try:
            for task in self._engine.external_tasks(limit=PAGE, workerId=self._worker_id, locked=True):
                self._unlock_unknown(task["id"])
        except EngineError as error:
            self._suspected = isinstance(error, EngineUnreachable | EngineOverloaded)
            logger.warning("orphaned tasks not looked for: %s", error)

    def _unlock_unknown(self, task_id: str) -> None:
        if self._keeper.keeps(task_id) or self._due.waits_for(task_id):
            return
        with suppress(NotFound):
            self._engine.unlock(task_id)
        logger.warning("task unlocked whose fetch broke off", extra={"task_id": task_id})
