"""How a release as a whole behaves: its names, replicas, images and hooks."""

import re

import pytest
import yaml
from support.charts import REPOSITORY, ChartRefusedError, Render, containers_of, named, of_kind, pods_of

IMAGE = re.compile(r"^registry\.example\.com/mirror/[a-z/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$")


def test_two_releases_share_no_name(render: Render) -> None:
    names = [
        {(m["kind"], m["metadata"]["name"]) for m in render("full-values.yaml", release=release)}
        for release in ("east", "west")
    ]
    assert not names[0] & names[1]


def test_two_releases_select_no_common_pod(render: Render) -> None:
    east = pods_of(render(release="east")).values()
    for manifest in render(release="west"):
        selector = (
            manifest["spec"].get("selector") if manifest["kind"] in {"Deployment", "StatefulSet"} else None
        )
        for pod in east:
            assert not selector or not selector["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_replicas_are_left_out_where_the_operator_decides_them(render: Render) -> None:
    manifests = render("full-values.yaml")
    assert "replicas" not in named(manifests, "Deployment", "hotel-worker-forward")["spec"]
    assert named(manifests, "Deployment", "hotel-worker-compensate")["spec"]["replicas"] == 2
    scalers = [m["metadata"]["name"] for m in of_kind(manifests, "ExternalTaskScaler")]
    assert scalers == ["hotel-worker-forward"]


def test_without_the_operator_nothing_of_it_is_installed(render: Render) -> None:
    manifests = render({"operator.enabled": False})
    assert not of_kind(manifests, "ExternalTaskScaler", "Role", "RoleBinding")
    assert named(manifests, "Deployment", "hotel-worker-default")["spec"]["replicas"] == 1


def test_an_operator_elsewhere_finds_scalers_and_may_read_their_secrets(render: Render) -> None:
    manifests = render(
        {"operator.enabled": False, "worker.externalOperator": {"enabled": True, "namespace": "scaling"}}
    )
    (scaler,) = of_kind(manifests, "ExternalTaskScaler")
    # From another namespace the engine's name alone is not found.
    assert scaler["spec"]["engine"]["url"] == "http://hotel-engine.front-desk.svc:8080/engine-rest"
    assert "replicas" not in named(manifests, "Deployment", "hotel-worker-default")["spec"]
    (binding,) = of_kind(manifests, "RoleBinding")
    account = {"kind": "ServiceAccount", "name": "external-task-scaler", "namespace": "scaling"}
    assert binding["subjects"] == [account]
    (role,) = of_kind(manifests, "Role")
    assert role["rules"][0]["resourceNames"] == [scaler["spec"]["engine"]["credentialsSecret"]["name"]]


def test_an_operator_beside_the_release_uses_the_engines_short_name(render: Render) -> None:
    manifests = render({"operator.enabled": False, "worker.externalOperator.enabled": True})
    (scaler,) = of_kind(manifests, "ExternalTaskScaler")
    assert scaler["spec"]["engine"]["url"] == "http://hotel-engine:8080/engine-rest"


def test_replicas_are_left_out_where_an_autoscaler_decides_them(render: Render) -> None:
    manifests = render("full-values.yaml")
    (autoscaler,) = of_kind(manifests, "HorizontalPodAutoscaler")
    target = autoscaler["spec"]["scaleTargetRef"]
    assert "replicas" not in named(manifests, target["kind"], target["name"])["spec"]
    assert target["name"] == "hotel-restaurant"
    assert named(manifests, "Deployment", "hotel-room")["spec"]["replicas"] == 2


def test_a_worker_has_time_to_finish_its_tasks(render: Render) -> None:
    pod = named(render("full-values.yaml"), "Deployment", "hotel-worker-forward")["spec"]["template"]
    drain = [v["value"] for v in pod["spec"]["containers"][0]["env"] if v["name"] == "WORKER_DRAIN_SECONDS"]
    assert drain == ["50"]
    assert pod["spec"]["terminationGracePeriodSeconds"] == 60


def test_disruption_budgets_exist_where_there_is_more_than_one_pod(render: Render) -> None:
    budgets = {m["metadata"]["name"] for m in of_kind(render({"engine.replicas": 2}), "PodDisruptionBudget")}
    assert budgets == {"hotel-engine", "hotel-worker-default"}


def test_one_registry_takes_the_place_of_all_others(render: Render) -> None:
    for name, pod in pods_of(render("full-values.yaml")).items():
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}], name
        for container in containers_of(pod):
            assert IMAGE.match(container["image"]), container["image"]


def test_images_are_those_that_the_makefile_builds(render: Render) -> None:
    makefile = (REPOSITORY / "images/images.mk").read_text()
    version = yaml.safe_load((REPOSITORY / "charts/hotel/Chart.yaml").read_text())["appVersion"]
    built = re.search(r"^IMAGES := (.+)$", makefile, re.MULTILINE)
    assert built
    used = {container["image"] for pod in pods_of(render()).values() for container in containers_of(pod)}
    assert used - {"docker.io/library/postgres:17"} == {f"{image}:{version}" for image in built[1].split()}


def test_pools_serve_the_topics_of_the_processes(render: Render) -> None:
    in_bpmn = {
        topic
        for file in (REPOSITORY / "bpmn").glob("*.bpmn")
        for topic in re.findall(r'topic="([^"]+)"', file.read_text())
    }
    env = named(render(), "Deployment", "hotel-worker-default")["spec"]["template"]["spec"]["containers"][0][
        "env"
    ]
    served = next(v["value"] for v in env if v["name"] == "WORKER_TOPICS")
    assert set(served.split(",")) == in_bpmn


def test_a_pod_setting_of_a_component_wins_over_that_of_all(render: Render) -> None:
    manifests = render("full-values.yaml")
    engine = named(manifests, "Deployment", "hotel-engine")["spec"]["template"]
    room = named(manifests, "Deployment", "hotel-room")["spec"]["template"]
    assert engine["metadata"]["annotations"]["example.com/scrape"] == "false"
    assert room["metadata"]["annotations"]["example.com/scrape"] == "true"
    assert engine["spec"]["nodeSelector"] == room["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}


def test_openshift_may_choose_the_user(render: Render) -> None:
    context = {"runAsUser": None, "runAsGroup": None, "fsGroup": None}
    pod = named(render({"pod.securityContext": context}), "Deployment", "hotel-room")["spec"]["template"]
    assert pod["spec"]["securityContext"].keys() == {"fsGroupChangePolicy", "runAsNonRoot", "seccompProfile"}


def test_the_processes_are_deployed_after_each_change_of_the_release(render: Render) -> None:
    job = named(render(), "Job", "hotel-deploy")
    hooks = job["metadata"]["annotations"]["helm.sh/hook"].split(",")
    assert set(hooks) == {"post-install", "post-upgrade", "post-rollback"}


def test_an_external_engine_and_database_replace_those_of_the_release(render: Render) -> None:
    manifests = render("external-values.yaml")
    names = set(pods_of(manifests))
    assert not names & {"Deployment/hotel-engine", "StatefulSet/hotel-postgresql"}
    assert not of_kind(manifests, "PersistentVolumeClaim")
    room = named(manifests, "Deployment", "hotel-room")["spec"]["template"]["spec"]["containers"][0]
    url = next(v["value"] for v in room["env"] if v["name"] == "DATABASE_URL")
    assert url == "postgresql://hotel_room@postgresql.example.com:5433/hotel_room?sslmode=verify-full"
    worker = named(manifests, "Deployment", "hotel-worker-default")["spec"]["template"]["spec"]["containers"][
        0
    ]
    env = {v["name"]: v.get("value") for v in worker["env"]}
    assert env["ENGINE_URL"] == "https://engine.example.com/engine-rest"
    assert env["ENGINE_CA_FILE"] == "/etc/engine-ca/ca.crt"


def test_an_external_database_is_checked_against_its_certificate_authority(render: Render) -> None:
    server = {
        "host": "db.example.com",
        "sslMode": "verify-full",
        "caSecret": "db-ca",
        "caSecretKey": "root.pem",
    }
    users = ("engine", "booking", "room", "restaurant", "client")
    logins = {f"databases.{user}.existingSecret": "logins" for user in users}
    manifests = render({"postgresql.enabled": False, "externalDatabase": server, **logins})

    for user in users:
        pod = named(manifests, "Deployment", f"hotel-{user}")["spec"]["template"]
        (volume,) = (v for v in pod["spec"]["volumes"] if v["name"] == "database-ca")
        assert volume["secret"] == {"secretName": "db-ca", "items": [{"key": "root.pem", "path": "ca.crt"}]}
        for container in containers_of(pod):
            env = {v["name"]: v.get("value", "") for v in container["env"]}
            url = env.get("ENGINE_DATABASE_URL", "")
            trusted = env.get("PGSSLROOTCERT") or url.partition("sslrootcert=")[2]
            (mount,) = (m for m in container["volumeMounts"] if m["name"] == "database-ca")
            assert trusted == f"{mount['mountPath']}/ca.crt"
            assert "verify-full" in (env.get("PGSSLMODE") or url)


def test_the_volume_outlives_the_release(render: Render) -> None:
    claim = named(render(), "PersistentVolumeClaim", "hotel-postgresql")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("release", ["my.hotel", "a.b.c", "x.y-1"])
def test_a_release_with_dots_has_names_that_services_may_have(render: Render, release: str) -> None:
    manifests = render("full-values.yaml", release=release)
    for service in of_kind(manifests, "Service"):
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", service["metadata"]["name"])
    for name, pod in pods_of(manifests).items():
        assert pod["metadata"]["labels"]["app.kubernetes.io/instance"] == release, name


def test_a_release_that_begins_with_a_digit_is_refused_and_has_a_way_out(render: Render) -> None:
    with pytest.raises(ChartRefusedError, match="set fullnameOverride, for example hotel-1hotel"):
        render(release="1hotel")
    assert render({"fullnameOverride": "hotel-1hotel"}, release="1hotel")


def test_services_listen_on_both_families_and_are_probed_on_a_port_of_their_own(render: Render) -> None:
    manifests = render()
    for name, port in (("booking", 5001), ("room", 5002), ("restaurant", 5003), ("client", 5004)):
        (container,) = named(manifests, "Deployment", f"hotel-{name}")["spec"]["template"]["spec"][
            "containers"
        ]
        env = {v["name"]: v.get("value") for v in container["env"]}
        assert (env["HOST"], env["PORT"], env["HEALTH_PORT"]) == ("::", str(port), str(port + 1000))
        ports = {p["name"]: p["containerPort"] for p in container["ports"]}
        assert ports == {"http": port, "health": port + 1000}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["port"] == "health"


def test_the_documented_upgrade_of_the_crd_takes_over_fields_that_helm_owns() -> None:
    """`helm install` owns every field of the CRD; without the option kubectl refuses each change."""
    texts = [
        file.read_text()
        for folder in ("charts", "docs")
        for file in (REPOSITORY / folder).rglob("*")
        if file.is_file() and file.suffix in {".md", ".in", ".tpl", ".txt"}
    ]
    steps = [
        line
        for text in texts
        for line in text.splitlines()
        if "apply --server-side" in line and "crds/" in line
    ]
    assert len(steps) >= 4
    for line in steps:
        assert "--force-conflicts" in line, line
