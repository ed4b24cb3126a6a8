"""The engine remembers who somebody is and what they may do; what is changed takes effect all the same."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from external_tasks.engine.auth import BasicAuth
from external_tasks.engine.client import EngineClient
from external_tasks.errors import EngineForbidden, EngineUnauthorized, NotFound
from support.lone_engine import Launch
from support.models import external_task, unique
from support.postgresql import engine_on, postgresql_server
from support.stacks import Engine
from support.waiting import eventually

PASSWORD, OTHER_PASSWORD = "first-Secret-1", "other-Secret-2"
PROCESS_DEFINITION, PROCESS_INSTANCE = 6, 8


class Person:
    """A user that the administrator has made, with a client for each password."""

    def __init__(self, admin: EngineClient, url: str) -> None:
        self.id = unique("person")
        self._admin = admin
        self._url = url
        self._clients = ExitStack()
        profile = {"id": self.id, "firstName": "Jean", "lastName": "Martin"}
        admin.post("/user/create", {"profile": profile, "credentials": {"password": PASSWORD}})

    def login(self, password: str = PASSWORD) -> EngineClient:
        return self._clients.enter_context(EngineClient(self._url, auth=BasicAuth(self.id, password)))

    def grant(self, resource: int, resource_id: str, *permissions: str) -> str:
        body = {"type": 1, "userId": self.id, "resourceType": resource, "resourceId": resource_id}
        granted: dict[str, Any] = self._admin.post(
            "/authorization/create", {**body, "permissions": list(permissions)}
        )
        return str(granted["id"])

    def close(self) -> None:
        self._clients.close()


@pytest.fixture
def admin(engine: Engine) -> EngineClient:
    return engine.client("admin")


@pytest.fixture
def person(engine: Engine, admin: EngineClient) -> Iterator[Person]:
    made = Person(admin, engine.url)
    yield made
    made.close()
    admin.delete(f"/user/{made.id}")


@pytest.fixture
def key(engine: Engine) -> str:
    name = unique("access")
    engine.client("deployer").deploy(name, {"access.bpmn": external_task(name, name)})
    return name


def sees(client: EngineClient, admin: EngineClient, key: str) -> bool:
    """Return whether somebody sees a definition: by a query of all and by its id, which must agree."""
    definition = admin.get(f"/process-definition/key/{key}")["id"]
    try:
        by_id = bool(client.get(f"/process-definition/{definition}"))
    except (EngineForbidden, NotFound):
        by_id = False
    count: int = client.get("/process-definition/count", {"key": key})["count"]
    assert by_id == bool(count)
    return by_id


def test_a_changed_password_takes_effect_at_once(engine: Engine, admin: EngineClient, person: Person) -> None:
    former, new = person.login(), person.login(OTHER_PASSWORD)
    assert former.get("/version")

    body = {"password": OTHER_PASSWORD, "authenticatedUserPassword": engine.credentials["admin"][1]}
    admin.put(f"/user/{person.id}/credentials", body)

    with pytest.raises(EngineUnauthorized):
        former.get("/version")
    assert new.get("/version")


def test_a_deleted_user_is_refused_at_once(admin: EngineClient, person: Person) -> None:
    client = person.login()
    assert client.get("/version")

    admin.delete(f"/user/{person.id}")

    with pytest.raises(EngineUnauthorized):
        client.get("/version")


def test_a_right_is_given_and_taken_at_once(admin: EngineClient, person: Person, key: str) -> None:
    client = person.login()
    for _ in range(2):
        assert not sees(client, admin, key)

        right = person.grant(PROCESS_DEFINITION, key, "READ")

        assert sees(client, admin, key)

        admin.delete(f"/authorization/{right}")


def test_a_membership_is_given_and_taken_at_once(admin: EngineClient, person: Person, key: str) -> None:
    client = person.login()
    for _ in range(2):
        assert not sees(client, admin, key)

        admin.put(f"/group/deployer/members/{person.id}", {})

        assert sees(client, admin, key)

        admin.delete(f"/group/deployer/members/{person.id}")


def test_a_right_on_one_instance_is_none_on_another(
    engine: Engine, admin: EngineClient, person: Person, key: str
) -> None:
    mine, others = (engine.client("client").start(key) for _ in range(2))
    client = person.login()
    suspended = {"suspended": True}
    for instance in (mine, others):
        with pytest.raises(EngineForbidden):
            client.put(f"/process-instance/{instance}/suspended", suspended)

    right = person.grant(PROCESS_INSTANCE, mine, "UPDATE")

    client.put(f"/process-instance/{mine}/suspended", suspended)
    with pytest.raises(EngineForbidden):
        client.put(f"/process-instance/{others}/suspended", suspended)
    admin.delete(f"/authorization/{right}")
    with pytest.raises(EngineForbidden):
        client.put(f"/process-instance/{mine}/suspended", suspended)


def test_who_gets_a_task_may_complete_it_at_once(admin: EngineClient, person: Person) -> None:
    task = unique("task")
    admin.post("/task/create", {"id": task, "name": task})
    client = person.login()
    with pytest.raises(EngineForbidden):
        client.post(f"/task/{task}/complete", {})

    admin.post(f"/task/{task}/assignee", {"userId": person.id})

    client.post(f"/task/{task}/complete", {})
    assert admin.get("/task/count", {"taskId": task})["count"] == 0


def test_a_revoked_right_counts_for_more_than_the_group_that_has_it(
    admin: EngineClient, person: Person, key: str
) -> None:
    admin.put(f"/group/deployer/members/{person.id}", {})
    client = person.login()
    assert sees(client, admin, key)

    body = {"type": 2, "userId": person.id, "resourceType": PROCESS_DEFINITION, "resourceId": key}
    revoked = admin.post("/authorization/create", {**body, "permissions": ["READ"]})

    assert not sees(client, admin, key)
    admin.delete(f"/authorization/{revoked['id']}")
    assert sees(client, admin, key)


@pytest.mark.timeout(600)
def test_other_replicas_follow_within_the_bound(launch: Launch, tmp_path: Path) -> None:
    with postgresql_server() as server, ExitStack() as clients:
        engines = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            engines.append(
                launch(
                    folder,
                    ENGINE_ADMIN_PASSWORD=PASSWORD,
                    ENGINE_ACCESS_CACHE_SECONDS="2",
                    **engine_on(server),
                )
            )
        for engine in engines:
            engine.wait_until_ready()
        one, two = engines
        admin = clients.enter_context(one.client("admin", PASSWORD))
        person = Person(admin, two.url)
        client = person.login()
        assert client.get("/version")

        admin.delete(f"/user/{person.id}")

        eventually(lambda: is_refused(client), seconds=30, every=0.2)
        person.close()


def is_refused(client: EngineClient) -> bool:
    try:
        client.get("/version")
    except EngineUnauthorized:
        return True
    return False


@pytest.mark.parametrize("seconds", ["301", "-1"])
def test_a_bound_out_of_reason_ends_the_start_with_a_clear_line(launch: Launch, seconds: str) -> None:
    engine = launch(ENGINE_ADMIN_PASSWORD=PASSWORD, ENGINE_ACCESS_CACHE_SECONDS=seconds)

    assert engine.wait_for_exit() == 1
    assert f"ENGINE_ACCESS_CACHE_SECONDS is {seconds}" in engine.log
    assert "\tat " not in engine.log
