"""Gives tasks back to the engine: at once, or after a pause for a task that cannot end now."""

from collections import OrderedDict
from threading import Lock

from external_tasks.engine.model import ExternalTask
from external_tasks.engine.protocol import ExternalTaskEngine
from external_tasks.errors import LockLost, NotFound, TaskSuspended
from external_tasks.retry import Backoff, Random
from external_tasks.runtime.retry_timers import RetryTimers
from external_tasks.safe_errors import summary
from external_tasks.safe_logging import SafeLogger

logger = SafeLogger(__name__)

PAUSES = Backoff(first_seconds=1, factor=2, max_seconds=60, jitter=0.2)
"""Between two tries at a task that cannot end now; the last one is how late it may go on."""

REMEMBERED_TASKS = 10_000


class GiveBack:
    """The one place where a task is given back; it never raises.

    Args:
        engine: where the tasks are.
        worker_id: who holds them.
        timers: notes when a task that pauses can be fetched again.
        random: spreads pauses.
    """

    def __init__(
        self, engine: ExternalTaskEngine, worker_id: str, timers: RetryTimers, random: Random
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._timers = timers
        self._random = random
        self._pauses: OrderedDict[str, int] = OrderedDict()
        self._changing = Lock()

    def now(self, task_id: str, topic: str, reason: str) -> None:
        """Unlock a task so that any worker can fetch it at once; if that fails, its lock expires.

        Args:
            task_id: the task.
            topic: of the task, for the log.
            reason: why, for the log.
        """
        fields = {"topic": topic, "task_id": task_id, "worker_id": self._worker_id}
        try:
            self._engine.unlock(task_id)
        except NotFound:
            return
        except BaseException as error:  # noqa: BLE001 - the lock expires, so nothing is lost
            logger.warning("task not unlocked: %s", summary(error), extra=fields)
        else:
            logger.warning("task unlocked: %s", reason, extra=fields)

    def later(self, task: ExternalTask) -> None:
        """Give back a task that cannot end here for now, as its process is suspended or nobody asked for it.

        The engine does not give out a task that is suspended itself. But one in a process that a suspended
        process has called is fetchable, although its completion is refused: unlocked, it would be back at
        once, again and again. So its lock is left to last for a pause that grows.
        """
        seconds = PAUSES.delay(self._count(task.id), self._random)
        try:
            self._engine.extend_lock(task.id, self._worker_id, round(seconds * 1000))
        except TaskSuspended:
            self.now(task.id, task.topic, "it is suspended")
        except (NotFound, LockLost):
            return
        except BaseException as error:  # noqa: BLE001 - the lock expires, so nothing is lost
            logger.warning("task not given back: %s", summary(error), extra={"task_id": task.id})
        else:
            self._timers.add(task.id, seconds)

    def forget(self, task_id: str) -> None:
        """Forget the pauses of a task that has ended otherwise."""
        if task_id in self._pauses:
            with self._changing:
                self._pauses.pop(task_id, None)

    def _count(self, task_id: str) -> int:
        with self._changing:
            count = self._pauses.pop(task_id, 0) + 1
            self._pauses[task_id] = count
            if len(self._pauses) > REMEMBERED_TASKS:
                self._pauses.popitem(last=False)
            return count
