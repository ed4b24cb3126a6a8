"""Text that becomes part of a URL."""

from typing import Any

import pytest
from external_tasks import EngineClient
from external_tasks.engine.urls import checked_url, path_segment
from hypothesis import given
from hypothesis import strategies as st
from support.http_stub import http_stub


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "ftp://host/engine-rest",
        "http://",
        "",
        "http:///engine-rest",
        "http://host:port/engine-rest",
        "http://host:99999/engine-rest",
        "http://host:0/engine-rest",
        "http://[::1/engine-rest",
        "http://ho st/engine-rest",
        "http://host/engine-rest\n",
        "http://host/engine\r\nX-Evil: 1",
        "http://host/engine\x00rest",
        "http://host/engine\x7frest",
        "http://host/engine\u0085rest",
        "http://host/\u202eengine",
        "http://host\\@evil/engine-rest",
        None,
        7,
        b"http://host/engine-rest",
    ],
)
def test_a_url_must_be_one(url: Any) -> None:
    with pytest.raises(ValueError, match="must look like http://localhost:8080/engine-rest"):
        EngineClient(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://worker:secret@localhost/engine-rest",
        "http://secret@localhost/engine-rest",
        "http://:secret@localhost/engine-rest",
        "http://@localhost/engine-rest",
    ],
)
def test_a_url_must_not_carry_credentials(url: str) -> None:
    with pytest.raises(ValueError, match="BasicAuth") as caught:
        EngineClient(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("end", ["?", "?tenant=secret", "#", "#/secret", "/?a"])
def test_a_url_ends_with_its_path(end: str) -> None:
    with pytest.raises(ValueError, match="must end with its path") as caught:
        EngineClient(f"http://localhost/engine-rest{end}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("path", ["/..", "/../engine-rest", "/a/./b", "/.", "/engine-rest/.."])
def test_a_urls_path_is_what_it_looks_like(path: str) -> None:
    with pytest.raises(ValueError, match=r"`\.` or `\.\.`"):
        EngineClient(f"http://localhost{path}")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/engine-rest",
        "https://engine.example.com/engine-rest/engine/blue",
        "http://[::1]:8080/engine-rest",
        "HTTP://host",
        "http://127.0.0.1/engine%20rest",
    ],
)
def test_other_urls_are_taken_without_their_last_slash(url: str) -> None:
    assert checked_url(url + "/") == url


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a\n", "a\r\nb", "\x00", "\x7f", "\x9b", "half \ud800", None, 7]
)
def test_a_name_that_would_change_the_path_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="in the path of a URL"):
        path_segment(name)


@pytest.mark.parametrize("name", ["", "..", "."])
def test_no_call_is_made_with_such_a_name(name: str) -> None:
    with http_stub() as stub, EngineClient(stub.url) as client:
        for call in (
            lambda: client.complete(name, "pod:1"),
            lambda: client.unlock(name),
            lambda: client.set_retries(name, 1),
            lambda: client.start(name),
        ):
            with pytest.raises(ValueError, match="in the path of a URL"):
                call()
        assert stub.requests == []


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda t: t not in {".", ".."})
)
def test_any_other_name_is_one_segment(name: str) -> None:
    quoted = path_segment(name)

    assert quoted.isascii()
    assert not set(quoted) & set("/?#;\\ ")
