"""What a command is given to connect to a release: addresses that answer, and the credentials of its role."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hotel.errors import InvalidInput, MissingInCluster, Refused
from hotel.names import Role, Service
from hotel.reservations.connection import connect_services, connected, opened_engine
from hotel.settings import HotelSettings
from support.fake_kubectl import FakeKubectl, external_engine, hotel_release, secret
from support.http_stub import Answer, HttpStub, http_stub

SERVICE_PORTS = {"booking": 5001, "room": 5002, "restaurant": 5003, "client": 5004}
CLIENTS_LOGIN = "Basic Y2xpZW50OmNsaWVudCdz"
DEPLOYERS_LOGIN = "Basic ZGVwbG95ZXI6ZGVwbG95ZXIncw=="


@pytest.fixture
def pod(cluster: FakeKubectl) -> Iterator[HttpStub]:
    """What all Services of the release lead to."""
    with http_stub() as stub:
        port = int(stub.url.split(":")[2].split("/")[0])
        for name, number in {"engine": 8080, **SERVICE_PORTS}.items():
            cluster.lead(f"hotel-{name}", number, port)
        cluster.lead("engine", 8080, port, namespace="shared")
        yield stub


def settings(**given: Any) -> HotelSettings:
    return HotelSettings(namespace="hotel", **given)


def login(pod: HttpStub, given: HotelSettings, role: Role = Role.CLIENT) -> str | None:
    """Return the header that reaches the pod from a client with these settings."""
    pod.answer(Answer(200, []))
    with opened_engine(given, role) as engine:
        engine.get("/engine")
    (request,) = pod.requests
    assert request.target == "/engine-rest/engine"
    return request.headers.get("Authorization")


@pytest.mark.parametrize(("role", "header"), [(Role.CLIENT, CLIENTS_LOGIN), (Role.DEPLOYER, DEPLOYERS_LOGIN)])
def test_the_engine_is_reached_as_the_user_of_the_role(
    cluster: FakeKubectl, pod: HttpStub, role: Role, header: str
) -> None:
    cluster.know(*hotel_release())

    assert login(pod, settings(), role) == header


@pytest.mark.parametrize("given", [{"namespace": "hotel"}, {"context": "lab"}, {"release": "hotel"}])
def test_any_one_of_the_three_settings_leads_to_the_cluster(
    cluster: FakeKubectl, pod: HttpStub, given: dict[str, Any]
) -> None:
    cluster.know(*hotel_release(), *hotel_release(namespace="default"))
    cluster.lead("hotel-engine", 8080, int(pod.url.split(":")[2].split("/")[0]), namespace="default")

    assert login(pod, HotelSettings(**given)) == CLIENTS_LOGIN
    place = [f"--{name}={value}" for name, value in given.items() if name != "release"]
    assert all(call[: len(place)] == place for call in cluster.calls)


def test_only_the_engine_is_forwarded_where_only_the_engine_is_needed(
    cluster: FakeKubectl, pod: HttpStub
) -> None:
    cluster.know(*hotel_release())

    with connected(settings()):
        assert len(cluster.forwards) == 1


def test_the_services_are_reached_with_their_token(cluster: FakeKubectl, pod: HttpStub) -> None:
    cluster.know(*hotel_release())

    with connected(settings(), services=True) as found:
        services = connect_services(found)

    assert set(services) == set(Service)
    assert {service.token for service in services.values()} == {"t0ken"}
    assert len({service.url for service in services.values()}) == 4


def test_no_secret_is_on_a_command_line_or_in_the_settings_words(cluster: FakeKubectl, pod: HttpStub) -> None:
    cluster.know(*hotel_release())

    with connected(settings(), services=True) as found:
        told = repr(found) + repr(cluster.calls)

    assert "client's" not in told
    assert "t0ken" not in told


def test_credentials_that_are_given_need_no_right_to_read_secrets(
    cluster: FakeKubectl, pod: HttpStub
) -> None:
    cluster.know(*hotel_release())
    cluster.fail("get secret", "Error from server (Forbidden): secrets is forbidden")

    given = settings(engine_password="given", service_token="given")

    with connected(given, services=True) as found:
        assert connect_services(found)[Service.ROOM].token == "given"
    assert login(pod, given) == "Basic Y2xpZW50OmdpdmVu"


def test_a_secret_that_may_not_be_read_is_named_with_what_to_set_instead(
    cluster: FakeKubectl, pod: HttpStub
) -> None:
    cluster.know(*hotel_release())
    cluster.fail(
        "get secret",
        'Error from server (Forbidden): secrets "hotel-engine-client" is forbidden: User "jean" cannot get '
        'resource "secrets" in API group "" in the namespace "hotel"',
    )

    words = (
        r'"hotel-engine-client" is forbidden.*ask for a Role.*or set HOTEL_ENGINE_USER and HOTEL_ENGINE_PASS'
    )
    with pytest.raises(Refused, match=words), connected(settings()):
        pass


def test_a_secret_without_the_key_is_named(cluster: FakeKubectl, pod: HttpStub) -> None:
    objects = [o for o in hotel_release() if o["metadata"]["name"] != "hotel-engine-client"]
    cluster.know(*objects, secret("hotel-engine-client", pass_word="client's"))

    with (
        pytest.raises(MissingInCluster, match=r"hotel-engine-client .* has no key password"),
        connected(settings()),
    ):
        pass


def test_a_secret_that_is_gone_is_named(cluster: FakeKubectl, pod: HttpStub) -> None:
    cluster.know(*[o for o in hotel_release() if o["metadata"]["name"] != "hotel-engine-client"])

    with (
        pytest.raises(MissingInCluster, match='secrets "hotel-engine-client" not found'),
        connected(settings()),
    ):
        pass


def test_a_secret_that_is_no_text_is_not_quoted(cluster: FakeKubectl, pod: HttpStub) -> None:
    broken = secret("hotel-engine-client")
    broken["data"] = {"password": "/w=="}
    cluster.know(*[o for o in hotel_release() if o["metadata"]["name"] != "hotel-engine-client"], broken)

    with pytest.raises(MissingInCluster, match="holds what is no text") as e, connected(settings()):
        pass
    assert e.value.__cause__ is None


def test_two_places_at_once_are_refused(cluster: FakeKubectl) -> None:
    given = settings(engine_url="http://engine.example.com/engine-rest")

    with pytest.raises(InvalidInput, match="HOTEL_ENGINE_URL too"), connected(given):
        pass


def test_an_external_engine_in_the_cluster_is_forwarded_to(cluster: FakeKubectl, pod: HttpStub) -> None:
    cluster.know(
        *hotel_release()[2:],
        *external_engine("http://engine.shared.svc.cluster.local:8080/engine-rest"),
        engine_service("shared"),
    )

    # The base64 of client-elsewhere:client's
    assert login(pod, settings()) == "Basic Y2xpZW50LWVsc2V3aGVyZTpjbGllbnQncw=="


@pytest.mark.parametrize(
    "url",
    [
        "https://engine.example.com/engine-rest",
        "http://10.0.0.7:8080/engine-rest",
        "http://nobody:8080/engine-rest",
        "https://engine.shared/engine-rest",
    ],
)
def test_an_external_engine_elsewhere_is_reached_directly(cluster: FakeKubectl, url: str) -> None:
    cluster.know(*hotel_release()[2:], *external_engine(url), engine_service("shared"))

    with connected(settings()) as found:
        assert found.engine_url == url
    assert cluster.forwards == []


def test_an_external_engines_own_certificates_are_trusted(cluster: FakeKubectl) -> None:
    engine, logins = external_engine("https://engine.example.com/engine-rest")
    engine["data"] |= {"ca.secret": "engine-ca", "ca.key": "ca.crt"}
    cluster.know(*hotel_release()[2:], engine, logins, secret("engine-ca", **{"ca.crt": "PEM"}))

    with connected(settings()) as found:
        assert found.engine_ca_file
        file = Path(found.engine_ca_file)
        assert file.read_text() == "PEM"
    assert not file.exists()


def test_a_user_that_the_release_does_not_name_is_asked_for(cluster: FakeKubectl) -> None:
    engine, logins = external_engine("https://engine.example.com/engine-rest")
    del engine["data"]["client.secret"]
    cluster.know(*hotel_release()[2:], engine, logins)

    with (
        pytest.raises(MissingInCluster, match="set HOTEL_ENGINE_USER and HOTEL_ENGINE_PASSWORD"),
        connected(settings()),
    ):
        pass


def engine_service(namespace: str) -> dict[str, Any]:
    return {
        "kind": "Service",
        "metadata": {"name": "engine", "namespace": namespace},
        "spec": {"ports": [{"port": 8080}], "selector": {"app": "engine"}},
    }
