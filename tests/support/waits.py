"""What pods say while they wait for what they need, and that waiting restarts none of them."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from support.charts import HOTEL
from support.cluster import CommandFailedError, Release
from support.waiting import eventually

INSTALL_SECONDS = 360


@contextlib.contextmanager
def installing(release: Release, values: Mapping[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    """An install (or upgrade) under way; `helm` is ended with the context, whatever came of it."""
    settings = [f"--set-json={key}={value}" for key, value in values.items()]
    place = ("upgrade", "--install", release.name, str(HOTEL), "--namespace", release.namespace)
    process = release.cluster.begin("helm", *place, *settings, f"--timeout={INSTALL_SECONDS}s")
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finish(process: "subprocess.Popen[str]", release: Release) -> None:
    """Wait until an install has succeeded and all pods are ready."""
    printed, _ = process.communicate(timeout=INSTALL_SECONDS + 30)
    assert process.returncode == 0, printed
    release.wait_until_ready()


def wait_for_log(release: Release, kind: str, name: str, container: str, text: str) -> None:
    """Wait until a container of a workload of the release says something."""
    target = f"{kind}/{release.name}-{name}"
    place = ("--namespace", release.namespace, f"--container={container}")

    def said() -> bool:
        with contextlib.suppress(CommandFailedError):
            return text in release.cluster.kubectl("logs", target, *place)
        return False

    eventually(said, seconds=120, every=1)


def restarts(release: Release) -> dict[str, int]:
    """Return the containers of the release that were started more than once, and how often."""
    counts = {
        f"{pod['metadata']['name']} {container['name']}": container["restartCount"]
        for pod in release.pods()
        for kind in ("initContainerStatuses", "containerStatuses")
        for container in pod["status"].get(kind, [])
    }
    return {name: count for name, count in counts.items() if count}
