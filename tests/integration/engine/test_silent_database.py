"""A database whose connections have fallen silent: its machine is gone, or a network drops the packets."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from external_tasks import EngineError
from support.lone_engine import Launch
from support.models import external_task
from support.postgresql import engine_on, running_postgresql, slow_down
from support.switch import switch
from support.waiting import eventually

PASSWORD = "silent-secret"


def test_what_waits_for_a_silent_database_ends_and_new_connections_work(launch: Launch) -> None:
    with running_postgresql() as server, switch(server.port) as address:
        url = server.url.replace(str(server.port), str(address.port))
        engine = launch(ENGINE_ADMIN_PASSWORD=PASSWORD, ENGINE_DATABASE_TIMEOUT_SECONDS="3", **engine_on(url))
        engine.wait_until_ready()
        with engine.client("admin", PASSWORD) as admin, ThreadPoolExecutor(1) as pool:
            admin.deploy("silent", {"silent.bpmn": external_task("silent", "silent")})
            with psycopg.connect(f"{server.url}postgres", autocommit=True) as database:
                slow_down(database, "INSERT", "act_ru_ext_task", 1)
                waiting = pool.submit(admin.start, "silent")
                eventually(lambda: is_waiting(database))
                address.silence()

                with pytest.raises(EngineError):
                    waiting.result(timeout=25)
                database.execute("DROP TRIGGER slow ON act_ru_ext_task")
                admin.start("silent")
                assert admin.count_external_tasks(topicName="silent") >= 1


def is_waiting(database: psycopg.Connection) -> bool:
    """Tell whether a statement of the engine is on its way."""
    found = database.execute(
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep'"
    )
    return found.fetchone() is not None
