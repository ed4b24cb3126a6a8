"""Whether a scaler may act on its target: nobody else does, or it has taken the target over."""

from collections.abc import Callable

from external_task_operator.errors import FailureKind, TargetFailure
from external_task_operator.scaling.owners import CompetingAutoscalers, Owner
from external_task_operator.spec import TAKE_OVER_ANNOTATION, ScalerSpec

Tell = Callable[[str, str], None]
"""Called with a reason and a sentence when something was taken over or given back."""


def settle(
    competitors: CompetingAutoscalers,
    namespace: str,
    scaler: str,
    spec: ScalerSpec,
    *,
    may_act: bool,
    tell: Tell,
) -> None:
    """Take the target over if the scaler says so, or give it back, and make sure that nobody else scales it.

    What was taken over a moment ago is believed to rest at the next look only.

    Args:
        competitors: finds and changes other autoscalers.
        namespace: of the scaler.
        scaler: its name.
        spec: of the scaler.
        may_act: this operator acts in the namespace, and the scaler is neither paused nor a dry run.
        tell: told of what was done.

    Raises:
        TargetFailure: somebody else scales the target, or may.
    """
    ref = spec.scale_target_ref
    if not spec.take_over:
        give_back(competitors, namespace, scaler, spec, tell=tell)
        try:
            competitors.refuse(namespace, ref)
        except TargetFailure as error:
            if not spec.take_over_problem:
                raise
            raise TargetFailure(error.kind, f"{error.message}; {spec.take_over_problem}") from error
        return
    awake = [owner for owner in competitors.owners(namespace, ref) if not _rests(owner, scaler)]
    if not awake:
        return
    first = awake[0]
    if not may_act:
        raise TargetFailure(FailureKind.TARGET_OWNED, f"{first} scales {ref} and is not taken over meanwhile")
    if first.made_by_keda:
        message = f"{first} of KEDA scales {ref} and goes when its ScaledObject rests"
        raise TargetFailure(FailureKind.TARGET_OWNED, message)
    competitors.take(namespace, first, scaler)
    tell(
        "TargetTakenOver", f"{first} rests in favour of this scaler, by the annotation {TAKE_OVER_ANNOTATION}"
    )
    raise TargetFailure(
        FailureKind.TARGET_OWNED, f"{first} was told to rest; the next poll sees whether it does"
    )


def give_back(
    competitors: CompetingAutoscalers, namespace: str, scaler: str, spec: ScalerSpec, *, tell: Tell
) -> None:
    """Let autoscalers that were taken over for a scaler scale again.

    Raises:
        TargetFailure: one was not changed.
    """
    for owner in competitors.owners(namespace, spec.scale_target_ref):
        if owner.is_taken_by(scaler):
            competitors.give_back(namespace, owner)
            tell("TargetGivenBack", f"{owner} scales {spec.scale_target_ref} again")


def _rests(owner: Owner, scaler: str) -> bool:
    return owner.is_taken_by(scaler) and owner.rests
