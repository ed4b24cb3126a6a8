"""The tests of a cluster repeat a call that did not reach the API server."""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from external_task_operator.errors import ClusterUnreachable
from support.cluster import Cluster, CommandFailedError

SERVER = "127.0.0.1:6443"
AWAY = (
    f'error: error validating "STDIN": error validating data: Get "https://{SERVER}/openapi/v2?timeout=32s": '
    f"read tcp 127.0.0.1:46154->{SERVER}: read: connection reset by peer - error from a previous attempt: EOF"
)
REFUSED = f"The connection to the server {SERVER} was refused - did you specify the right host or port?"
DENIED = (
    "Error from server (InternalError): failed calling webhook: "
    "dial tcp 10.0.0.1:443: connect: connection refused"
)

PROGRAM = """\
#!/bin/sh
echo called >> "$(dirname "$0")/calls"
if [ "$(wc -l < "$(dirname "$0")/calls")" -gt 1 ]; then echo done; exit 0; fi
cat "$(dirname "$0")/words" >&2
exit 1
"""


@pytest.fixture
def failing_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a `kubectl` whose first call fails with the words of a file."""
    program = tmp_path / "kubectl"
    program.write_text(PROGRAM)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.parametrize("words", [AWAY, REFUSED])
def test_a_call_that_reached_no_server_is_made_again(failing_once: Path, words: str) -> None:
    (failing_once / "words").write_text(words)

    assert Cluster(failing_once / "kubeconfig").kubectl("apply", "--filename", "-") == "done\n"


@pytest.mark.parametrize(("verb", "words"), [("apply", DENIED), ("create", REFUSED), ("delete", AWAY)])
def test_what_the_server_refused_or_may_have_done_is_not(failing_once: Path, verb: str, words: str) -> None:
    (failing_once / "words").write_text(words)

    with pytest.raises(CommandFailedError):
        Cluster(failing_once / "kubeconfig").kubectl(verb, "something")

    assert (failing_once / "calls").read_text().splitlines() == ["called"]


class Rebooting:
    """An API server that gives no answer to the first question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        self.asked.append((path, params))
        if len(self.asked) == 1:
            raise ClusterUnreachable("no answer")
        return {"items": [{"kind": "Pod"}]}


def test_a_question_without_an_answer_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Rebooting()
    cluster = Cluster(tmp_path / "kubeconfig")
    monkeypatch.setitem(vars(cluster), "api", server)

    assert cluster.items("pods", "east", selector="app=worker") == [{"kind": "Pod"}]

    assert server.asked == [("/api/v1/namespaces/east/pods", {"labelSelector": "app=worker"})] * 2
