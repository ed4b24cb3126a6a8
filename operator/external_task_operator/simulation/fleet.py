"""A model of workers: pods that take time to start, with slots that take tasks as soon as they are free."""

import itertools
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FleetSettings:
    """How workers are.

    Attributes:
        slots: tasks that a pod works on at a time.
        startup_seconds: from the creation of a pod until it takes tasks.
        grace_seconds: time that a pod gets to end its tasks when it is taken.
        lock_seconds: time after which a task is handed out again whose pod was killed.
        service_seconds: mean time that a task takes; exponentially distributed.
        stages: tasks that follow one another for each arrival.
        seed: of the random numbers.
    """

    slots: int = 8
    startup_seconds: float = 8.0
    grace_seconds: float = 30.0
    lock_seconds: float = 60.0
    service_seconds: float = 1.0
    stages: int = 1
    seed: int = 1


@dataclass(eq=False)
class SimTask:
    """A task: when it was created, how often its like still follow, and how long its work takes."""

    created: float
    left: int
    work: float


@dataclass(eq=False)
class SimPod:
    """A pod and what it works on, by the moment at which each task will be done."""

    number: int
    created: float
    ready_at: float
    tasks: dict[SimTask, float] = field(default_factory=dict)
    killed_at: float | None = None
    ready: bool = False


class Fleet:
    """Pods, the tasks that wait, and the figures of what happened.

    Args:
        settings: how workers are.
        arrivals: when something arrives by itself, in seconds.
    """

    def __init__(self, settings: FleetSettings, arrivals: Iterable[float] = ()) -> None:
        self.settings = settings
        self._coming = deque(arrivals)
        self.pods: list[SimPod] = []
        self.leaving: list[SimPod] = []
        self.waiting: deque[SimTask] = deque()
        self.waits: list[float] = []
        self.done = 0
        self.scalings = 0
        self.busy_pods_taken = 0
        self.tasks_killed = 0
        self.pod_seconds = 0.0
        self.lost: list[tuple[float, SimTask]] = []
        self._rng = random.Random(settings.seed)  # noqa: S311 - no secret
        self._numbers = 0

    @property
    def replicas(self) -> int:
        """The target's spec.replicas."""
        return len(self.pods)

    @property
    def locked(self) -> int:
        """Tasks that are locked: in work, or held by nobody any more."""
        return sum(len(pod.tasks) for pod in (*self.pods, *self.leaving)) + len(self.lost)

    def arrive(self, now: float) -> None:
        """Let something arrive: its first task waits."""
        self._create(now, self.settings.stages)

    def scale(self, replicas: int, now: float, *, idle_first: bool) -> None:
        """Change the replicas.

        Args:
            replicas: what to have.
            now: seconds.
            idle_first: busy pods carry a deletion cost; without it the youngest pods go first.
        """
        if replicas == len(self.pods):
            return
        self.scalings += 1
        while len(self.pods) < replicas:
            self._numbers += 1
            self.pods.append(SimPod(self._numbers, now, now + self.settings.startup_seconds))
        for pod in self.victims(len(self.pods) - replicas, idle_first=idle_first):
            self._take(pod, now)

    def victims(self, count: int, *, idle_first: bool) -> list[SimPod]:
        """Return the pods that go first: not ready ones, then (if marked) idle ones, then the youngest."""
        order = sorted(self.pods, key=lambda pod: (pod.ready, idle_first and bool(pod.tasks), -pod.number))
        return order[: max(count, 0)]

    def next_event(self) -> float:
        """Return when something happens by itself next; infinity if nothing does."""
        moments = [pod.ready_at for pod in self.pods if not pod.ready]
        moments += [end for pod in (*self.pods, *self.leaving) for end in pod.tasks.values()]
        moments += [pod.killed_at for pod in self.leaving if pod.killed_at is not None]
        moments += [free_at for free_at, _ in self.lost]
        return min([*moments, *itertools.islice(self._coming, 1)], default=float("inf"))

    def advance(self, now: float) -> None:
        """Let happen what is due, then hand out what waits."""
        while self._coming and self._coming[0] <= now:
            self._coming.popleft()
            self.arrive(now)
        for pod in self.pods:
            pod.ready = pod.ready or pod.ready_at <= now
        for pod in (*self.pods, *self.leaving):
            for task in [task for task, end in pod.tasks.items() if end <= now]:
                self._finish(pod, task, now)
        self._kill(now)
        for free_at, task in [entry for entry in self.lost if entry[0] <= now]:
            self.lost.remove((free_at, task))
            self.waiting.appendleft(task)
        self._hand_out(now)

    def _create(self, now: float, left: int) -> None:
        work = self._rng.expovariate(1 / self.settings.service_seconds)
        self.waiting.append(SimTask(now, left, work))

    def _take(self, pod: SimPod, now: float) -> None:
        self.pods.remove(pod)
        self.busy_pods_taken += bool(pod.tasks)
        pod.killed_at = now + self.settings.grace_seconds
        if pod.tasks:
            self.leaving.append(pod)
        else:
            self._end(pod, now)

    def _kill(self, now: float) -> None:
        for pod in [pod for pod in self.leaving if not pod.tasks or (pod.killed_at or 0) <= now]:
            self.leaving.remove(pod)
            self.tasks_killed += len(pod.tasks)
            self.lost += [(now + self.settings.lock_seconds, task) for task in pod.tasks]
            self._end(pod, now)

    def _finish(self, pod: SimPod, task: SimTask, now: float) -> None:
        del pod.tasks[task]
        self.done += 1
        if task.left > 1:
            self._create(now, task.left - 1)

    def _hand_out(self, now: float) -> None:
        free = [pod for pod in self.pods if pod.ready and len(pod.tasks) < self.settings.slots]
        while self.waiting and free:
            pod = self._rng.choice(free)
            task = self.waiting.popleft()
            pod.tasks[task] = now + task.work
            self.waits.append(now - task.created)
            if len(pod.tasks) == self.settings.slots:
                free.remove(pod)

    def _end(self, pod: SimPod, now: float) -> None:
        self.pod_seconds += now - pod.created

    def close(self, now: float) -> None:
        """Count the time of the pods that are still there."""
        for pod in (*self.pods, *self.leaving):
            self._end(pod, now)
