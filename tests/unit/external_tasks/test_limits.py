"""Limits on what a server decides: the time, the size and the depth of a whole answer."""

import gzip
import itertools
import json
import zlib
from collections.abc import Iterable
from typing import Any

import pytest
from external_tasks import (
    BasicAuth,
    EngineClient,
    EngineError,
    EngineUnreachable,
    TopicSubscription,
    UnusableResponse,
)
from external_tasks.bounded_http import JsonTooDeepError, parse_json
from support.http_stub import Answer, http_stub
from support.raw_server import raw_server

OK = b"HTTP/1.1 200 OK\r\n"
JSON_TYPE = b"Content-Type: application/json\r\n"
MEGABYTE = 1024 * 1024


def bytes_of(text: bytes) -> Iterable[bytes]:
    return (text[index : index + 1] for index in range(len(text)))


def chunked(parts: Iterable[bytes]) -> Iterable[bytes]:
    yield OK + JSON_TYPE + b"Transfer-Encoding: chunked\r\n\r\n"
    for part in parts:
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def sized(body: bytes, *headers: bytes) -> list[bytes]:
    return [OK + b"".join(headers) + b"Content-Length: %d\r\n\r\n" % len(body), body]


DRIPPING: dict[str, Iterable[bytes]] = {
    "status line": bytes_of(OK + b"Content-Length: 2\r\n\r\n[]" + b" " * 100),
    "headers": [OK, *bytes_of(b"X-Slow: " + b"x" * 100 + b"\r\nContent-Length: 2\r\n\r\n[]")],
    "body": [OK + b"Content-Length: 102\r\n\r\n", *bytes_of(b"[" + b" " * 100 + b"]")],
    "chunks": chunked([b"[", *[b" "] * 100, b"]"]),
    "trailers": [*chunked([b"[]"]), *[b"X: y\r\n"] * 100],
    "interim answers": [*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 100, OK + b"Content-Length: 2\r\n\r\n[]"],
}


@pytest.mark.parametrize("pieces", [pytest.param(pieces, id=name) for name, pieces in DRIPPING.items()])
def test_an_answer_that_drips_ends_with_the_calls_time(pieces: Iterable[bytes]) -> None:
    """Each read succeeds within the timeout; all of them together take five seconds."""
    pieces = list(pieces)
    if pieces[-1] == b"X: y\r\n":
        pieces = [*pieces[: pieces.index(b"0\r\n\r\n")], b"0\r\n", *[b"X: y\r\n"] * 100, b"\r\n"]
    with (
        raw_server(pieces, pause=0.05) as url,
        EngineClient(url, timeout=0.5) as client,
        pytest.raises(EngineUnreachable, match=r"no complete response within 0\.5 s; raise timeout"),
    ):
        client.get("/engine")


def test_a_slow_answer_within_the_calls_time_is_read() -> None:
    with raw_server(chunked([b"[", b"1", b"]"]), pause=0.1) as url, EngineClient(url, timeout=30) as client:
        assert client.get("/engine") == [1]


def test_a_long_polls_time_begins_after_the_engines_own_wait() -> None:
    pieces = [OK + b"Content-Length: 2\r\n\r\n", b"[]"]
    with raw_server(pieces, pause=0.4) as url, EngineClient(url, timeout=0.2) as client:
        assert client.fetch_and_lock("pod:1", [TopicSubscription("mail")], 1, wait_ms=10_000) == []


def test_an_answer_without_end_is_refused_at_the_limit() -> None:
    with (
        raw_server(chunked(itertools.repeat(b"x" * 65536))) as url,
        EngineClient(url, timeout=60, max_response_bytes=MEGABYTE) as client,
        pytest.raises(UnusableResponse, match=r"larger than 1048576 bytes: .*max_response_bytes"),
    ):
        client.get_bytes("/engine")


@pytest.mark.parametrize("size", [b"-1", b"-FFFF"])
def test_a_chunk_of_negative_size_is_not_read_without_limit(size: bytes) -> None:
    pieces = itertools.chain(
        [OK + JSON_TYPE + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"],
        itertools.repeat(b"x" * 65536, 8 * MEGABYTE // 65536),
    )
    with (
        raw_server(pieces) as url,
        EngineClient(url, timeout=60, max_response_bytes=MEGABYTE) as client,
        pytest.raises(EngineUnreachable, match="a chunk of negative size"),
    ):
        client.post("/engine")


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [
        (b"gzip", gzip.compress(b" " * 200 * MEGABYTE)),
        (b"deflate", zlib.compress(b" " * 200 * MEGABYTE)),
        (b"gzip, gzip", gzip.compress(gzip.compress(b" " * 200 * MEGABYTE))),
    ],
)
def test_what_is_counted_is_the_decompressed_answer(encoding: bytes, compressed: bytes) -> None:
    with (
        raw_server(sized(compressed, b"Content-Encoding: " + encoding + b"\r\n")) as url,
        EngineClient(url, timeout=60, max_response_bytes=MEGABYTE) as client,
        pytest.raises(UnusableResponse, match="larger than 1048576 bytes"),
    ):
        client.get("/engine")


def test_the_answer_to_a_refused_request_has_the_same_limit() -> None:
    body = json.dumps({"type": "X", "message": "x" * MEGABYTE}).encode()
    with (
        http_stub() as stub,
        EngineClient(stub.url, max_response_bytes=1000) as client,
    ):
        stub.answer(Answer(500, body), Answer(body=[]))
        with pytest.raises(UnusableResponse, match="larger than 1000 bytes"):
            client.get("/engine")
        assert client.get("/engine") == []  # its connection is free again


def test_a_compressed_answer_within_the_limit_is_read() -> None:
    body = gzip.compress(json.dumps(["Zoë"] * 1000).encode())
    with raw_server(sized(body, b"Content-Encoding: gzip\r\n")) as url, EngineClient(url) as client:
        assert client.get("/engine") == ["Zoë"] * 1000


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("levels", [101, 5000, 200_000])
def test_json_that_is_nested_too_deeply_is_refused(opening: bytes, levels: int) -> None:
    with http_stub() as stub, EngineClient(stub.url) as client:
        stub.answer(Answer(body=opening * levels))
        with pytest.raises(UnusableResponse, match="nested deeper than 100 levels: raise max_json_depth"):
            client.get("/engine")


@pytest.mark.parametrize(
    "value",
    [
        "[" * 1000,
        {"a": '"]' * 500},
        [[]] * 1000,
        {f"k{index}": [{"a": ["}", '\\"[']}] for index in range(200)},
        json.loads("[" * 100 + "]" * 100),
    ],
)
def test_brackets_in_texts_and_side_by_side_do_not_count_as_depth(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body", [b"[" * 101, b"]" * 101 + b"[" * 200, b'"' + b"[" * 200, b"[" * 50 + b"]" * 60]
)
def test_what_is_not_json_is_a_value_error_however_it_is_nested(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(body)


def test_the_depth_is_a_setting() -> None:
    body = b"[" * 150 + b"]" * 150
    with pytest.raises(JsonTooDeepError):
        parse_json(body)
    assert parse_json(body, 150)


def test_credentials_follow_no_redirect() -> None:
    with http_stub() as other:
        location = b"Location: " + other.url.encode() + b"\r\n"
        moved = b"HTTP/1.1 307 Moved\r\nContent-Length: 0\r\n" + location + b"\r\n"
        with (
            raw_server([moved]) as url,
            EngineClient(url, auth=BasicAuth("user", "password")) as client,
            pytest.raises(EngineError, match="a redirect: give the engine's final URL"),
        ):
            client.get("/engine")
        assert other.requests == []


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", "10"),
        ("timeout", True),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("timeout", 10**400),
        ("pool_size", 10**9),
        ("pool_size", 0),
        ("pool_size", 1.5),
        ("pool_size", "16"),
        ("max_response_bytes", 0),
        ("max_response_bytes", True),
        ("max_json_depth", 0),
        ("ca_file", "/nowhere/ca.pem"),
        ("auth", ("user", "password")),
    ],
)
def test_arguments_are_checked_where_a_client_is_made(argument: str, value: Any) -> None:
    with pytest.raises(ValueError, match=argument):
        EngineClient("http://localhost:8080/engine-rest", **{argument: value})
