"""actionlint finds nothing in the workflows."""

import os
import subprocess

from support.charts import REPOSITORY


def test_the_workflows_are_ones() -> None:
    done = subprocess.run(
        ["actionlint", "-no-color"],
        cwd=REPOSITORY,
        env={**os.environ, "PATH": f"{REPOSITORY / '.cache/bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")
