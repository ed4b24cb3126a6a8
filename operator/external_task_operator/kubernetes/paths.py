"""Where the Kubernetes API keeps what the operator touches.

Every name goes through `segment`, wherever it comes from, so that it can only lead to the object it names.

Raises:
    UnsafeName: every function, for a name that is not one segment of a path.
"""

from external_task_operator.names import segment
from external_task_operator.spec import GROUP, PLURAL, VERSION, TargetRef

LEASE_NAME = "external-task-operator"


def api_version(name: str) -> str:
    """The list of the kinds of an API version, ``group/version``."""
    group, _, version = name.partition("/")
    return f"/apis/{segment(group)}/{segment(version)}"


def scale(namespace: str, target: TargetRef, plural: str) -> str:
    """The scale subresource of a target, whose kind has this plural."""
    collection = f"{api_version(target.api_version)}/namespaces/{segment(namespace)}/{segment(plural)}"
    return f"{collection}/{segment(target.name)}/scale"


def scalers(namespace: str | None) -> str:
    """The ExternalTaskScalers of a namespace, or of the whole cluster."""
    within = f"namespaces/{segment(namespace)}/" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}/{within}{PLURAL}"


def scaler(namespace: str, name: str) -> str:
    """An ExternalTaskScaler."""
    return f"{scalers(namespace)}/{segment(name)}"


def scaler_status(namespace: str, name: str) -> str:
    """The status subresource of an ExternalTaskScaler."""
    return f"{scaler(namespace, name)}/status"


def pods(namespace: str) -> str:
    """The pods of a namespace."""
    return f"/api/v1/namespaces/{segment(namespace)}/pods"


def pod(namespace: str, name: str) -> str:
    """A pod."""
    return f"{pods(namespace)}/{segment(name)}"


def secret(namespace: str, name: str) -> str:
    """A Secret."""
    return f"/api/v1/namespaces/{segment(namespace)}/secrets/{segment(name)}"


def config_map(namespace: str, name: str) -> str:
    """A ConfigMap."""
    return f"/api/v1/namespaces/{segment(namespace)}/configmaps/{segment(name)}"


def events(namespace: str) -> str:
    """The events of a namespace."""
    return f"/api/v1/namespaces/{segment(namespace)}/events"


def event(namespace: str, name: str) -> str:
    """An event."""
    return f"{events(namespace)}/{segment(name)}"


def autoscalers(namespace: str) -> str:
    """The HorizontalPodAutoscalers of a namespace."""
    return f"/apis/autoscaling/v2/namespaces/{segment(namespace)}/horizontalpodautoscalers"


def scaled_objects(namespace: str) -> str:
    """KEDA's ScaledObjects of a namespace."""
    return f"/apis/keda.sh/v1alpha1/namespaces/{segment(namespace)}/scaledobjects"


def leases(namespace: str) -> str:
    """The leases of a namespace."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{segment(namespace)}/leases"


def lease(namespace: str) -> str:
    """The lease that an operator holds while it acts in a namespace."""
    return f"{leases(namespace)}/{LEASE_NAME}"
