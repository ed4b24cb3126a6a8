"""The workflows for those who host the project elsewhere call what `.ci/run` calls."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))


def steps(workflow: Path) -> list[dict[str, str]]:
    return [step for job in yaml.safe_load(workflow.read_text())["jobs"].values() for step in job["steps"]]


def test_each_step_of_the_continuous_integration_is_one_of_a_workflow() -> None:
    own = re.findall(r"^step ([a-z0-9-]+)$", (ROOT / ".ci/run").read_text(), flags=re.MULTILINE)
    called = {step.get("run") for workflow in WORKFLOWS for step in steps(workflow)}

    assert own
    assert {f"make {target}" for target in own} <= called


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_a_workflow_has_only_the_rights_that_it_needs(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_every_action_has_a_version(workflow: Path) -> None:
    used = [step["uses"] for step in steps(workflow) if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action)] == []
