"""What pages of other sites can make a browser do to an engine, and under which names the engine answers."""

import base64

import pytest
import urllib3
from support.lone_engine import Launch, LoneEngine
from support.models import external_task, unique
from support.stacks import Engine

ELSEWHERE = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site of an old browser": {"Origin": "https://evil.example"},
    "a neighbour of the site": {"Origin": "http://other.localhost", "Sec-Fetch-Site": "same-site"},
    "another port": {"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"},
    "another port of an old browser": {"Origin": "http://localhost:1"},
    "a file": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a file of an old browser": {"Origin": "null"},
    "no origin": {"Sec-Fetch-Site": "cross-site"},
    "an unknown word": {"Sec-Fetch-Site": "elsewhere"},
    "no address": {"Origin": "evil"},
    "a forwarded name": {"Origin": "https://evil.example", "X-Forwarded-Host": "localhost"},
}


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def deploy(
    http: urllib3.PoolManager, engine: Engine, key: str, headers: dict[str, str]
) -> urllib3.BaseHTTPResponse:
    """Deploy as a form of a page can: multipart, with the credentials that the browser has."""
    model = ("model.bpmn", external_task(key, key), "application/octet-stream")
    return http.request(
        "POST",
        f"{engine.url}/deployment/create",
        fields={"deployment-name": key, "model": model},
        headers={**basic(*engine.credentials["deployer"]), **headers},
    )


@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_page_from_elsewhere_deploys_nothing(
    engine: Engine, http: urllib3.PoolManager, headers: dict[str, str]
) -> None:
    key = unique("forged")

    answer = deploy(http, engine, key, headers)

    assert answer.status == 403
    assert "ENGINE_ALLOWED_ORIGINS" in answer.json()["message"]
    assert engine.client("deployer").get("/deployment/count", {"name": key}) == {"count": 0}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_whatever_its_kind_a_write_from_elsewhere_is_refused(
    engine: Engine, http: urllib3.PoolManager, method: str, content_type: str
) -> None:
    headers = {**basic(*engine.credentials["admin"]), "Content-Type": content_type}

    for page in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = http.request(method, f"{engine.url}/user/worker", body=b"{}", headers={**headers, **page})
        assert answer.status == 403

    assert engine.client("admin").get("/user/count", {"id": "worker"}) == {"count": 1}


def own(engine: Engine) -> str:
    return engine.url.removesuffix("/engine-rest")


def test_the_engines_own_pages_and_programs_may_write(engine: Engine, http: urllib3.PoolManager) -> None:
    for headers in (
        {},
        {"Origin": own(engine)},
        {"Origin": own(engine), "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ):
        assert deploy(http, engine, unique("own"), headers).status == 200, headers


def test_reading_needs_no_origin(engine: Engine, http: urllib3.PoolManager) -> None:
    headers = {**basic(*engine.credentials["worker"]), "Origin": "https://evil.example"}

    answer = http.request("GET", f"{engine.url}/version", headers=headers)

    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers, "a page from elsewhere cannot see it"


@pytest.fixture
def guarded(launch: Launch) -> LoneEngine:
    engine = launch(
        ENGINE_ADMIN_PASSWORD="admin-secret",
        ENGINE_ALLOWED_ORIGINS="https://portal.example, http://localhost:3000",
        ENGINE_ALLOWED_HOSTS="localhost,127.0.0.1,[::1],hotel.example",
    )
    engine.wait_until_ready()
    return engine


def test_origins_and_hosts_are_settings(guarded: LoneEngine, http: urllib3.PoolManager) -> None:
    address = f"{guarded.url}/process-instance"
    admin = {**basic("admin", "admin-secret"), "Content-Type": "application/json"}

    def post(**headers: str) -> int:
        return http.request("POST", address, body=b"{}", headers={**admin, **headers}).status

    portal = "https://portal.example"
    assert post(Origin=portal, **{"Sec-Fetch-Site": "cross-site"}) == 200
    assert post(Origin="http://localhost:3000") == 200
    assert post(Origin="https://evil.example") == 403

    # Behind proxies: one that keeps the name and ends TLS, and one that says what was asked for.
    hotel = "https://hotel.example"
    assert post(Origin=hotel, Host="hotel.example") == 200
    forwarded = {"X-Forwarded-Host": "hotel.example", "X-Forwarded-Proto": "https"}
    assert post(Origin=hotel, **forwarded) == 200
    other_port = {**forwarded, "X-Forwarded-Host": "hotel.example:8443", "X-Forwarded-Port": "8443"}
    assert post(Origin=f"{hotel}:8443", **other_port) == 200
    assert post(Origin="https://evil.example", **forwarded) == 403

    asked = {"Origin": portal, "Access-Control-Request-Method": "POST"}
    preflight = http.request("OPTIONS", address, headers=asked)
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == portal
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    refused = http.request("OPTIONS", address, headers={**asked, "Origin": "https://evil.example"})
    assert refused.status in {401, 403}
    assert "Access-Control-Allow-Origin" not in refused.headers

    for host in ("localhost", "127.0.0.1:80", "[::1]:8080", "LOCALHOST", "hotel.example"):
        assert post(Host=host) == 200, host
    for host in ("evil.example", "localhost.evil.example", "evil.example:80", "[::2]", "hotel.example."):
        answer = http.request("GET", address, headers={**admin, "Host": host})
        assert answer.status == 400, host
        assert "ENGINE_ALLOWED_HOSTS" in answer.json()["message"]
    for headers in (
        {"Host": "evil.example", "X-Forwarded-Host": "localhost"},
        {"Host": "localhost", "X-Forwarded-Host": "evil.example"},
    ):
        assert post(**headers) == 400, headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE_ALLOWED_ORIGINS", "https://portal.example/page"),
        ("ENGINE_ALLOWED_HOSTS", "localhost:8080"),
        ("ENGINE_MODELS_ALLOW", "scripts"),
        ("ENGINE_MODELS_CLASSES", "not a class"),
    ],
)
def test_a_faulty_setting_ends_the_start_with_a_clear_line(launch: Launch, name: str, value: str) -> None:
    engine = launch(ENGINE_ADMIN_PASSWORD="admin-secret", **{name: value})

    assert engine.wait_for_exit() == 1
    assert f"The engine does not start: {name} holds" in engine.log
    assert "\tat " not in engine.log
