"""The ways to an engine: certificates, proxies, headers of the user's own."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from external_tasks import (
    BasicAuth,
    ClientCertificate,
    CredentialsUnavailable,
    EngineClient,
    EngineUnreachable,
    proxy_from_environment,
)
from external_tasks.engine.headers import HeaderValue
from support.forward_proxy import ForwardProxy, forward_proxy
from support.http_stub import Answer, HttpStub, http_stub

URL = "http://localhost:8080/engine-rest"
SECURE_URL = "https://localhost:8443/engine-rest"


@dataclass
class Files:
    """PEM files: of the authority, and of a client's certificate, its key, and that key encrypted."""

    ca: Path
    cert: Path
    key: Path
    encrypted_key: Path
    both: Path
    other_key: Path


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("certificates")
    names = ("ca", "cert", "key", "encrypted_key", "both", "other_key")
    files = Files(**{name: folder / f"{name}.pem" for name in names})
    client, other = authority.issue_cert("worker@example.com"), authority.issue_cert("other@example.com")
    key = client.private_key_pem.bytes()
    authority.cert_pem.write_to_path(files.ca)
    client.cert_chain_pems[0].write_to_path(files.cert)
    files.key.write_bytes(key)
    files.both.write_bytes(client.private_key_and_cert_chain_pem.bytes())
    files.other_key.write_bytes(other.private_key_pem.bytes())
    files.encrypted_key.write_bytes(
        load_pem_private_key(key, None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"opensesame")
        )
    )
    return files


@pytest.fixture
def demanding(authority: trustme.CA) -> Iterator[HttpStub]:
    """A server that speaks only with those who show a certificate of the authority's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with http_stub(context) as stub:
        yield stub


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[HttpStub]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with http_stub(context) as stub:
        yield stub


@pytest.fixture
def plain() -> Iterator[HttpStub]:
    with http_stub() as stub:
        yield stub


@pytest.fixture
def proxy() -> Iterator[ForwardProxy]:
    with forward_proxy() as proxy:
        yield proxy


class TestCertificates:
    @pytest.mark.parametrize("way", ["two files", "one file", "encrypted key"])
    def test_a_client_shows_its_certificate(self, demanding: HttpStub, files: Files, way: str) -> None:
        certificate = {
            "two files": lambda: ClientCertificate(files.cert, files.key),
            "one file": lambda: ClientCertificate(str(files.both)),
            "encrypted key": lambda: ClientCertificate(files.cert, files.encrypted_key, "opensesame"),
        }[way]()
        demanding.answer(Answer(body=[{"name": "default"}]))
        with EngineClient(demanding.url, ca_file=files.ca, client_certificate=certificate) as client:
            assert client.get("/engine") == [{"name": "default"}]

    def test_without_one_the_engine_is_unreachable(self, demanding: HttpStub, files: Files) -> None:
        with (
            EngineClient(demanding.url, ca_file=files.ca) as client,
            pytest.raises(EngineUnreachable, match=r"(?i)certificate|reset|closed|eof"),
        ):
            client.get("/engine")

    def test_a_server_of_an_unknown_authority_is_not_trusted(self, secure: HttpStub) -> None:
        with (
            EngineClient(secure.url) as client,
            pytest.raises(EngineUnreachable, match=r"(?i)certificate verify failed"),
        ):
            client.get("/engine")
        assert secure.requests == []

    def test_an_authority_in_the_place_of_another_is_trusted_without_a_restart(
        self, secure: HttpStub, authority: trustme.CA, tmp_path: Path
    ) -> None:
        file = tmp_path / "ca.pem"
        trustme.CA().cert_pem.write_to_path(str(file))
        secure.answer(Answer(body=[{"name": "default"}]))
        with EngineClient(secure.url, ca_file=file) as client:
            with pytest.raises(EngineUnreachable, match=r"(?i)certificate verify failed"):
                client.get("/engine")

            authority.cert_pem.write_to_path(str(file))

            assert client.get("/engine") == [{"name": "default"}]

    def test_a_renewed_certificate_is_used_without_a_restart(
        self, demanding: HttpStub, files: Files, tmp_path: Path
    ) -> None:
        cert = tmp_path / "cert.pem"
        cert.write_bytes(files.both.read_bytes())
        with EngineClient(
            demanding.url, ca_file=files.ca, client_certificate=ClientCertificate(cert)
        ) as client:
            cert.write_bytes(b"")
            with pytest.raises(EngineUnreachable):
                client.get("/engine")
            cert.write_bytes(files.both.read_bytes())
            client.get("/engine")

    @pytest.mark.parametrize(
        ("cert", "key", "password", "message"),
        [
            ("/nowhere/cert.pem", None, None, "cert_file must be an existing PEM file"),
            ("cert", "/nowhere/key.pem", None, "key_file must be an existing PEM file"),
            ("cert", "other_key", None, "is not the key of the certificate"),
            ("key", "key", None, "must hold a certificate and its private key in PEM form"),
            ("ca", "cert", None, "must hold a certificate and its private key in PEM form"),
            ("cert", "encrypted_key", None, "key_password does not open the encrypted key"),
            ("cert", "encrypted_key", "wrong-word", "key_password does not open the encrypted key"),
            ("cert", "key", 5, "key_password must be a text"),
            (7, None, None, "cert_file must be an existing PEM file"),
        ],
    )
    def test_what_cannot_be_shown_is_refused(
        self, files: Files, cert: Any, key: Any, password: Any, message: str
    ) -> None:
        paths = [getattr(files, name, name) if isinstance(name, str) else name for name in (cert, key)]
        with pytest.raises(ValueError, match=message) as error:
            ClientCertificate(paths[0], paths[1], password)
        assert "wrong-word" not in str(error.value)

    def test_a_file_that_holds_no_authority_is_refused(self, files: Files) -> None:
        with pytest.raises(ValueError, match="ca_file must hold certificates in PEM form"):
            EngineClient(SECURE_URL, ca_file=files.key)

    def test_a_certificate_needs_tls(self, files: Files) -> None:
        with pytest.raises(ValueError, match="client_certificate needs a URL that begins with https"):
            EngineClient(URL, client_certificate=ClientCertificate(files.both))
        with pytest.raises(ValueError, match="client_certificate must be a ClientCertificate"):
            EngineClient(SECURE_URL, client_certificate=str(files.both))  # type: ignore[arg-type]

    def test_the_password_is_not_shown(self, files: Files) -> None:
        certificate = ClientCertificate(files.cert, files.encrypted_key, "opensesame")
        assert "opensesame" not in repr(certificate)


class TestProxies:
    def test_http_passes_as_a_whole(self, plain: HttpStub, proxy: ForwardProxy) -> None:
        plain.answer(Answer(body={"count": 3}))
        with EngineClient(plain.url, proxy=f"http://{proxy.address}") as client:
            assert client.count_external_tasks(topicName="a b") == 3

        assert proxy.seen == [f"GET {plain.url}/external-task/count?topicName=a+b"]
        assert plain.requests[0].target == "/engine-rest/external-task/count?topicName=a+b"
        assert plain.requests[0].headers["Host"] == plain.url.split("/")[2]

    def test_https_passes_as_a_tunnel(self, secure: HttpStub, proxy: ForwardProxy, files: Files) -> None:
        auth = BasicAuth("user", "secret")
        with EngineClient(secure.url, auth=auth, ca_file=files.ca, proxy=f"http://{proxy.address}") as client:
            client.set_retries("1", 1)
            client.set_retries("1", 2)

        assert proxy.seen == [f"CONNECT {secure.url.split('/')[2]}"]
        assert [request.headers["Authorization"] for request in secure.requests] == [auth.authorization()] * 2

    def test_a_client_certificate_passes_through_the_tunnel(
        self, demanding: HttpStub, proxy: ForwardProxy, files: Files
    ) -> None:
        with EngineClient(
            demanding.url,
            ca_file=files.ca,
            client_certificate=ClientCertificate(files.both),
            proxy=f"http://{proxy.address}",
        ) as client:
            client.set_retries("1", 1)
        assert len(demanding.requests) == 1

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_the_proxys_password_reaches_it_alone(
        self, plain: HttpStub, secure: HttpStub, proxy: ForwardProxy, files: Files, scheme: str
    ) -> None:
        server = {"http": plain, "https": secure}[scheme]
        with EngineClient(server.url, ca_file=files.ca, proxy=f"http://me:p%40ss@{proxy.address}") as client:
            client.set_retries("1", 1)
        assert proxy.credentials == ["Basic bWU6cEBzcw=="]
        assert "Proxy-Authorization" not in server.requests[0].headers

    def test_a_proxy_that_refuses_is_an_outage_and_its_password_is_not_shown(
        self, secure: HttpStub, proxy: ForwardProxy, files: Files
    ) -> None:
        proxy.refusing = True
        with (
            EngineClient(secure.url, ca_file=files.ca, proxy=f"http://me:hidden@{proxy.address}") as client,
            pytest.raises(EngineUnreachable, match=r"the proxy gives no connection: .*407") as error,
        ):
            client.get("/engine")
        assert "hidden" not in f"{error.value!r} {client!r} {vars(client)!r} {error.value.__cause__!r}"

    @pytest.mark.parametrize(
        "proxy",
        ["proxy:3128", "ftp://proxy:3128", "http://", "http://proxy:99999", "http://proxy:1/path", "socks5://p:1",
         "http://pro xy:1", "http://proxy:3128?a=b", "", 3128, "http://me:hidden@proxy:3128/path"],
    )  # fmt: skip
    def test_what_is_no_proxy_is_refused(self, proxy: Any) -> None:
        with pytest.raises(ValueError, match="proxy must") as error:
            EngineClient(URL, proxy=proxy)
        assert "hidden" not in str(error.value)

    def test_the_environment_is_asked_where_the_user_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert proxy_from_environment(URL) is None
        monkeypatch.setenv("HTTP_PROXY", "http://plain:1")
        monkeypatch.setenv("HTTPS_PROXY", "http://secure:2")
        monkeypatch.setenv("NO_PROXY", "localhost, .svc, direct.example.com:8443")

        assert proxy_from_environment("http://engine:8080/engine-rest") == "http://plain:1"
        assert proxy_from_environment("https://engine/engine-rest") == "http://secure:2"
        assert proxy_from_environment(URL) is None
        assert proxy_from_environment("http://engine.hotel.svc:8080/engine-rest") is None
        assert proxy_from_environment("https://direct.example.com:8443/x") is None
        assert proxy_from_environment("https://direct.example.com/x") == "http://secure:2"

    def test_the_environment_alone_changes_nothing(
        self, plain: HttpStub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        with EngineClient(plain.url) as client:
            client.set_retries("1", 1)
        assert len(plain.requests) == 1


class TestHeaders:
    def test_headers_go_with_each_call(self, plain: HttpStub) -> None:
        turns = iter(["first", "second"])
        headers: dict[str, HeaderValue] = {"X-Tenant": "a b", "X-Turn": lambda: next(turns)}
        with EngineClient(plain.url, headers=headers) as client:
            client.set_retries("1", 1)
            client.complete("1", "worker")

        assert [request.headers["X-Tenant"] for request in plain.requests] == ["a b", "a b"]
        assert [request.headers["X-Turn"] for request in plain.requests] == ["first", "second"]

    @pytest.mark.parametrize(
        ("headers", "message"),
        [
            ({"X-Key": "hidden\r\nX-Evil: 1"}, "the header X-Key must hold visible ASCII"),
            ({"X-Key": "hidden\nx"}, "the header X-Key must hold visible ASCII"),
            ({"X-Key": "hidden\x00"}, "visible ASCII"),
            ({"X-Key": " hidden"}, "spaces only between"),
            ({"X-Key": "hiddenä"}, "visible ASCII"),
            ({"X-Key": ""}, "visible ASCII"),
            ({"X-Key": b"hidden"}, "the header X-Key must be a text, not bytes"),
            ({"X-Key": None}, "the header X-Key must be a text, not NoneType"),
            ({"X Key": "hidden"}, "names of letters"),
            ({"X-Key:": "hidden"}, "names of letters"),
            ({"X-Key\r\nHost": "hidden"}, "names of letters"),
            ({"": "hidden"}, "names of letters"),
            ({7: "hidden"}, "names of letters"),
            ({"authorization": "hidden"}, "give credentials as auth"),
            ({"Proxy-Authorization": "hidden"}, "in its URL"),
            ({"Host": "hidden"}, "the client sets it itself"),
            ({"content-length": "5"}, "the client sets it itself"),
            ({"Transfer-Encoding": "chunked"}, "the client sets it itself"),
            ({"X-Key": "hidden", "x-key": "hidden"}, "name each header once"),
            ([("X-Key", "hidden")], "headers must be a mapping"),
            ("X-Key: hidden", "headers must be a mapping"),
        ],
    )
    def test_what_could_change_the_request_is_refused(self, headers: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message) as error:
            EngineClient(URL, headers=headers)
        assert "hidden" not in str(error.value)

    @pytest.mark.parametrize("value", ["hidden\r\nX-Evil: 1", None, 5, ""])
    def test_what_a_function_gives_is_checked_too(self, plain: HttpStub, value: Any) -> None:
        with (
            EngineClient(plain.url, headers={"X-Key": lambda: value}) as client,
            pytest.raises(CredentialsUnavailable, match="X-Key") as error,
        ):
            client.get("/engine")
        assert "hidden" not in str(error.value)
        assert plain.requests == []

    def test_values_are_not_shown(self) -> None:
        assert "hidden" not in repr(EngineClient(URL, headers={"X-Key": "hidden"}))
        with pytest.raises(ValueError, match="User-Agent"):
            EngineClient(URL, user_agent="a\r\nb: c")
