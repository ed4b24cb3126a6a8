"""Whether a target's pods become ready: more replicas of workers that crash do nothing."""

from collections.abc import Sequence

from external_task_operator.scaling.pods import Pod
from external_task_operator.status.inspection import NO_PODS, Readiness

_STARTING_SECONDS = 120.0
_STEADY_SECONDS = 60.0
_RESTARTS = 3
_NAMED = 3


def readiness(pods: Sequence[Pod], now: float) -> Readiness:
    """Judge the pods of a target.

    Args:
        pods: all of them.
        now: seconds of the epoch.
    """
    # A cordoned pod is not ready on purpose.
    expected = [pod for pod in pods if pod.active and pod.cordoned_until is None]
    if not expected:
        return NO_PODS
    ready = [pod for pod in expected if _is_steadily_ready(pod, now)]
    if ready:
        message = f"{len(ready)} of {len(expected)} pods are ready."
        return Readiness(ready=True, reason="PodsReady", message=message)
    failing = [pod for pod in expected if pod.problem or _restarts(pod)]
    if not failing and any(now - (pod.created or now) < _STARTING_SECONDS for pod in expected):
        message = f"{len(expected)} pods are starting."
        return Readiness(ready=None, reason="PodsStarting", message=message)
    return Readiness(ready=False, reason="NoPodReady", message=_complaint(failing or expected, len(expected)))


def _complaint(failing: Sequence[Pod], count: int) -> str:
    shown = ", ".join(f"{pod.name} ({pod.problem or 'not ready'})" for pod in failing[:_NAMED])
    more = f" and {len(failing) - _NAMED} more" if len(failing) > _NAMED else ""
    return (
        f"None of {count} pods is ready: {shown}{more}. See kubectl describe pod and kubectl logs --previous."
    )


def _is_steadily_ready(pod: Pod, now: float) -> bool:
    # Without a probe a pod that crashes again and again is ready for moments.
    return pod.ready and not (_restarts(pod) and now - (pod.ready_changed or 0) < _STEADY_SECONDS)


def _restarts(pod: Pod) -> bool:
    return pod.restarts >= _RESTARTS
