"""No name leads to another object than the one it names."""

import pytest
from external_task_operator.errors import UnsafeName
from external_task_operator.kubernetes import paths
from external_task_operator.names import segment
from external_task_operator.spec import TargetRef

UNSAFE = [
    "",
    ".",
    "..",
    "a/b",
    "../../victim/secrets/x",
    "/",
    "a\\b",
    "a\nb",
    "a\x00",
    "\x7f",
    "\ud800",
    None,
    7,
]


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_is_no_segment_is_refused(name: object) -> None:
    with pytest.raises(UnsafeName):
        segment(name)


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("worker", "worker"), ("%2e%2e", "%252e%252e"), ("a?b", "a%3Fb"), ("a#b", "a%23b"), ("ä", "%C3%A4")],
)
def test_any_other_name_is_quoted(name: str, quoted: str) -> None:
    assert segment(name) == quoted


@pytest.mark.parametrize("place", ["secret", "config_map", "pod", "scaler", "scaler_status"])
def test_every_path_refuses_unsafe_names_and_namespaces(place: str) -> None:
    path = getattr(paths, place)

    for namespace, name in (("..", "x"), ("a/b", "x"), ("hotel", ".."), ("hotel", "x/y")):
        with pytest.raises(UnsafeName):
            path(namespace, name)


def test_the_path_of_a_target_refuses_them_too() -> None:
    with pytest.raises(UnsafeName):
        paths.scale("hotel", TargetRef.model_construct(name="../../other/deployments/x"), "deployments")
    with pytest.raises(UnsafeName):
        paths.scale("hotel", TargetRef(name="x"), "../../../api/v1/secrets")
    with pytest.raises(UnsafeName):
        paths.scale("hotel", TargetRef.model_construct(name="x", api_version="a/b/../c"), "xs")
