"""Tests without an engine: `run_task` for one handler, `FakeEngine` for a whole worker."""

from external_tasks.testing.fake_engine import FakeEngine
from external_tasks.testing.fake_tasks import FakeTask
from external_tasks.testing.messages import Recipient
from external_tasks.testing.run import run_task

__all__ = ["FakeEngine", "FakeTask", "Recipient", "run_task"]
