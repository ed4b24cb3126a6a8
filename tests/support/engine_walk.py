"""Every resource that an engine publishes, asked for without a user and in many spellings."""

import re
import socket
import subprocess
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import urllib3

_LISTER = Path(__file__).with_name("ListResources.java")
_REFUSED = {400, 401, 403}
_PARAMETER = re.compile(r"\{\s*(\w+)[^{}]*\}")
_ENGINE_PARAMETERS = {"engine", "processEngineName"}
_CONNECTIONS = 4
_TIMEOUT_SECONDS = 60
_ABSOLUTE = "http://localhost"


@dataclass(frozen=True)
class Resource:
    """One method of one path; the path as its owner writes it."""

    method: str
    path: str


@dataclass(frozen=True)
class Attempt:
    """A resource in one spelling, and the status that it was answered with."""

    resource: Resource
    spelling: str
    target: str
    status: int


def published_resources(jar: Path, folder: Path, webapps: str) -> list[Resource]:
    """Return what the classes in an engine's jar publish, by their annotations.

    Args:
        jar: the engine's, whole or taken apart.
        folder: an empty folder to unpack its libraries into.
        webapps: the path of the web applications, without slashes.
    """
    unpacked = _libraries(jar, folder)
    own = [str(path) for path in unpacked if path.name.startswith(("operaton-", "camunda-"))]
    listed = subprocess.run(
        ["java", "-cp", ":".join(map(str, unpacked)), str(_LISTER), *own],
        check=True,
        capture_output=True,
        text=True,
    )
    return list(dict.fromkeys(_mounted(listed.stdout.splitlines(), webapps)))


def _libraries(jar: Path, folder: Path) -> list[Path]:
    """Return the engine's libraries: those inside its jar, or those beside one that is taken apart."""
    with zipfile.ZipFile(jar) as archive:
        inside = [name for name in archive.namelist() if re.fullmatch(r"BOOT-INF/lib/.+\.jar", name)]
        archive.extractall(folder, inside)
    beside = folder / "BOOT-INF" / "lib" if inside else jar.parent / "lib"
    return sorted(beside.iterdir())


def _mounted(lines: Iterable[str], webapps: str) -> Iterator[Resource]:
    for line in lines:
        method, application, template = line.split(" ", 2)
        path = _PARAMETER.sub(_parameter, template)
        if application == "rest":
            yield Resource(method, f"/engine-rest{path}")
        yield Resource(method, f"/{webapps}/api/{'engine' if application == 'rest' else application}{path}")


def _parameter(match: re.Match[str]) -> str:
    return "default" if match[1] in _ENGINE_PARAMETERS or match.string.startswith("/engine/{name}") else "x"


def _after_each(path: str, suffix: str) -> str:
    return "/" + "/".join(segment + suffix for segment in path[1:].split("/"))


def _after_segment(path: str, number: int) -> str:
    return re.sub(rf"^((?:/[^/]+){{{number}}})(?=/)", r"\1;", path)


def _last(path: str, separator: str) -> str:
    head, _, tail = path.rpartition("/")
    return f"{head}{separator}{tail}"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda path: path,
    "trailing slash": lambda path: f"{path}/",
    "parameter at the end": lambda path: f"{path};x=1",
    "parameter in the last segment but one": partial(_last, separator=";/"),
    "parameter in each segment": lambda path: _after_each(path, ";jsessionid=1"),
    "parameter after the first segment": partial(_after_segment, number=1),
    "parameter after the third segment": partial(_after_segment, number=3),
    "parameter after the fourth segment": partial(_after_segment, number=4),
    "two slashes": partial(_last, separator="//"),
    "all slashes doubled": lambda path: path.replace("/", "//"),
    "dot segment": partial(_last, separator="/./"),
    "through a static folder": lambda path: re.sub(r"^(/[^/]+)", r"\1/assets/..\1", path, count=1),
    "back with a parameter": lambda path: re.sub(r"^(/[^/]+)", r"\1/app/..;/", path).replace("//", "/"),
    "encoded dot segment": partial(_last, separator="/%2e/"),
    "encoded slash": partial(_last, separator="%2f"),
    "backslash": partial(_last, separator="\\"),
    "encoded backslash": partial(_last, separator="%5c"),
    "encoded semicolon": lambda path: _after_each(path, "%3b"),
    "encoded twice": partial(_last, separator="/%252e/"),
    "encoded letter": lambda path: re.sub(r"/api/|/engine-rest/", _encode_letter, path, count=1),
    "capital letters": lambda path: re.sub(r"/api/|/engine-rest/", lambda it: it[0].upper(), path, count=1),
    "control character": lambda path: f"{path}%00",
    "line break": lambda path: f"{path}%0a",
    "overlong encoding": partial(_last, separator="%c0%af"),
    "absolute": lambda path: f"{_ABSOLUTE}{path}",
}


def _encode_letter(match: re.Match[str]) -> str:
    return f"/%{ord(match[0][1]):02x}{match[0][2:]}"


def walk(web_url: str, resources: Iterable[Resource]) -> list[Attempt]:
    """Ask for each resource in each spelling, without a user, as a page could that anybody may open.

    Args:
        web_url: of the web applications, ending in a slash.
        resources: what to ask for.
    """
    with urllib3.PoolManager(retries=False, timeout=_TIMEOUT_SECONDS) as http:
        page = http.request("GET", f"{web_url}app/welcome/default/")
    cookies = dict(cookie.split(";")[0].split("=", 1) for cookie in page.headers.getlist("Set-Cookie"))
    # With the token against forged requests, so that it is not its absence that is refused.
    headers = (
        f"Cookie: {'; '.join(map('='.join, cookies.items()))}\r\nX-XSRF-TOKEN: {cookies['XSRF-TOKEN']}\r\n"
    )
    ask = partial(_ask, urlsplit(web_url).port or 80, headers)
    tried = [
        (resource, name, spell(resource.path))
        for resource in resources
        for name, spell in SPELLINGS.items()
        if name == "plain" or spell(resource.path) != resource.path
    ]
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        return list(threads.map(ask, *zip(*tried, strict=True)))


def _ask(port: int, headers: str, resource: Resource, spelling: str, target: str) -> Attempt:
    """Send one request as it is written, which an HTTP library would tidy up."""
    request = f"{resource.method} {target} HTTP/1.0\r\nHost: localhost\r\n{headers}Content-Length: 0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS) as connection:
        connection.sendall(request.encode())
        answer = connection.recv(64)
    return Attempt(resource, spelling, target, int(answer.split()[1]))


def answered(attempts: Iterable[Attempt], is_open: Callable[[Resource], bool]) -> list[Attempt]:
    """Return the attempts that were let in, other than those that anybody may make."""
    return [
        attempt
        for attempt in attempts
        if attempt.status not in _REFUSED
        and not is_open(Resource(attempt.resource.method, attempt.target.removeprefix(_ABSOLUTE)))
    ]


def summary(attempts: list[Attempt], let_in: list[Attempt]) -> str:
    """Say how much was tried and what came of it."""
    resources = len({attempt.resource for attempt in attempts})
    by_spelling = Counter(attempt.spelling for attempt in let_in)
    statuses = Counter(attempt.status for attempt in attempts)
    return (
        f"{resources} resources x {len(SPELLINGS)} spellings, {len(attempts)} requests without a user: "
        f"{len(let_in)} answered {dict(by_spelling)}; statuses {dict(sorted(statuses.items()))}"
    )
