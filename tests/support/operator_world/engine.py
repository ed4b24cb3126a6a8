"""A stand-in for the engine's REST API, as far as the operator uses it."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from support.operator_world.server import ThreadedServer

_NOW = "2026-11-23T12:00:00.000+0000"


@dataclass
class StubTask:
    """An external task.

    Attributes:
        id: unique.
        topic: of the task.
        worker_id: who holds it; None if nobody does.
        retries: 0 is an incident.
        suspended: its instance is.
        error: message of its last failure.
        created: as the engine writes times.
        tenant: of the task.
        definition: key of its process definition.
        version: of its process definition.
    """

    id: str
    topic: str
    worker_id: str | None = None
    retries: int | None = None
    suspended: bool = False
    error: str | None = None
    created: str = _NOW
    tenant: str | None = None
    definition: str = "Process"
    version: int = 1


@dataclass
class StubEngine:
    """What the engine holds and how it behaves; tests change it while it is served.

    Attributes:
        tasks: all external tasks.
        user: name and password that it asks for; None for an open API.
        token: the bearer token that it takes.
        visible: process definitions whose tasks the user may see; ``*`` for all. With none, counts are 0.
        may_unlock: the user has UPDATE_INSTANCE.
        status: answered to everything instead, e.g. 503.
        redirect: where everything is redirected to instead.
        clock: seconds of the epoch that its answers carry; None for the machine's.
        delay: seconds before every answer.
        body: answered to every count instead, e.g. a page of a proxy.
        knows_topic_names: engines before 7.12 do not.
        checks_rights: a proxy may let the question for rights not through.
        definitions: ids of process definitions that are deployed and may be read.
        knows_definition_filter: older engines do not.
        topic_names: answered to the question for topics instead, as JSON text.
        meanwhile: called once between the question for topics and the counts.
        requests: method and path of every request.
    """

    tasks: list[StubTask] = field(default_factory=list)
    user: tuple[str, str] | None = None
    token: str | None = None
    visible: set[str] = field(default_factory=lambda: {"*"})
    may_unlock: bool = True
    status: int | None = None
    redirect: str | None = None
    clock: Callable[[], float] | None = None
    delay: float = 0.0
    body: str | None = None
    knows_topic_names: bool = True
    checks_rights: bool = True
    definitions: set[str] = field(default_factory=set)
    knows_definition_filter: bool = True
    topic_names: str | None = None
    meanwhile: Callable[[], None] | None = None
    requests: list[str] = field(default_factory=list)

    def add(self, topic: str, count: int = 1, **fields: Any) -> None:
        """Add tasks to a topic."""
        first = len(self.tasks)
        self.tasks += [StubTask(f"task-{first + n}", topic, **fields) for n in range(count)]

    def lock(self, worker_id: str, count: int = 1, topic: str | None = None) -> None:
        """Let a worker fetch tasks that wait."""
        free = [task for task in self.tasks if _fetchable(task) and topic in {None, task.topic}]
        for task in free[:count]:
            task.worker_id = worker_id

    def complete(self, worker_id: str | None = None) -> None:
        """End the tasks of a worker, or all."""
        self.tasks = [task for task in self.tasks if worker_id is not None and task.worker_id != worker_id]

    def server(self, port: int = 0) -> ThreadedServer:
        """Return a server of the REST API below ``/engine-rest``."""
        application = web.Application(middlewares=[self._dated, self._guard])
        root = "/engine-rest"
        application.add_routes(
            [
                web.get(f"{root}/external-task/count", self._count),
                web.post(f"{root}/external-task/count", self._count_filtered),
                web.get(f"{root}/process-definition/count", self._count_definitions),
                web.get(f"{root}/external-task/topic-names", self._topic_names),
                web.post(f"{root}/external-task", self._list),
                web.post(f"{root}/external-task/{{id}}/unlock", self._unlock),
                web.get(f"{root}/authorization/check", self._check),
                web.get(f"{root}/version", self._version),
            ]
        )
        return ThreadedServer(application, port)

    @web.middleware
    async def _dated(self, request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        if self.clock is not None:
            answer.headers["Date"] = formatdate(self.clock(), usegmt=True)
        return answer

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        await asyncio.sleep(self.delay)
        if self.status is not None:
            return web.json_response({"type": "Stub", "message": "as told"}, status=self.status)
        if self.redirect is not None:
            return web.Response(status=307, headers={"Location": self.redirect})
        given = request.headers.get("Authorization")
        taken = {_basic(*self.user)} if self.user else set()
        taken |= {f"Bearer {self.token}"} if self.token else set()
        if taken and given not in taken:
            return web.Response(status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _count(self, request: web.Request) -> web.Response:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if self.body is not None:
            return web.Response(text=self.body, content_type="text/html")
        return web.json_response({"count": len(self._matching(dict(request.query)))})

    async def _count_filtered(self, request: web.Request) -> web.Response:
        filters = await request.json()
        if not self.knows_definition_filter:
            filters.pop("processDefinitionKeyIn", None)
        return web.json_response({"count": len(self._matching(filters))})

    async def _count_definitions(self, request: web.Request) -> web.Response:
        key, name = request.query.get("key"), request.query.get("processDefinitionId")
        found = [each for each in self.definitions if name in {None, each} and key in {None, _key(each)}]
        return web.json_response({"count": len(found)})

    async def _topic_names(self, request: web.Request) -> web.Response:
        if not self.knows_topic_names:
            return web.json_response({"type": "NotFound", "message": ""}, status=404)
        if self.topic_names is not None:
            return web.json_response(text=self.topic_names)
        query = {name: values[0] for name, values in parse_qs(request.query_string).items()}
        filters = {"locked": query.get("withLockedTasks"), "notLocked": query.get("withUnlockedTasks")}
        filters |= {"withRetriesLeft": query.get("withRetriesLeft")}
        return web.json_response(sorted({task.topic for task in self._matching(filters)}))

    async def _list(self, request: web.Request) -> web.Response:
        found = self._matching(await request.json())
        found.sort(key=lambda task: task.created)
        first = int(request.query.get("firstResult", 0))
        page = found[first : first + int(request.query["maxResults"])]
        return web.json_response([_to_json(task) for task in page])

    async def _unlock(self, request: web.Request) -> web.Response:
        if not self.may_unlock:
            return web.json_response({"type": "AuthorizationException", "message": "no"}, status=403)
        for task in self.tasks:
            if task.id == request.match_info["id"]:
                task.worker_id = None
                return web.Response(status=204)
        return web.json_response({"type": "RestException", "message": "no such task"}, status=404)

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": "7.24.0"})

    async def _check(self, request: web.Request) -> web.Response:
        if not self.checks_rights:
            return web.Response(status=404)
        if self.user is None and self.token is None:
            return web.json_response({"type": "InvalidRequestException", "message": ""}, status=401)
        subject = request.query["resourceId"]
        granted = "*" in self.visible or subject in self.visible
        definitions = request.query["resourceType"] == "6"
        return web.json_response({"resourceId": subject, "authorized": granted and definitions})

    def _matching(self, filters: dict[str, Any]) -> list[StubTask]:
        if not self.visible:
            return []
        wanted = {name for name, value in filters.items() if str(value).lower() == "true"}
        topic = filters.get("topicName")
        return [
            task
            for task in self.tasks
            if topic in {None, task.topic} and _matches(task, wanted) and _selected(task, filters)
        ]


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def _key(definition_id: str) -> str:
    return definition_id.partition(":")[0]


def _selected(task: StubTask, filters: dict[str, Any]) -> bool:
    return (
        task.tenant in filters.get("tenantIdIn", [task.tenant])
        and task.definition in filters.get("processDefinitionKeyIn", [task.definition])
        and filters.get("processDefinitionId") in {None, f"{task.definition}:{task.version}"}
    )


def _fetchable(task: StubTask) -> bool:
    return _matches(task, {"notLocked", "withRetriesLeft", "active"})


def _matches(task: StubTask, wanted: set[str]) -> bool:
    facts = {
        "locked": task.worker_id is not None,
        "notLocked": task.worker_id is None,
        "withRetriesLeft": task.retries != 0,
        "active": not task.suspended,
    }
    return all(holds for name, holds in facts.items() if name in wanted)


def _to_json(task: StubTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "topicName": task.topic,
        "workerId": task.worker_id,
        "errorMessage": task.error,
        "createTime": task.created,
    }
