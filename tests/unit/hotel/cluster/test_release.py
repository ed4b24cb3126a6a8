"""Finding a release: which one is meant, and the error where there is none."""

import pytest
from hotel.cluster.kubectl import Kubectl
from hotel.cluster.release import ServicePort, find_release
from hotel.errors import ExitCode, HotelError, InvalidInput, MissingInCluster, Refused, Unreachable
from hotel.names import Role, Service
from support.fake_kubectl import FakeKubectl, external_engine, from_secret, hotel_release

HOTEL = Kubectl(namespace="hotel")


def test_the_only_release_of_a_namespace_is_meant(cluster: FakeKubectl) -> None:
    cluster.know(*hotel_release("grand"), *hotel_release("other", namespace="elsewhere"))

    release = find_release(HOTEL, None)

    assert release.name == "grand"
    assert release.engine() == ServicePort("grand-engine", 8080)
    assert release.service(Service.ROOM) == ServicePort("grand-room", 5002)


def test_without_a_namespace_it_is_the_contexts(cluster: FakeKubectl) -> None:
    cluster.know(*hotel_release(namespace="default"))

    assert find_release(Kubectl(), None).place == "namespace default"


def test_among_several_releases_the_named_one_is_meant(cluster: FakeKubectl) -> None:
    cluster.know(*hotel_release("east"), *hotel_release("west"))

    assert find_release(HOTEL, "west").engine().service == "west-engine"


def test_several_releases_are_named_with_what_to_add(cluster: FakeKubectl) -> None:
    cluster.know(*hotel_release("east"), *hotel_release("west"))

    with pytest.raises(MissingInCluster, match=r"several releases of hotel: east, west; add --release") as e:
        find_release(HOTEL, None)
    assert e.value.exit_code == ExitCode.USAGE


def test_a_release_that_is_not_there_is_told_with_those_that_are(cluster: FakeKubectl) -> None:
    cluster.know(*hotel_release("east"))

    with pytest.raises(MissingInCluster, match=r"no release nort of hotel in the namespace hotel.*is: east"):
        find_release(HOTEL, "nort")


def test_objects_of_other_charts_are_no_hotel(cluster: FakeKubectl) -> None:
    foreign = hotel_release("foreign")
    for one in foreign:
        one["metadata"].get("labels", {})["helm.sh/chart"] = "hotelier-1.0.0"
    cluster.know(*foreign)

    with pytest.raises(MissingInCluster, match=r"no release of hotel in the namespace hotel: `helm list"):
        find_release(HOTEL, None)


def test_a_namespace_that_does_not_exist_is_told(cluster: FakeKubectl) -> None:
    with pytest.raises(MissingInCluster, match="there is no namespace hotle of the context lab"):
        find_release(Kubectl(context="lab", namespace="hotle"), None)


def test_who_may_not_look_at_namespaces_still_learns_that_there_is_no_release(cluster: FakeKubectl) -> None:
    cluster.fail("get namespace", 'Error from server (Forbidden): namespaces "hotel" is forbidden')

    with pytest.raises(MissingInCluster, match="no release of hotel in the namespace hotel"):
        find_release(HOTEL, None)


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ('error: context "lab" does not exist', InvalidInput, "kubectl config get-contexts"),
        (
            "error in configuration: context was not found for specified context: lab",
            InvalidInput,
            "^context was not found for specified context: lab; ",
        ),
        (
            'Error from server (Forbidden): deployments.apps is forbidden: User "jean" cannot list it',
            Refused,
            'User "jean" cannot list it; ask for a Role with this right',
        ),
        (
            "error: You must be logged in to the server (Unauthorized)",
            Refused,
            "log in to the cluster",
        ),
        (
            "E1125 02:01:34 79 memcache.go:265] err\nThe connection to the server 10.0.0.1:6443 was refused",
            Unreachable,
            "^The connection to the server 10.0.0.1:6443 was refused; is the cluster up",
        ),
        (
            "Unable to connect to the server: net/http: TLS handshake timeout",
            Unreachable,
            "is the cluster up",
        ),
        (
            "error: pods is forbidden.\nerror: services is forbidden.\n",
            Refused,
            "^pods is forbidden; services is forbidden; ask for a Role",
        ),
        ("error: something new", HotelError, "^kubectl failed: something new$"),
    ],
)
def test_what_kubectl_complains_of_becomes_one_line_that_tells_what_to_do(
    cluster: FakeKubectl, words: str, kind: type[HotelError], told: str
) -> None:
    cluster.fail("get", words)

    with pytest.raises(kind, match=told) as e:
        find_release(HOTEL, None)
    assert "\n" not in str(e.value)


def test_a_missing_kubectl_is_told_with_where_to_get_it(
    cluster: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(cluster.folder / "nowhere"))

    with pytest.raises(Unreachable, match=r"kubectl is not on PATH.*https://kubernetes.io"):
        find_release(HOTEL, None)


@pytest.mark.parametrize("part", ["engine", "room"])
def test_a_component_without_a_ready_pod_is_named_with_how_to_look_at_it(
    cluster: FakeKubectl, part: str
) -> None:
    cluster.know(*hotel_release("grand", ready=0))
    release = find_release(HOTEL, None)

    with pytest.raises(Unreachable, match=rf"no pod of the {part} of the release grand.*kubectl get pods"):
        release.engine() if part == "engine" else release.service(Service(part))


def test_a_component_that_is_not_there_is_named(cluster: FakeKubectl) -> None:
    cluster.know(*[o for o in hotel_release() if o["metadata"]["name"] != "hotel-room"])

    with pytest.raises(MissingInCluster, match="has no room"):
        find_release(HOTEL, None).service(Service.ROOM)


def test_credentials_are_where_the_release_takes_them_from(cluster: FakeKubectl) -> None:
    objects = hotel_release()
    container = objects[0]["spec"]["template"]["spec"]["containers"][0]
    container["env"] += [
        {"name": "ENGINE_CLIENT_USER", "value": "guests"},
        from_secret("ENGINE_CLIENT_PASSWORD", "vault", "guests-password"),
    ]
    cluster.know(*objects)

    user = find_release(HOTEL, None).engine_user(Role.CLIENT)

    assert user.name == "guests"
    assert user.password
    assert (user.password.secret, user.password.key) == ("vault", "guests-password")


def test_an_external_engine_is_known_with_its_users(cluster: FakeKubectl) -> None:
    url = "https://engine.example.com/engine-rest"
    cluster.know(*hotel_release()[2:], *external_engine(url))

    release = find_release(HOTEL, None)

    assert release.external_engine == url
    assert release.engine_user(Role.DEPLOYER).name == "deployer-elsewhere"
