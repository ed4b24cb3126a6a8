"""Users of one namespace reach nothing of another through an operator that serves both."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.cluster import Cluster, CommandFailedError
from support.operator_world.engine import StubEngine
from support.scaled_workers import CRD, ScaledWorkers, install_crd
from support.waiting import eventually

TRAVERSALS = ["../../{victim}/secrets/engine", "..", "a/b", "a%2fb", "UPPER"]


@pytest.mark.parametrize("name", TRAVERSALS)
@pytest.mark.parametrize("field", ["scaleTargetRef", "credentialsSecret", "ca"])
def test_the_api_server_refuses_names_that_lead_elsewhere(
    scaled: ScaledWorkers, field: str, name: str
) -> None:
    name = name.format(victim="victim")
    engine: dict[str, Any] = {"url": "http://engine"}
    spec: dict[str, Any] = {"engine": engine}
    if field == "scaleTargetRef":
        spec["scaleTargetRef"] = {"name": name}
    else:
        engine[field] = {"name": name} if field == "credentialsSecret" else {"secretName": name}

    with pytest.raises(CommandFailedError, match="must be the name of an object"):
        scaled.scaler("refused", **spec)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://engine/?x=1", "must not have a query or a fragment"),
        ("http://engine/#x", "must not have a query or a fragment"),
        ("http://engine/../x", "must not contain the path segments"),
        ("http://en gine/", "must not contain spaces"),
        ("http://engine:65536/", "should match"),
    ],
)
def test_the_api_server_refuses_urls_that_are_no_plain_ones(
    scaled: ScaledWorkers, url: str, message: str
) -> None:
    with pytest.raises(CommandFailedError, match=message):
        scaled.scaler("refused", engine={"url": url})


@pytest.fixture
def victim(crd: Cluster, namespace: str) -> Iterator[str]:
    """Another namespace, with credentials that are nobody else's."""
    name = f"{namespace}-victim"
    crd.kubectl("create", "namespace", name)
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "engine"}}
    crd.apply(name, {**secret, "stringData": {"username": "victim", "password": "victim-password"}})
    try:
        yield name
    finally:
        crd.kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.alone
def test_an_object_stored_before_the_check_leads_nowhere(
    crd: Cluster, scaled: ScaledWorkers, victim: str, tmp_path: Path
) -> None:
    """With the rights for all namespaces a listener of one tenant receives no credentials of another."""
    scaled.install_rights("--set=rbac.allNamespaces=true", "--set=rbac.anySecret=true")
    scaled.workers(1)
    old = tmp_path / "old-crd.yaml"
    old.write_text(json.dumps(unchecked(yaml.safe_load(CRD.read_text(encoding="utf-8")))), encoding="utf-8")
    crd.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(old))
    listener = StubEngine()
    with listener.server() as server:
        try:
            secret = {"name": f"../../{victim}/secrets/engine"}
            url = f"{server.url}/engine-rest"
            eventually(lambda: stored(scaled, engine={"url": url, "credentialsSecret": secret}))
        finally:
            install_crd(crd)

        with scaled.operator():
            eventually(lambda: scaled.condition("Ready") == ("False", "InvalidSpec"), seconds=60)

    assert "must be the name of an object" in scaled.status()["decision"]
    assert listener.requests == []
    assert scaled.replicas() == 1


def stored(scaled: ScaledWorkers, **spec: Any) -> bool:
    """Create a scaler; the API server takes a moment to know a changed CRD."""
    try:
        scaled.scaler(**spec)
    except CommandFailedError:
        return False
    return True


def unchecked(schema: Any) -> Any:
    """Return a CRD without its patterns and rules, as one from before them."""
    if isinstance(schema, dict):
        return {
            key: unchecked(value)
            for key, value in schema.items()
            if key not in {"pattern", "x-kubernetes-validations"}
        }
    return [unchecked(item) for item in schema] if isinstance(schema, list) else schema
