"""Waits for the API server of a kind cluster; as a program: `python -m support.api_server NAME KUBECONFIG`.

Tests that begin while it starts again would fail at their first call, with all that share their fixtures.
"""

import subprocess
import sys
import time
from pathlib import Path

from support.cluster import Cluster, CommandFailedError

_SECONDS = 120
_LOOK = """
uptime; free -m; df -h /var
crictl ps --all --name 'kube-apiserver|etcd' || ctr --namespace k8s.io tasks list
for log in /var/log/containers/kube-apiserver-*.log /var/log/containers/etcd-*.log /var/log/kubelet.log; do
  echo "== $log"; tail -n 15 "$log" | cut -c 1-300
done
"""


class NotReadyError(Exception):
    """The API server was not ready in time; the message holds what its node says."""


def wait(name: str, kubeconfig: Path, *, seconds: float = _SECONDS) -> None:
    """Wait until the API server of a cluster says that it is ready.

    Raises:
        NotReadyError: it did not in time.
    """
    cluster, deadline = Cluster(kubeconfig), time.monotonic() + seconds
    while True:
        try:
            cluster.run("kubectl", "get", "--raw", "/readyz", seconds=10)
        except (CommandFailedError, subprocess.TimeoutExpired) as error:
            if time.monotonic() > deadline:
                seen = f"The API server of {name} was not ready within {seconds:.0f} s: {error}"
                raise NotReadyError(f"{seen}\n{_node_report(name)}") from error
            time.sleep(1)
        else:
            return


def _node_report(name: str) -> str:
    """Return why the API server may be away: its node's containers, logs and memory."""
    node = f"{name}-control-plane"
    looks = (
        ("docker", "ps", "--all", "--filter", f"name={node}"),
        ("timeout", "60", "docker", "exec", node, "sh", "-c", _LOOK),
    )
    said = (subprocess.run(look, capture_output=True, text=True, check=False) for look in looks)
    return "\n".join(f"{look.stdout}{look.stderr}" for look in said)


if __name__ == "__main__":
    try:
        wait(sys.argv[1], Path(sys.argv[2]))
    except NotReadyError as error:
        sys.exit(str(error))
