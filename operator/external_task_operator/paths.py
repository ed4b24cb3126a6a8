"""Where the Kubernetes API keeps what the operator touches."""

from external_task_operator.spec import GROUP, PLURAL, VERSION, TargetRef

LEASE_NAME = "external-task-operator"

_PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}


def scale(namespace: str, target: TargetRef) -> str:
    """The scale subresource of a target."""
    return f"/apis/{target.api_version}/namespaces/{namespace}/{_PLURALS[target.kind]}/{target.name}/scale"


def scalers(namespace: str | None) -> str:
    """The ExternalTaskScalers of a namespace, or of the whole cluster."""
    within = f"namespaces/{namespace}/" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}/{within}{PLURAL}"


def scaler(namespace: str, name: str) -> str:
    """An ExternalTaskScaler."""
    return f"{scalers(namespace)}/{name}"


def scaler_status(namespace: str, name: str) -> str:
    """The status subresource of an ExternalTaskScaler."""
    return f"{scaler(namespace, name)}/status"


def pods(namespace: str) -> str:
    """The pods of a namespace."""
    return f"/api/v1/namespaces/{namespace}/pods"


def pod(namespace: str, name: str) -> str:
    """A pod."""
    return f"{pods(namespace)}/{name}"


def secret(namespace: str, name: str) -> str:
    """A Secret."""
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"


def config_map(namespace: str, name: str) -> str:
    """A ConfigMap."""
    return f"/api/v1/namespaces/{namespace}/configmaps/{name}"


def events(namespace: str) -> str:
    """The events of a namespace."""
    return f"/api/v1/namespaces/{namespace}/events"


def autoscalers(namespace: str) -> str:
    """The HorizontalPodAutoscalers of a namespace."""
    return f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"


def scaled_objects(namespace: str) -> str:
    """KEDA's ScaledObjects of a namespace."""
    return f"/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects"


def leases(namespace: str) -> str:
    """The leases of a namespace."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def lease(namespace: str) -> str:
    """The lease that an operator holds while it acts in a namespace."""
    return f"{leases(namespace)}/{LEASE_NAME}"
