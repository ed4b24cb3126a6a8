"""What every pod is allowed, and where secrets are."""

from pathlib import Path

import pytest
from support.charts import Manifest, Render, ci_values, containers_of, named, of_kind, pods_of

SECRET_WORDS = ("PASSWORD", "TOKEN", "SECRET")


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_every_pod_meets_the_restricted_standard(render: Render, chart: Path, values: str) -> None:
    for name, pod in pods_of(render(values, chart=chart)).items():
        context = pod["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers_of(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
            }, f"{name} {container['name']}"


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_only_the_operator_holds_a_token_of_the_api_server(render: Render, chart: Path, values: str) -> None:
    manifests = render(values, chart=chart)
    for account in of_kind(manifests, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    with_token = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for pod in pods_of(manifests).values()
        if pod["spec"]["automountServiceAccountToken"]
    }
    assert with_token <= {"operator"}


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_every_pod_has_an_account_that_the_release_makes(render: Render, chart: Path, values: str) -> None:
    manifests = render(values, chart=chart)
    accounts = {account["metadata"]["name"] for account in of_kind(manifests, "ServiceAccount")}
    assert {pod["spec"]["serviceAccountName"] for pod in pods_of(manifests).values()} == accounts


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_no_password_is_written_into_a_pod(render: Render, chart: Path, values: str) -> None:
    for name, pod in pods_of(render(values, chart=chart)).items():
        for container in containers_of(pod):
            for variable in container.get("env", []):
                # Of a mounted Secret only the file is named.
                is_file = variable["name"].endswith("_FILE") and variable["value"].startswith("/etc/")
                if any(word in variable["name"] for word in SECRET_WORDS) and not is_file:
                    assert "secretKeyRef" in variable.get("valueFrom", {}), f"{name} {variable['name']}"


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_every_container_has_resources(render: Render, chart: Path, values: str) -> None:
    for name, pod in pods_of(render(values, chart=chart)).items():
        for container in containers_of(pod):
            resources = container["resources"]
            assert {"cpu", "memory"} <= resources["requests"].keys(), name
            assert "memory" in resources["limits"], name


def test_every_lasting_container_is_probed(render: Render) -> None:
    for name, pod in pods_of(render()).items():
        if name.startswith(("Deployment/", "StatefulSet/")):
            for container in pod["spec"]["containers"]:
                probes = {"readinessProbe"} if container["name"] == "databases" else PROBES
                assert probes <= container.keys(), f"{name} {container['name']}"


PROBES = {"startupProbe", "readinessProbe", "livenessProbe"}


def test_a_password_of_the_users_is_not_generated(render: Render) -> None:
    manifests = render(
        {
            "engine.auth.worker": {"existingSecret": "mine", "existingSecretKey": "pass"},
            "databases.room.existingSecret": "room-login",
            "services.token": {"existingSecret": "common"},
            "postgresql.auth.existingSecret": "superuser",
        }
    )
    names = {secret["metadata"]["name"] for secret in of_kind(manifests, "Secret")}
    assert "hotel-engine-admin" in names
    assert not names & {
        "hotel-engine-worker",
        "hotel-database-room",
        "hotel-service-token",
        "hotel-database-superuser",
    }
    assert secret_of(manifests, "hotel-worker-default", "ENGINE_PASSWORD") == {"name": "mine", "key": "pass"}
    assert secret_of(manifests, "hotel-engine", "ENGINE_WORKER_PASSWORD") == {"name": "mine", "key": "pass"}
    assert secret_of(manifests, "hotel-room", "PGPASSWORD") == {"name": "room-login", "key": "password"}
    assert secret_of(manifests, "hotel-room", "SERVICE_TOKEN") == {"name": "common", "key": "token"}


def secret_of(manifests: list[Manifest], deployment: str, variable: str) -> Manifest:
    pod = named(manifests, "Deployment", deployment)["spec"]["template"]
    found = [v for v in pod["spec"]["containers"][0]["env"] if v["name"] == variable]
    reference: Manifest = found[0]["valueFrom"]["secretKeyRef"]
    return reference


@pytest.mark.parametrize(("chart", "values"), ci_values(), ids=str)
def test_the_pods_user_may_read_each_secret_that_is_mounted(render: Render, chart: Path, values: str) -> None:
    """The files belong to root, and to the pod's group only where it has one."""
    for name, pod in pods_of(render(values, chart=chart)).items():
        readable = 0o040 if "fsGroup" in pod["spec"]["securityContext"] else 0o004
        for volume in pod["spec"].get("volumes", []):
            mode = volume.get("secret", {}).get("defaultMode", 0o644)
            assert mode & readable, f"{name} {volume['name']}"
