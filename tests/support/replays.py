"""Bookings that are played against a release while something happens to it."""

import subprocess
from pathlib import Path

from external_tasks import EngineClient

from support.hotel_command import HotelCommand
from support.waiting import eventually


def begin_replay(
    run: HotelCommand, engine: EngineClient, file: Path, run_id: str, *options: str, under_way: int
) -> "subprocess.Popen[str]":
    """Start to play bookings, and return when so many of them have begun."""
    replay = run.begin("replay", str(file), "--json", "--timeout", "300", "--run-id", run_id, *options)
    eventually(lambda: instances(engine, run_id) >= under_way, seconds=120, every=0.5)
    return replay


def instances(engine: EngineClient, run_id: str, **query: str) -> int:
    """Count the process instances of a replay."""
    like = {"processInstanceBusinessKeyLike": f"%{run_id}%", **query}
    count: int = engine.get("/history/process-instance/count", like)["count"]
    return count
