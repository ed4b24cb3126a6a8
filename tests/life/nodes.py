"""The cluster's name and its nodes for pods."""

from support import kind

NAME = "hotel-life"
WORKERS = frozenset({f"{NAME}-worker", f"{NAME}-worker2"})
NODES = """kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
"""
_LOAD_SECONDS = 600


def load(*images: str) -> None:
    """Bring images into the nodes that pods run on."""
    nodes = ",".join(sorted(WORKERS))
    kind.kind("load", "docker-image", "--name", NAME, *images, f"--nodes={nodes}", seconds=_LOAD_SECONDS)
