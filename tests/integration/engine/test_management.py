import pytest
import urllib3
from support.stacks import Engine


@pytest.mark.parametrize("probe", ["health", "health/liveness", "health/readiness"])
def test_health_is_told_on_the_management_port(engine: Engine, http: urllib3.PoolManager, probe: str) -> None:
    answer = http.request("GET", f"{engine.management_url}/actuator/{probe}")

    assert (answer.status, answer.json()["status"]) == (200, "UP")


def test_readiness_includes_database_engine_and_job_executor(
    engine: Engine, http: urllib3.PoolManager
) -> None:
    components = http.request("GET", f"{engine.management_url}/actuator/health/readiness").json()[
        "components"
    ]

    assert {"db", "processEngine", "jobExecutor"} <= set(components)
    assert all(set(component) == {"status"} for component in components.values())


def test_liveness_does_not_hang_on_the_database(engine: Engine, http: urllib3.PoolManager) -> None:
    answer = http.request("GET", f"{engine.management_url}/actuator/health/liveness").json()

    assert "db" not in answer.get("components", {})


def test_prometheus_metrics_tell_of_the_engine(engine: Engine, http: urllib3.PoolManager) -> None:
    metrics = http.request("GET", f"{engine.management_url}/actuator/prometheus").data.decode()

    for name in (
        "engine_root_process_instance_start_total",
        "engine_job_successful_total",
        "engine_job_failed_total",
        "hikaricp_connections_active",
        "jvm_memory_used_bytes",
        "http_server_requests_seconds_count",
    ):
        assert f"\n{name}" in metrics


@pytest.mark.parametrize("path", ["", "/env", "/beans", "/heapdump", "/info", "/loggers", "/shutdown"])
def test_nothing_else_is_served_there(engine: Engine, http: urllib3.PoolManager, path: str) -> None:
    assert http.request("GET", f"{engine.management_url}/actuator{path}").status == 404


@pytest.mark.parametrize("path", ["health", "prometheus"])
def test_the_public_port_serves_no_management(engine: Engine, http: urllib3.PoolManager, path: str) -> None:
    origin = engine.url.removesuffix("/engine-rest")

    assert http.request("GET", f"{origin}/actuator/{path}").status == 401


def test_the_management_port_serves_no_engine(engine: Engine, http: urllib3.PoolManager) -> None:
    for path in ("/engine-rest/engine", "/operaton/app/", "/camunda/app/"):
        assert http.request("GET", engine.management_url + path).status == 404
