"""Forwards are real processes here; the program behind them is a stand-in for kubectl."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import urllib3
from hotel.cluster.forward import PortForward, forwarded
from hotel.cluster.kubectl import Kubectl
from hotel.cluster.release import ServicePort
from hotel.errors import Refused
from hotel.processes import identity_of
from support.fake_kubectl import FakeKubectl
from support.http_stub import Answer, HttpStub, http_stub
from support.waiting import eventually

HOTEL = Kubectl(namespace="hotel")
ENGINE = ServicePort("hotel-engine", 8080)


@pytest.fixture
def pod(cluster: FakeKubectl) -> Iterator[HttpStub]:
    """What the Service leads to."""
    with http_stub() as stub:
        cluster.lead("hotel-engine", 8080, port_of(stub.url))
        yield stub


def port_of(url: str) -> int:
    return urllib3.util.parse_url(url).port or 0


def status(url: str) -> int | None:
    """Return what a GET is answered with; None where nobody answers."""
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        try:
            return pool.request("GET", url).status
        except urllib3.exceptions.HTTPError:
            return None


def test_the_address_answers_as_long_as_the_context_lasts(cluster: FakeKubectl, pod: HttpStub) -> None:
    with PortForward(HOTEL, ENGINE) as forward:
        url = forward.url()
        assert url.startswith("http://127.0.0.1:")
        assert status(url) == 204

    assert status(url) is None
    assert [identity_of(pid) for pid in cluster.forwards] == [None]


def test_a_forward_that_ends_is_begun_anew_on_the_same_port(cluster: FakeKubectl, pod: HttpStub) -> None:
    with PortForward(HOTEL, ENGINE) as forward:
        url = forward.url()
        os.kill(cluster.forwards[0], signal.SIGKILL)

        eventually(lambda: status(url) == 204)
        assert len(cluster.forwards) == 2


def test_a_pod_that_goes_is_followed_by_the_next_one(cluster: FakeKubectl, pod: HttpStub) -> None:
    pod.answer(Answer(418))
    with contextlib.ExitStack() as first:
        gone = first.enter_context(http_stub())
        cluster.lead("hotel-engine", 8080, port_of(gone.url))
        with PortForward(HOTEL, ENGINE) as forward:
            url = forward.url()
            assert status(url) == 204

            first.close()
            cluster.lead("hotel-engine", 8080, port_of(pod.url))

            eventually(lambda: status(url) == 418)


def test_a_pod_that_is_on_its_way_is_waited_for(cluster: FakeKubectl) -> None:
    with http_stub() as stub, PortForward(HOTEL, ENGINE) as forward:
        eventually(lambda: len(cluster.calls) >= 2)
        cluster.lead("hotel-engine", 8080, port_of(stub.url))

        assert status(forward.url()) == 204


def test_a_right_that_is_missing_is_told_at_once(cluster: FakeKubectl) -> None:
    cluster.fail(
        "port-forward",
        'error: error upgrading connection: pods "hotel-engine-1" is forbidden: User "jean" cannot create '
        'resource "pods/portforward" in API group "" in the namespace "hotel"',
    )

    with (
        pytest.raises(Refused, match=r'cannot create resource "pods/portforward".*ask for a Role'),
        forwarded(HOTEL, {"engine": ENGINE}),
    ):
        pass


def test_another_namespace_is_forwarded_from_there(cluster: FakeKubectl) -> None:
    with http_stub() as stub:
        cluster.lead("engine", 80, port_of(stub.url), namespace="shared")

        with forwarded(HOTEL, {"engine": ServicePort("engine", 80, "shared")}) as urls:
            assert status(urls["engine"]) == 204


def test_it_ends_with_the_command_however_that_ends(cluster: FakeKubectl, pod: HttpStub) -> None:
    code = (
        "import time\n"
        "from hotel.cluster.forward import PortForward\nfrom hotel.cluster.kubectl import Kubectl\n"
        "from hotel.cluster.release import ServicePort\n"
        "with PortForward(Kubectl(namespace='hotel'), ServicePort('hotel-engine', 8080)) as forward:\n"
        "    print(forward.url(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as command:
        assert command.stdout
        assert command.stdout.readline().startswith(b"http://")
        (pid,) = cluster.forwards
        assert identity_of(pid)

        command.kill()

        eventually(lambda: identity_of(pid) is None)
