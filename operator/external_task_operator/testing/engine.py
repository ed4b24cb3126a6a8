"""A stand-in for the engine's REST API, as far as the operator uses it."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from external_task_operator.testing.server import ThreadedServer

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
    """

    id: str
    topic: str
    worker_id: str | None = None
    retries: int | None = None
    suspended: bool = False
    error: str | None = None
    created: str = _NOW


@dataclass
class StubEngine:
    """What the engine holds and how it behaves; tests change it while it is served.

    Attributes:
        tasks: all external tasks.
        user: name and password that it asks for; None for an open API.
        visible: process definitions whose tasks the user may see; ``*`` for all. With none, counts are 0.
        may_unlock: the user has UPDATE_INSTANCE.
        status: answered to everything instead, e.g. 503.
        delay: seconds before every answer.
        body: answered to every count instead, e.g. a page of a proxy.
        knows_topic_names: engines before 7.12 do not.
        checks_rights: a proxy may let the question for rights not through.
        topic_names: answered to the question for topics instead, as JSON text.
        meanwhile: called once between the question for topics and the counts.
        requests: method and path of every request.
    """

    tasks: list[StubTask] = field(default_factory=list)
    user: tuple[str, str] | None = None
    visible: set[str] = field(default_factory=lambda: {"*"})
    may_unlock: bool = True
    status: int | None = None
    delay: float = 0.0
    body: str | None = None
    knows_topic_names: bool = True
    checks_rights: bool = True
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
        application = web.Application(middlewares=[self._guard])
        root = "/engine-rest"
        application.add_routes(
            [
                web.get(f"{root}/external-task/count", self._count),
                web.get(f"{root}/external-task/topic-names", self._topic_names),
                web.post(f"{root}/external-task", self._list),
                web.post(f"{root}/external-task/{{id}}/unlock", self._unlock),
                web.get(f"{root}/authorization/check", self._check),
            ]
        )
        return ThreadedServer(application, port)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        await asyncio.sleep(self.delay)
        if self.status is not None:
            return web.json_response({"type": "Stub", "message": "as told"}, status=self.status)
        if self.user and request.headers.get("Authorization") != _basic(*self.user):
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

    async def _check(self, request: web.Request) -> web.Response:
        if not self.checks_rights:
            return web.Response(status=404)
        if self.user is None:
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
        return [task for task in self.tasks if topic in {None, task.topic} and _matches(task, wanted)]


def _basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


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
