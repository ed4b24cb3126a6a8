"""What is in the images, and what is not."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, TypedDict

import pytest
from hotel.ports import free_port
from support.charts import REPOSITORY
from support.waiting import eventually

(BASE,) = re.findall(r"^PYTHON_BASE=(\S+)$", (REPOSITORY / "images/bases.env").read_text(), re.MULTILINE)
MOST_ADDED_BYTES = 80_000_000


class Content(TypedDict):
    """The module that an image is for, and modules that it does without."""

    has: str
    lacks: tuple[str, ...]


PYTHON_IMAGES: dict[str, Content] = {
    "hotel-service": {"has": "flask", "lacks": ("kopf", "typer", "external_tasks", "hotel_worker")},
    "hotel-worker": {"has": "hotel_worker", "lacks": ("flask", "sqlalchemy", "kopf", "typer", "hotel")},
    "hotel-cli": {"has": "typer", "lacks": ("flask", "sqlalchemy", "kopf", "hotel_worker")},
    "external-task-scaler": {"has": "kopf", "lacks": ("flask", "sqlalchemy", "typer", "hotel_worker")},
}
LOOK = """
import importlib.util, json, shutil, sys
print(json.dumps({
    "found": [name for name in sys.argv[1:] if importlib.util.find_spec(name)],
    "compilers": [name for name in ("cc", "gcc", "make", "uv") if shutil.which(name)],
}))
"""


@pytest.fixture(scope="module")
def built(kubeconfig: object) -> dict[str, str]:
    """The images by the last part of their names; building them is part of making the cluster."""
    names = run("make", "--silent", "print-images").split()
    return {name.rsplit("/")[-1].split(":")[0]: name for name in names}


def run(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True, cwd=REPOSITORY
    ).stdout


def inspect(image: str) -> Any:
    return json.loads(run("docker", "image", "inspect", image))[0]


def test_every_image_runs_as_a_numeric_user_and_says_what_it_is(built: dict[str, str]) -> None:
    for image in built.values():
        config = inspect(image)["Config"]
        assert config["User"] == "10001:10001"
        labels = {key.removeprefix("org.opencontainers.image.") for key in config["Labels"]}
        assert {"title", "description", "licenses", "version", "revision", "base.name"} <= labels


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_an_image_has_what_its_role_needs_and_no_more(built: dict[str, str], name: str) -> None:
    has, lacks = PYTHON_IMAGES[name]["has"], PYTHON_IMAGES[name]["lacks"]
    line = ("docker", "run", "--rm", "--entrypoint", "python", built[name], "-c", LOOK, has, *lacks)

    assert json.loads(run(*line)) == {"found": [has], "compilers": []}


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_an_image_adds_little_to_its_base(built: dict[str, str], name: str) -> None:
    added = inspect(built[name])["Size"] - inspect(BASE)["Size"]

    assert added < MOST_ADDED_BYTES, f"{name} adds {added / 1e6:.0f} MB"


def test_the_engine_image_serves_a_developer(built: dict[str, str], tmp_path: Path) -> None:
    """`external-tasks dev` starts it with a model, and leaves nothing behind."""
    command = (sys.executable, "-u", "-m", "external_tasks.command")
    run(*command, "init", str(tmp_path / "shop"))
    port = str(free_port())
    printed = tmp_path / "printed.txt"
    line = [*command, "dev", "--image", built["hotel-engine"], "--port", port, "shop/order.bpmn"]
    with (
        printed.open("wb") as output,
        subprocess.Popen(line, cwd=tmp_path, stdout=output, stderr=subprocess.STDOUT) as engine,
    ):
        try:
            eventually(lambda: "ready" in printed.read_text() or engine.poll() is not None, seconds=240)
        finally:
            engine.send_signal(signal.SIGINT)
        assert engine.wait(60) == 0, printed.read_text()

    assert "deployed order\n" in printed.read_text()
    assert f"external-tasks-engine-{port}" not in run("docker", "ps", "--all", "--format", "{{.Names}}")
