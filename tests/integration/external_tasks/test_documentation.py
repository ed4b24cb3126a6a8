"""The worker that docs/worker.md shows does its work on a real engine."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.stacks import Engine

DOCUMENT = Path(__file__).parents[3] / "docs" / "worker.md"


@pytest.mark.any_engine
def test_the_worker_of_the_document_works(engine: Engine, probe: Any, tmp_path: Path) -> None:
    user, password = engine.credentials["admin"]
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    assert found is not None
    program = found[1]
    for shown, actual in {
        "http://localhost:8080/engine-rest": engine.url,
        '"worker"': f'"{user}"',
        "health_port=8090": "health_port=0",
        "check-stock": probe.key,
    }.items():
        assert shown in program
        program = program.replace(shown, actual)
    shop = tmp_path / "shop.py"
    shop.write_text(program)
    environment = {**os.environ, "ENGINE_PASSWORD": password}

    with subprocess.Popen([sys.executable, str(shop)], env=environment) as worker:
        instance = probe.start({"article": "tea", "quantity": 2})
        try:
            probe.wait_ended(instance)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        finally:
            worker.kill()

    assert probe.variables(instance)["price"] == 9.0
