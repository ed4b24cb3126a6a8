"""Targets of kinds that somebody else has defined: what has a `/scale` subresource can be scaled."""

from support.scaled_workers import FLEET_GROUP, ScaledWorkers, fleet, install_fleets
from support.waiting import eventually

FLEET = {"apiVersion": f"{FLEET_GROUP}/v1", "kind": "Fleet", "name": "worker"}
RIGHT = f"--set=rbac.scaleTargets[0].apiGroup={FLEET_GROUP},rbac.scaleTargets[0].resource=fleets"


def test_a_kind_of_ones_own_is_scaled_by_its_scale_once_the_operator_may(scaled: ScaledWorkers) -> None:
    install_fleets(scaled.cluster)
    scaled.cluster.apply(scaled.namespace, fleet("worker", 0))
    scaled.engine.add("validate", 14)
    scaled.scaler(scaleTargetRef=FLEET)
    with scaled.operator():
        eventually(lambda: scaled.condition("AbleToScale")[0] == "False")
        assert scaled.replicas(kind="fleet") == 0

        scaled.install_rights(RIGHT)
        eventually(lambda: scaled.replicas(kind="fleet") == 3, seconds=60)
        eventually(lambda: scaled.condition("AbleToScale")[0] == "True")

        # Nobody can tell the pods of such a kind: none is at work here, so all may go.
        scaled.engine.complete()
        eventually(lambda: scaled.replicas(kind="fleet") == 0, seconds=60)
