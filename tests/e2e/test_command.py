"""The `hotel` command against a release in a cluster, by nothing but its address."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hotel.errors import ExitCode
from support.bookings import bookings, write_csv
from support.charts import HOTEL
from support.cluster import SERVICE_PORTS, Release
from support.guests import guest
from support.hotel_command import HotelCommand, Ran
from support.waiting import eventually

END_SECONDS = 500


@pytest.fixture
def run(hotel: Release, tmp_path: Path) -> HotelCommand:
    """The command with a kubeconfig and no setting of its own."""
    return HotelCommand(tmp_path / "home", {"KUBECONFIG": str(hotel.cluster.kubeconfig)})


@pytest.fixture
def place(hotel: Release) -> tuple[str, ...]:
    """The options that name the release's place."""
    context = hotel.cluster.kubectl("config", "current-context").strip()
    return ("--context", context, "--namespace", hotel.namespace)


class Watch:
    """A `hotel tasks --watch --json` under way."""

    def __init__(self, process: "subprocess.Popen[str]", lines: Path) -> None:
        self.process = process
        self._lines = lines

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What it has printed so far, line by line."""
        *whole, _ = self._lines.read_text().split("\n")
        return [json.loads(line) for line in whole]

    def last(self) -> dict[str, Any]:
        return self.seen[-1] if self.seen else {"topics": None, "scalers": None, "problems": {}}

    def end(self) -> str:
        """End it as Ctrl-C does and return what it said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=60)
        return said


@pytest.fixture
def watch(run: HotelCommand, place: tuple[str, ...], tmp_path: Path) -> Iterator[Watch]:
    """The tasks, watched as long as the test lasts."""
    file = tmp_path / "watched"
    with file.open("w") as lines:
        process = run.begin(*place, "tasks", "--watch", "--json", "--interval", "0.3", stdout=lines)
    with process:
        yield Watch(process, file)
        process.kill()


def at_work(line: dict[str, Any]) -> int:
    """Return how many tasks wait for a worker or are at one."""
    return sum(count["unlocked"] + count["locked"] for count in (line["topics"] or {}).values())


def test_a_reservation_is_made_shown_and_cancelled(run: HotelCommand, place: tuple[str, ...]) -> None:
    made = run(*place, "reserve", *guest(), "--json")
    reference = made.json["reference"]
    shown = run(*place, "status", reference, "--json")
    listed = run(*place, "list", "--json")
    cancelled = run(*place, "cancel", reference, "--json")

    assert (made.code, shown.code, listed.code, cancelled.code) == (0, 0, 0, 0), made.err + cancelled.err
    assert shown.json["state"] == "confirmed"
    assert reference in [item["reference"] for item in listed.json["items"]]
    assert cancelled.json["state"] == "cancelled"


def test_processes_are_deployed_as_the_deployer(run: HotelCommand, place: tuple[str, ...]) -> None:
    ran = run(*place, "deploy")

    assert (ran.code, ran.out) == (0, "nothing has changed since the last deployment\n"), ran.err


def test_tasks_show_the_scalers_too(hotel: Release, run: HotelCommand, place: tuple[str, ...]) -> None:
    ran, text = run(*place, "tasks", "--json"), run(*place, "tasks")

    assert (ran.code, text.code) == (0, 0), ran.err + text.err
    (scaler,) = ran.json["scalers"]
    assert scaler["name"] == f"{hotel.name}-worker-default"
    assert ran.json["validate-input"].keys() == {"unlocked", "locked", "failed", "suspended"}
    assert f"{scaler['name']}: " in text.out


def test_a_watch_sees_the_tasks_of_reservations_and_what_the_scaler_makes_of_them(
    run: HotelCommand, place: tuple[str, ...], watch: Watch, tmp_path: Path
) -> None:
    eventually(lambda: watch.last()["scalers"], seconds=60)
    file = write_csv(tmp_path / "bookings.csv", bookings(30, seed=11))
    replay = run.begin(*place, "replay", str(file), "--json")

    busy = eventually(lambda: next(filter(at_work, watch.seen), None), seconds=120)
    eventually(lambda: any(s["locked"] for line in watch.seen for s in line["scalers"]), seconds=120)
    out, problems = replay.communicate(timeout=END_SECONDS)
    said = watch.end()

    assert busy["problems"] == {}
    assert any("tasks" in scaler["decision"] for line in watch.seen for scaler in line["scalers"])
    assert replay.returncode == 0, out + problems
    assert (watch.process.returncode, said) == (ExitCode.OK, "")


def test_pods_that_go_are_survived(
    hotel: Release, run: HotelCommand, place: tuple[str, ...], watch: Watch, tmp_path: Path
) -> None:
    """A forward leads to one pod, so both commands have to find the engine's and the services' next ones."""
    file = write_csv(tmp_path / "bookings.csv", bookings(60, seed=12))
    replay = run.begin(*place, "replay", str(file), "--json", "--rate", "2", "--timeout", "300")
    eventually(lambda: any(map(at_work, watch.seen)), seconds=120)

    selector = f"app.kubernetes.io/instance={hotel.name},app.kubernetes.io/component in (engine,room)"
    delete = ("delete", "pods", "--namespace", hotel.namespace, "--selector", selector, "--wait=false")
    hotel.cluster.kubectl(*delete)
    during = replay.poll() is None

    eventually(lambda: any("engine" in line["problems"] for line in watch.seen), seconds=120)
    eventually(lambda: watch.last()["topics"] is not None and not watch.last()["problems"], seconds=240)
    out, problems = replay.communicate(timeout=END_SECONDS)

    assert during
    assert replay.returncode == 0, out + problems
    assert (watch.end(), watch.process.returncode) == ("", ExitCode.OK)
    hotel.wait_until_ready()


def test_an_external_engine_is_reached_through_its_service(
    hotel: Release, run: HotelCommand, place: tuple[str, ...], namespace: str
) -> None:
    """What a release says about an engine elsewhere is enough; here it is the other release's."""
    url = f"http://{hotel.name}-engine.{hotel.namespace}:8080/engine-rest"
    logins = [f"engine.auth.{role}.existingSecret" for role in ("deployer", "worker", "scaler", "client")]
    logins += [f"databases.{name}.existingSecret" for name in SERVICE_PORTS]
    values = {"engine.external.enabled": "true", "engine.external.url": url, "postgresql.enabled": "false"}
    values |= {"externalDatabase.host": "elsewhere", **dict.fromkeys(logins, "logins")}
    options = [f"--set={name}={value}" for name, value in values.items()]
    told = hotel.cluster.helm(
        "template",
        "annex",
        HOTEL,
        f"--namespace={namespace}",
        "--show-only=templates/engine/external.yaml",
        *options,
    )
    hotel.cluster.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=told)
    secret = {"password": hotel.secret("engine-client", "password")}
    meta = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "logins"}}
    hotel.cluster.apply(namespace, {**meta, "stringData": secret})

    here, there = run(*place, "list", "--json"), run("--namespace", namespace, "list", "--json")

    assert (here.code, there.code) == (0, 0), here.err + there.err
    assert there.json == here.json
    assert here.json["items"]


def test_a_namespace_without_a_hotel_is_told(run: HotelCommand) -> None:
    ran = run("--namespace", "kube-public", "list")

    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith("hotel: there is no release of hotel in the namespace kube-public: ")


def test_a_namespace_that_does_not_exist_is_told(run: HotelCommand) -> None:
    ran = run("--namespace", "no-such-place", "list")

    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith("hotel: there is no namespace no-such-place: ")


def test_a_context_that_does_not_exist_is_told(run: HotelCommand) -> None:
    ran = run("--context", "no-such-context", "list")

    assert ran.code == ExitCode.USAGE
    assert "no-such-context" in ran.err
    assert "kubectl config get-contexts" in ran.err


def test_a_cluster_that_is_away_is_told(run: HotelCommand, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "away"
    kubeconfig.write_text(json.dumps(login_file("https://127.0.0.1:9", {})))

    ran = HotelCommand(tmp_path, {"KUBECONFIG": str(kubeconfig)})("--namespace", "hotel", "list")

    assert ran.code == ExitCode.UNREACHABLE
    assert ran.err.count("\n") == 1
    assert "is the cluster up" in ran.err


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        ([], "deployments"),
        ([("", "services,configmaps", "list"), ("apps", "deployments", "list")], "secrets"),
        (
            [
                ("", "services,configmaps", "list"),
                ("apps", "deployments", "list"),
                ("", "secrets,services,pods", "get,list"),
            ],
            "pods/portforward",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_right_that_is_missing_is_named(
    hotel: Release, visitor: "Visitor", tmp_path: Path, rules: list[tuple[str, str, str]], missing: str
) -> None:
    visitor.may(rules)
    run = HotelCommand(tmp_path, {"KUBECONFIG": str(visitor.kubeconfig)})

    def refused() -> Ran | None:
        ran = run("--namespace", hotel.namespace, "list")
        assert ran.code == ExitCode.REFUSED, ran.err
        # The API server hears of new rights a moment after they were given.
        return ran if f'resource "{missing}"' in ran.err else None

    assert eventually(refused).err.count("\n") == 1


class Visitor:
    """A user of the cluster who has a few rights in the release's namespace."""

    def __init__(self, release: Release, name: str, kubeconfig: Path) -> None:
        self._release = release
        self._name = name
        self.kubeconfig = kubeconfig

    def may(self, rules: list[tuple[str, str, str]]) -> None:
        """Give rights: API group, resources and verbs."""
        role = {
            **self._object("rbac.authorization.k8s.io/v1", "Role"),
            "rules": [
                {"apiGroups": [group], "resources": resources.split(","), "verbs": verbs.split(",")}
                for group, resources, verbs in rules
            ],
        }
        binding = {
            **self._object("rbac.authorization.k8s.io/v1", "RoleBinding"),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": self._name},
            "subjects": [{"kind": "ServiceAccount", "name": self._name}],
        }
        self._release.cluster.apply(self._release.namespace, role, binding)

    def arrive(self) -> None:
        """Become a user, and note how to log in."""
        account, cluster = self._object("v1", "ServiceAccount"), self._release.cluster
        cluster.apply(self._release.namespace, account)
        token = cluster.kubectl("create", "token", self._name, "--namespace", self._release.namespace)
        view = json.loads(cluster.kubectl("config", "view", "--minify", "--raw", "--output=json"))
        where = view["clusters"][0]["cluster"]
        login = login_file(where.pop("server"), {"token": token.strip()}, **where)
        self.kubeconfig.write_text(json.dumps(login))

    def leave(self) -> None:
        for kind in ("rolebinding", "role", "serviceaccount"):
            place = ("--namespace", self._release.namespace, "--ignore-not-found")
            self._release.cluster.kubectl("delete", kind, self._name, *place)

    def _object(self, version: str, kind: str) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"name": self._name}}


@pytest.fixture
def visitor(hotel: Release, tmp_path: Path) -> Iterator[Visitor]:
    visitor = Visitor(hotel, "e2e-visitor", tmp_path / "kubeconfig")
    visitor.arrive()
    yield visitor
    visitor.leave()


def login_file(server: str, user: dict[str, str], **cluster: str) -> dict[str, Any]:
    """Return a kubeconfig with one context."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "there", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "visitor", "user": user}],
        "contexts": [{"name": "there", "context": {"cluster": "there", "user": "visitor"}}],
        "current-context": "there",
    }
