"""Unlocks what a fetch has locked whose answer never came."""

from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.runtime.give_back import GiveBack
from external_tasks.runtime.locks import TaskLocks
from external_tasks.runtime.outages import may_have_had_effect
from external_tasks.runtime.retry_timers import RetryTimers
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

PAGE = 500


class LostFetches:
    """Finds the tasks that are locked for this worker without its knowledge.

    The engine does not notice that a client has gone: its tasks would stay locked, and no worker could have
    them, for as long as the lock lasts. So after a fetch that broke off, once the engine answers again, it is
    asked what this worker has.

    Args:
        engine: where the tasks are.
        worker_id: whose tasks to look for.
        locks: the tasks that are under way.
        timers: the tasks that failed here: they stay locked until they are due.
        give_back: unlocks.
    """

    def __init__(
        self,
        engine: ExternalTaskEngine,
        worker_id: str,
        locks: TaskLocks,
        timers: RetryTimers,
        give_back: GiveBack,
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._locks = locks
        self._timers = timers
        self._give_back = give_back
        self._suspected = False

    def suspect(self, error: BaseException) -> None:
        """Note a fetch that failed: it may have had its effect."""
        if may_have_had_effect(error):
            self._suspected = True

    def unlock(self) -> None:
        """Unlock lost tasks if there may be any; called while no fetch is under way. It never raises."""
        if not self._suspected:
            return
        self._suspected = False
        try:
            listed = self._engine.external_tasks(limit=PAGE, workerId=self._worker_id, locked=True)
            unknown = [task for task in listed if not self._is_known(str(task["id"]))]
        except BaseException as error:  # noqa: BLE001 - without an answer the locks expire, and a later look may help
            # Another thread may have noted one meanwhile.
            self._suspected = self._suspected or may_have_had_effect(error)
            logger.warning("tasks of a lost fetch not looked for: %s", summary(error))
            return
        for task in unknown:
            self._give_back.now(
                str(task["id"]), str(task.get("topicName") or ""), "the fetch that locked it broke off"
            )

    def _is_known(self, task_id: str) -> bool:
        return self._locks.has(task_id) or self._timers.waits_for(task_id)
