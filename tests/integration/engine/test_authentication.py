import base64

import pytest
import urllib3
from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineUnauthorized
from support.stacks import Engine

REST_PATHS = [
    "/engine",
    "/engine/",
    "/engine/default/version",
    "/engine/other/version",
    "/version",
    "/process-definition",
    "/external-task/count",
    "/no-such-thing",
]


def authorization(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize("path", REST_PATHS)
def test_nobody_gets_in_without_credentials(engine: Engine, http: urllib3.PoolManager, path: str) -> None:
    answer = http.request("GET", engine.url + path)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert not answer.data


@pytest.mark.parametrize("path", REST_PATHS)
def test_nobody_gets_in_with_wrong_credentials(engine: Engine, http: urllib3.PoolManager, path: str) -> None:
    user, password = engine.credentials["worker"]

    for headers in (
        authorization(user, password + "x"),
        authorization(user, ""),
        authorization("nobody", password),
        authorization("demo", "demo"),
        {"Authorization": "Basic not base64"},
        {"Authorization": f"Bearer {password}"},
    ):
        assert http.request("GET", engine.url + path, headers=headers).status == 401


@pytest.mark.parametrize("path", ["//engine", ";a=b/engine", "/./engine", "/%2e/engine", "/x/../engine"])
def test_no_way_of_writing_a_path_gets_around_it(
    engine: Engine, http: urllib3.PoolManager, path: str
) -> None:
    origin, _, root = engine.url.rpartition("/")
    connection = urllib3.connection_from_url(origin)

    # Sent as written: the client would tidy the path up.
    answer = connection.urlopen("GET", f"/{root}{path}", retries=False)

    assert answer.status in {400, 401, 404}
    connection.close()


@pytest.mark.parametrize("role", ["admin", "deployer", "worker", "scaler", "client"])
def test_each_user_gets_in(engine: Engine, role: str) -> None:
    assert engine.client(role).get("/engine") == [{"name": "default"}]


def test_guessing_passwords_locks_no_user_out(engine: Engine) -> None:
    user, password = engine.credentials["scaler"]
    with EngineClient(engine.url, auth=BasicAuth(user, password + "x")) as guesser:
        for _ in range(15):
            with pytest.raises(EngineUnauthorized):
                guesser.get("/version")

            assert engine.client("scaler").get("/version")


@pytest.mark.parametrize(
    "path",
    [
        "api/engine/engine/default/process-definition",
        "api/engine/engine/default/user",
        "api/cockpit/plugin/base/default/process-definition/statistics",
        "api/admin/auth/user/default/login/admin",
        "api/admin/setup/default/user/create",
    ],
)
def test_the_web_applications_api_asks_for_a_session(
    engine: Engine, http: urllib3.PoolManager, path: str
) -> None:
    assert http.request("GET", engine.web_url + path, redirect=False).status == 401


class Browser:
    """As much of one as the web applications need: cookies and the token against forged requests."""

    def __init__(self, http: urllib3.PoolManager, web_url: str) -> None:
        self._http = http
        self._web_url = web_url
        self.page = http.request("GET", f"{web_url}app/welcome/default/")
        self.set_cookies = self.page.headers.getlist("Set-Cookie")
        self._cookies = dict(cookie.split(";")[0].split("=", 1) for cookie in self.set_cookies)

    def submit(self, path: str, **form: str) -> urllib3.BaseHTTPResponse:
        return self._http.request(
            "POST", self._web_url + path, fields=form, headers=self._headers(), encode_multipart=False
        )

    def send(self, path: str, body: object) -> urllib3.BaseHTTPResponse:
        return self._http.request("POST", self._web_url + path, json=body, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {"Cookie": cookies, "X-XSRF-TOKEN": self._cookies["XSRF-TOKEN"]}


@pytest.fixture
def browser(engine: Engine, http: urllib3.PoolManager) -> Browser:
    return Browser(http, engine.web_url)


def test_the_administrator_logs_in_to_cockpit(engine: Engine, browser: Browser) -> None:
    user, password = engine.credentials["admin"]

    answer = browser.submit("api/admin/auth/user/default/login/cockpit", username=user, password=password)

    assert answer.status == 200
    assert "cockpit" in answer.json()["authorizedApps"]


def test_a_wrong_password_opens_no_session(engine: Engine, browser: Browser) -> None:
    user, _ = engine.credentials["admin"]

    answer = browser.submit("api/admin/auth/user/default/login/cockpit", username=user, password=user)

    assert answer.status == 401


@pytest.mark.parametrize("role", ["deployer", "worker", "scaler", "client"])
def test_technical_users_have_no_web_applications(engine: Engine, browser: Browser, role: str) -> None:
    user, password = engine.credentials[role]

    answer = browser.submit("api/admin/auth/user/default/login/cockpit", username=user, password=password)

    assert answer.status == 403


def test_the_page_for_the_first_user_is_closed(engine: Engine, browser: Browser) -> None:
    body = {
        "profile": {"id": "intruder", "firstName": "", "lastName": "", "email": ""},
        "credentials": {"password": "intruder"},
    }

    answer = browser.send("api/admin/setup/default/user/create", body)

    assert answer.status == 401
    assert engine.client("admin").get("/user/count", {"id": "intruder"}) == {"count": 0}


def test_session_cookies_are_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    session = next(cookie for cookie in browser.set_cookies if cookie.startswith("JSESSIONID="))

    assert "HttpOnly" in session
    assert session.count("SameSite=") == session.count("SameSite=Lax") == 1


def test_pages_come_with_security_headers(browser: Browser) -> None:
    assert "Content-Security-Policy" in browser.page.headers
    assert browser.page.headers["X-Content-Type-Options"] == "nosniff"
