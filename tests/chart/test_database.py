"""Whose databases: users that cannot be, servers elsewhere, and one password read in one way."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support.charts import HOTEL, ChartRefusedError, Manifest, Render, containers_of, named

NAMES = ("engine", "booking", "room", "restaurant", "client")


def elsewhere(**server: object) -> Manifest:
    """Return the values for a server of the user's."""
    logins = {f"databases.{name}.existingSecret": "logins" for name in NAMES}
    return {"postgresql.enabled": False, "externalDatabase": {"host": "db.example.com", **server}, **logins}


@pytest.mark.parametrize("user", ["postgres", "pg_monitor", "public", "none", "room"])
def test_users_that_cannot_own_one_database_are_refused(render: Render, user: str) -> None:
    with pytest.raises(
        ChartRefusedError, match=r"databases\.booking.*choose another|databases\.booking and databases\.room"
    ):
        render({"databases.booking.user": user})


@pytest.mark.parametrize("name", ["postgres", "template0", "template1"])
def test_databases_of_the_server_itself_are_refused(render: Render, name: str) -> None:
    with pytest.raises(ChartRefusedError, match="choose another name"):
        render({"databases.booking.name": name})


def test_a_server_elsewhere_may_give_one_user_all_databases(render: Render) -> None:
    render({**elsewhere(), **{f"databases.{name}.user": "hotel" for name in NAMES}})


@pytest.mark.parametrize("user", ["sa@project.iam", "first.last", "app+hotel@example.com", "42"])
def test_users_of_managed_servers_are_accepted(render: Render, user: str) -> None:
    manifests = render({**elsewhere(), "databases.room.user": user, "databases.engine.user": user})
    room = environment(manifests, "hotel-room")
    assert room["PGUSER"] == user
    assert unquote(urlsplit(room["DATABASE_URL"]).username or "") == user
    assert urlsplit(room["DATABASE_URL"]).hostname == "db.example.com"
    assert environment(manifests, "hotel-engine")["ENGINE_DATABASE_USER"] == user


@pytest.mark.parametrize("host", ["2001:db8::5", "[2001:db8::5]"])
def test_a_server_may_be_an_ipv6_address(render: Render, host: str) -> None:
    manifests = render(elsewhere(host=host))
    room = environment(manifests, "hotel-room")
    assert room["PGHOST"] == "2001:db8::5"
    assert urlsplit(room["DATABASE_URL"]).netloc == "room@[2001:db8::5]:5432"
    assert "//[2001:db8::5]:5432/" in environment(manifests, "hotel-engine")["ENGINE_DATABASE_URL"]
    policy = named(manifests, "NetworkPolicy", "hotel-room")["spec"]["egress"]
    assert {"to": [{"ipBlock": {"cidr": "2001:db8::5/128"}}], "ports": [{"port": 5432}]} in policy


def test_a_publicly_signed_server_needs_no_authority_of_its_own(render: Render) -> None:
    manifests = render(elsewhere(sslMode="verify-full"))
    pod = named(manifests, "Deployment", "hotel-room")["spec"]["template"]
    for container in containers_of(pod):
        env = {v["name"]: v.get("value") for v in container["env"]}
        assert env["PGSSLROOTCERT"] == "system", container["name"]
        assert env["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
    assert (
        "sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory"
        in environment(manifests, "hotel-engine")["ENGINE_DATABASE_URL"]
    )
    assert "sslrootcert" not in environment(manifests, "hotel-engine")["ENGINE_DATABASE_URL"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_password_that_ends_in_a_newline_is_named(tmp_path: Path, ending: str) -> None:
    """The server and its clients would read it differently, and the clients only say that it is wrong."""
    password = tmp_path / "password"
    password.write_bytes(f"secret{ending}".encode())
    script = (HOTEL / "files/wait_for_database.py").read_text()
    script = script.replace('Path("/etc/database/password")', f"Path({str(password)!r})")
    env = {
        **os.environ,
        "PGHOST": "127.0.0.1",
        "PGPORT": "1",
        "LOGIN_FROM": "the key password of the Secret db",
    }
    with subprocess.Popen(
        [sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout
        line = waiting.stdout.readline()
        waiting.terminate()
    assert "ends in a newline" in line
    assert "the key password of the Secret db" in line


def environment(manifests: list[Manifest], deployment: str) -> dict[str, str]:
    pod = named(manifests, "Deployment", deployment)["spec"]["template"]["spec"]
    return {variable["name"]: variable.get("value", "") for variable in pod["containers"][0]["env"]}
