"""What anybody may ask an engine for, and that it is nothing else."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3
from hotel.names import EngineKind
from hotel.stack.engine import find_jar
from support.engine_walk import Resource, answered, published_resources, summary, walk
from support.models import external_task, unique
from support.stacks import Engine

DOCUMENT = Path(__file__).parents[3] / "docs" / "engine.md"
ROW = re.compile(r"^\| (?P<methods>(?:`[A-Z]+`(?:, )?)+) \| (?P<paths>(?:`/[^`]*`(?:, )?)+) \|", re.MULTILINE)


def documented(webapps: str) -> list[Resource]:
    """Return what the documentation says that anybody may ask for; the paths with its place-holders."""
    section = DOCUMENT.read_text().split("### What anybody may ask for")[1].split("\n#")[0]
    return [
        Resource(method, path.replace("/operaton", f"/{webapps}", 1))
        for row in ROW.finditer(section)
        for method in re.findall("[A-Z]+", row["methods"])
        for path in re.findall("`([^`]+)`", row["paths"])
    ]


def is_documented(resource: Resource, open_paths: list[Resource]) -> bool:
    return any(
        resource.method == entry.method
        and re.fullmatch(re.sub(r"\\\{\w+\\\}", r"\\w+", re.escape(entry.path)), resource.path)
        for entry in open_paths
    )


@pytest.fixture
def webapps(engine: Engine) -> str:
    return engine.web_url.rstrip("/").rpartition("/")[2]


@pytest.mark.timeout(600)
def test_no_resource_answers_without_a_user(
    engine: Engine, webapps: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    jar = find_jar(EngineKind(request.config.getoption("--engine")), None)
    resources = published_resources(jar, tmp_path, webapps)
    open_paths = documented(webapps)

    attempts = walk(engine.web_url, resources)

    let_in = answered(attempts, lambda resource: is_documented(resource, open_paths))
    print(summary(attempts, let_in))  # noqa: T201 - how much was tried
    assert len(resources) > 1900, "the engine publishes more than that"
    assert not let_in, [f"{one.resource.method} {one.target}: {one.status}" for one in let_in[:20]]


def test_what_is_documented_is_open(engine: Engine, webapps: str, http: urllib3.PoolManager) -> None:
    open_paths = documented(webapps)
    assert len(open_paths) > 10

    for entry in open_paths:
        path = entry.path.replace("{application}", "cockpit").replace("{plugin}", "cockpitPlugins")
        address = engine.url.removesuffix("/engine-rest") + path.replace("**", "")
        answer = http.request(entry.method, address, redirect=False)
        assert answer.status != 401, entry


@pytest.mark.parametrize(
    "target",
    [
        "/{webapps}/api/engine/engine;/default/user",
        "/{webapps}/api/engine;a=b/engine/default/user",
        "/{webapps}/api/engine/engine/default;/deployment/create",
        "/{webapps}/api/engine/engine//default/user",
        "/{webapps}/api/engine/./engine/default/user",
        "/{webapps}/api/%65ngine/engine/default/user",
        "/{webapps}/api/engine/engine%3b/default/user",
    ],
)
def test_no_spelling_leads_around_the_login(
    engine: Engine, webapps: str, http: urllib3.PoolManager, target: str
) -> None:
    connection = urllib3.connection_from_url(engine.url.removesuffix("/engine-rest"))

    answer = connection.urlopen("GET", target.format(webapps=webapps), retries=False)

    assert answer.status == 400
    assert b"admin" not in answer.data
    connection.close()


@pytest.mark.parametrize(
    "path",
    [
        "/webjars/operaton/securityFilterRules.json",
        "/webjars/camunda/WEB-INF/web.xml",
        "/favicon.ico",
        "/error",
        "/actuator/health",
        "/engine-rest/openapi.json",
        "/v3/api-docs",
        "/no-such-thing",
    ],
)
def test_what_nobody_has_opened_stays_closed(engine: Engine, http: urllib3.PoolManager, path: str) -> None:
    answer = http.request("GET", engine.url.removesuffix("/engine-rest") + path)

    assert answer.status == 401
    if not path.startswith("/engine-rest"):
        assert "log in" in answer.json()["message"]


def test_a_refused_path_is_explained(engine: Engine, http: urllib3.PoolManager) -> None:
    answer = http.request("GET", f"{engine.url}/user;x=1")

    assert answer.status == 400
    assert "percent-encoded" in answer.json()["message"]


@pytest.mark.parametrize("name", ["with space", "größe", "部屋", "a+b", "it's (1)", "rooms[0]", "a:b@c,d"])
def test_names_in_paths_may_hold_what_names_hold(engine: Engine, name: str) -> None:
    key = unique("names")
    engine.client("deployer").deploy(key, {"names.bpmn": external_task(key, key)})
    client = engine.client("client")
    instance = client.start(key, variables={name: 7})

    value = client.get(f"/process-instance/{instance}/variables/{quote(name, safe='')}")

    assert value["value"] == 7
    definition = client.get(f"/process-definition/key/{key}")["id"]
    assert client.get(f"/process-definition/{definition}")["id"] == definition
    assert client.get("/process-instance/count", {"businessKey": "a/b;c//%../\\"}) == {"count": 0}
