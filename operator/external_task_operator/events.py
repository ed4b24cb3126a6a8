"""Events on scaling and on changes of health; never on a mere poll."""

import logging
import time
from typing import Any, Literal
from uuid import uuid4

from external_task_operator import paths
from external_task_operator.cluster import Cluster
from external_task_operator.errors import ClusterError
from external_task_operator.scaler import Scaler
from external_task_operator.spec import GROUP, KIND, VERSION
from external_task_operator.times import to_text

log = logging.getLogger(__name__)

Severity = Literal["Normal", "Warning"]

_COMPONENT = "external-task-operator"
_MESSAGE_LIMIT = 1024
_NAME_LIMIT = 230


class Recorder:
    """Posts events; a lost event is no reason to stop.

    Args:
        cluster: where events go.
        identity: of this operator.
    """

    def __init__(self, cluster: Cluster, identity: str) -> None:
        self._cluster = cluster
        self._identity = identity

    def about(self, scaler: Scaler, kind: Severity, reason: str, message: str) -> None:
        """Post an event about a scaler."""
        regarding = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "namespace": scaler.namespace,
            "name": scaler.name,
            "uid": scaler.uid,
        }
        self._post(regarding, kind, reason, message)

    def standby(self, namespace: str, holder: str) -> None:
        """Say that this operator does nothing in a namespace, because another one acts there."""
        regarding = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "namespace": namespace,
            "name": paths.LEASE_NAME,
        }
        message = f"{self._identity} stands by: {holder} acts in namespace {namespace}"
        self._post(regarding, "Warning", "OperatorStandsBy", message)

    def _post(self, regarding: dict[str, Any], kind: Severity, reason: str, message: str) -> None:
        now = to_text(time.time())
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{regarding['name'][:_NAME_LIMIT]}.{uuid4().hex[:16]}",
                "namespace": regarding["namespace"],
            },
            "involvedObject": regarding,
            "type": kind,
            "reason": reason,
            "message": message[:_MESSAGE_LIMIT],
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "reportingInstance": self._identity,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            self._cluster.create(paths.events(regarding["namespace"]), event)
        except ClusterError as error:
            log.warning("An event was not posted", extra={"reason": reason, "error": str(error)})
