"""Asking a cluster by `kubectl`, which brings the user's contexts and ways to log in."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hotel.cluster.refusals import translated_refusal
from hotel.errors import HotelError, Unreachable

_MISSING = (
    "kubectl is not on PATH: install it (https://kubernetes.io/docs/tasks/tools/), "
    "or name the engine itself by HOTEL_ENGINE_URL"
)
# Logging in may start a program of the user's, which may ask an identity provider.
_ANSWER_SECONDS = 60.0
_API_SECONDS = 15


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one namespace of one cluster.

    Attributes:
        context: of the kubeconfig; None means the current one.
        namespace: None means the context's.
        kubeconfig: the file; None means what kubectl takes by itself.
    """

    context: str | None = None
    namespace: str | None = None
    kubeconfig: Path | None = None

    def in_namespace(self, namespace: str | None) -> "Kubectl":
        """Return kubectl for another namespace of the same cluster; None stays in this one."""
        return replace(self, namespace=namespace or self.namespace)

    def line(self, *arguments: str) -> list[str]:
        """Return a command line; it names the place and never holds a secret."""
        given = {
            "--kubeconfig": self.kubeconfig,
            "--context": self.context,
            "--namespace": self.namespace,
        }
        place = [f"{option}={value}" for option, value in given.items() if value]
        return ["kubectl", *place, *arguments]

    def get(self, *arguments: str) -> dict[str, Any]:
        """Return what `kubectl get` finds: an object, or a list of them; empty where it finds nothing.

        Raises:
            HotelError: the cluster does not answer, knows no such object, or refuses.
        """
        text = self._run("get", *arguments, "--output=json", f"--request-timeout={_API_SECONDS}s")
        found: dict[str, Any] = json.loads(text) if text.strip() else {}
        return found

    def get_all(self, kinds: str, *arguments: str) -> list[dict[str, Any]]:
        """Return the objects of some kinds.

        Raises:
            HotelError: as `get`.
        """
        items: list[dict[str, Any]] = self.get(kinds, *arguments).get("items", [])
        return items

    def place(self) -> str:
        """Return the namespace in words, for messages; by default the kubeconfig's."""
        context = f" of the context {self.context}" if self.context else ""
        return f"namespace {self.namespace or self._usual_namespace()}{context}"

    def _usual_namespace(self) -> str:
        try:
            view = self._run("config", "view", "--minify", "--output=jsonpath={..namespace}")
        except HotelError:
            # In a pod there is no kubeconfig, and kubectl takes the pod's.
            return "that kubectl takes"
        return view.strip() or "default"

    def _run(self, *arguments: str) -> str:
        done = run(self.line(*arguments))
        if done.returncode:
            raise translated_refusal(done.stderr or done.stdout)
        return done.stdout


def run(line: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run kubectl to its end.

    Raises:
        Unreachable: it is not installed, or does not end.
    """
    try:
        return subprocess.run(  # noqa: S603  # kubectl by an argument list, no shell
            line,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise Unreachable(_MISSING) from error
    except subprocess.TimeoutExpired as error:
        raise Unreachable(
            f"kubectl has not answered within {_ANSWER_SECONDS:.0f} s: does `kubectl get pods` work?"
        ) from error
