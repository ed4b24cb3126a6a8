"""The values that docs/tracing.md gives for traces."""

import re
from pathlib import Path

import yaml
from support.charts import Render, containers_of, of_kind, pods_of

PAGE = Path(__file__).parents[2] / "docs" / "tracing.md"


def test_the_documented_values_give_worker_and_services_the_collector(render: Render) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    values = yaml.safe_load(block)
    manifests = render({f"{part}.defaults": given["defaults"] for part, given in values.items()})

    traced = {
        name
        for name, pod in pods_of(of_kind(manifests, "Deployment")).items()
        for container in containers_of(pod)
        for variable in container.get("env", [])
        if variable["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT"
    }
    parts = {next((word for word in PARTS if word in name), name) for name in traced}
    assert parts == PARTS
    reaching = [
        policy["metadata"]["name"]
        for policy in of_kind(manifests, "NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if {"port": 4318} in rule.get("ports", [])
    ]
    assert {next((word for word in PARTS if word in name), name) for name in reaching} == PARTS


PARTS = {"worker", "booking", "room", "restaurant", "client"}
