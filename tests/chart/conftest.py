"""Charts rendered by helm, as lists of manifests."""

import functools
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml
from support.charts import HOTEL, ChartRefusedError, Manifest, Render


@pytest.fixture(scope="session")
def helm() -> Callable[..., str]:
    """Run helm and return what it printed."""
    if shutil.which("helm") is None:
        pytest.fail(
            "the charts' tests need helm 3: `make test-chart` gets it where that is possible, "
            "else see https://helm.sh/docs/intro/install",
            pytrace=False,
        )

    def run(*arguments: str | Path) -> str:
        command = ["helm", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise ChartRefusedError(done.stderr)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def render(helm: Callable[..., str]) -> Render:
    """Render a chart with values (a file's name in ci/, or a mapping) for a release."""
    rendered = functools.cache(helm)

    def run(
        *values: str | Manifest,
        release: str = "hotel",
        namespace: str = "front-desk",
        chart: Path = HOTEL,
        options: Sequence[str] = (),
    ) -> list[Manifest]:
        arguments: list[str | Path] = ["template", release, chart, "--namespace", namespace, *options]
        for given in values:
            if isinstance(given, str):
                arguments += ["--values", chart / "ci" / given]
            else:
                arguments += [f"--set-json={key}={json.dumps(value)}" for key, value in given.items()]
        text = rendered(*arguments)
        return [manifest for manifest in yaml.load_all(text, yaml.CSafeLoader) if manifest]

    return run
