"""Dashboard and alerts ask for metrics that there are."""

import json
import re

from external_task_operator.control.metrics import Counters
from external_tasks.runtime.metrics import Metrics as WorkerMetrics
from hotel_services.kit.metrics import Metrics as ServiceMetrics
from prometheus_client import CollectorRegistry
from support.charts import HOTEL, REPOSITORY, Manifest, Render, named, of_kind

OURS = re.compile(r"\b((?:external_task_|hotel_)[a-z_]+)")
SUFFIXES = ("_bucket", "_count", "_sum", "_total")


def known_metrics() -> set[str]:
    """Return the names of all metrics of worker, services and operator."""
    operator = CollectorRegistry()
    Counters(operator)
    registries = (WorkerMetrics().registry, ServiceMetrics().registry, operator)
    names = {family.name for registry in registries for family in registry.collect()}
    for source in (
        "operator/external_task_operator/control/metrics.py",
        "services/hotel_services/kit/metrics.py",
    ):
        text = (REPOSITORY / source).read_text()
        names |= {f"external_task_scaler_{name}" for name in re.findall(r'_family\("(\w+)"', text)}
        names |= set(re.findall(r'GaugeMetricFamily\(\s*"(\w+)"', text))
    return names


def base(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    dashboard = json.loads((HOTEL / "files/dashboard.json").read_text())
    asked = {
        base(n) for p in dashboard["panels"] for t in p.get("targets", []) for n in OURS.findall(t["expr"])
    }
    assert asked
    assert asked <= {base(name) for name in known_metrics()}


def test_alerts_ask_for_metrics_that_there_are_and_say_what_to_do(render: Render) -> None:
    (rule,) = of_kind(render("full-values.yaml"), "PrometheusRule")
    known = {base(name) for name in known_metrics()}
    for alert in rule["spec"]["groups"][0]["rules"]:
        assert {base(name) for name in OURS.findall(alert["expr"])} <= known, alert["alert"]
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["description"]


def test_the_dashboard_is_installed_as_it_is_in_the_repository(render: Render) -> None:
    installed = named(render("full-values.yaml"), "ConfigMap", "hotel-dashboard")
    assert installed["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(installed["data"]["hotel.json"]) == json.loads(
        (HOTEL / "files/dashboard.json").read_text()
    )


def test_every_part_with_metrics_is_read(render: Render) -> None:
    manifests = render("full-values.yaml")
    monitors = of_kind(manifests, "ServiceMonitor")
    services = of_kind(manifests, "Service")
    for monitor in monitors:
        assert any(reads(monitor, service) for service in services), monitor["metadata"]["name"]
    assert len(monitors) == 7


def reads(monitor: Manifest, service: Manifest) -> bool:
    selected = monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ports = {port["name"] for port in service["spec"]["ports"]}
    return selected and monitor["spec"]["endpoints"][0]["port"] in ports
