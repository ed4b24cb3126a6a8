"""The manifests of workers with other clients hold what docs and README say that such workers need."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from external_task_operator.spec import parse
from support.charts import REPOSITORY

FOLDER = REPOSITORY / "examples/other_clients"
LANGUAGES = ("javascript", "java")
BASES = {
    line.partition("=")[2].partition("@")[0]
    for line in (REPOSITORY / "images/bases.env").read_text().splitlines()
    if re.match(r"[A-Z_]+=", line)
} | {"debian:trixie-slim"}
VERSION = r"[0-9]+\.[0-9]+\.[0-9]+"


def manifests(language: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / language / "worker.yaml").read_text()))


@pytest.mark.parametrize("language", LANGUAGES)
class TestManifests:
    def test_the_worker_is_named_as_its_pod_and_has_time_to_end(self, language: str) -> None:
        deployment, _ = manifests(language)
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        names = {variable["name"]: variable for variable in container["env"]}

        assert names["WORKER_ID"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert "secretKeyRef" in names["ENGINE_PASSWORD"]["valueFrom"]
        assert pod["terminationGracePeriodSeconds"] >= 60
        assert container["image"] == f"parcel-{language}:1.0.0"

    def test_it_meets_the_restricted_standard_and_leaves_the_replicas_to_the_operator(
        self, language: str
    ) -> None:
        deployment, _ = manifests(language)
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]

        assert "replicas" not in deployment["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}

    def test_the_scaler_is_one_that_the_operator_takes(self, language: str) -> None:
        deployment, scaler = manifests(language)
        spec = parse(scaler)

        assert scaler["spec"]["scaleTargetRef"] == {"name": deployment["metadata"]["name"]}
        assert spec.topics == ("pack-parcel",)
        assert spec.protect_busy_pods

    def test_its_image_stands_on_public_images(self, language: str) -> None:
        text = (FOLDER / language / "Dockerfile").read_text()
        bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)

        assert set(bases) <= BASES
        assert re.search(r"^USER 10001$", text, re.MULTILINE)


def test_what_is_built_has_exact_versions() -> None:
    package = json.loads((FOLDER / "javascript/package.json").read_text())
    assert all(re.fullmatch(VERSION, version) for version in package["dependencies"].values())
    pom = ET.parse(FOLDER / "java/pom.xml")  # noqa: S314 - the repository's own file
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    versions = [element.text or "" for element in pom.iterfind(".//m:dependency/m:version", space)]
    assert versions
    assert all(re.fullmatch(VERSION, version) for version in versions)


def test_a_worker_does_as_many_tasks_as_its_scaler_counts_for_it() -> None:
    javascript = (FOLDER / "javascript/worker.js").read_text()
    slots = re.search(r"^const slots = (\d+);", javascript, re.MULTILINE)
    assert slots is not None
    java = (FOLDER / "java/src/main/java/example/Worker.java").read_text()
    assert ".maxTasks(1)" in java
    counted = [manifests(language)[1]["spec"]["target"]["tasksPerReplica"] for language in LANGUAGES]
    assert counted == [int(slots[1]), 1]


def test_no_lock_file_is_kept() -> None:
    assert [path.name for path in Path(FOLDER).rglob("*lock*.json")] == []
