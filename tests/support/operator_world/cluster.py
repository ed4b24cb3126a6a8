"""A stand-in for the Kubernetes API server, as far as the operator and kopf use it."""

import asyncio
import copy
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from external_task_operator.spec import GROUP, KIND, PLURAL, VERSION

from support.operator_world.server import ThreadedServer

Object = dict[str, Any]

END_OF_WATCH = b""
_VERSION_SLASHES = 3


def _resource(plural: str, kind: str, *verbs: str, namespaced: bool = True) -> Object:
    named = {"name": plural, "singularName": kind.lower(), "kind": kind}
    return {**named, "namespaced": namespaced, "verbs": list(verbs)}


def _group(name: str, version: str) -> Object:
    served = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [served], "preferredVersion": served}


# kopf does not start before it has found namespaces and CRDs, although its settings leave them out.
_DISCOVERY: Mapping[str, Any] = {
    "/version": {"major": "1", "minor": "34"},
    "/api": {"versions": ["v1"]},
    "/api/v1": {"resources": [_resource("namespaces", "Namespace", "list", "watch", namespaced=False)]},
    "/apis": {"groups": [_group(GROUP, VERSION), _group("apiextensions.k8s.io", "v1")]},
    "/apis/apiextensions.k8s.io/v1": {
        "resources": [
            _resource(
                "customresourcedefinitions", "CustomResourceDefinition", "list", "watch", namespaced=False
            )
        ]
    },
    f"/apis/{GROUP}/{VERSION}": {
        "resources": [
            _resource(PLURAL, KIND, "get", "list", "watch", "patch"),
            _resource(f"{PLURAL}/status", KIND, "patch"),
        ]
    },
}


class StubCluster:
    """Keeps objects by path, counts versions, streams watches, and fails where a test asks for it.

    Attributes:
        requests: method and path of every request but watches.
        refused: answers by the start of "METHOD /path": status to give instead.
        refusals: what was refused so.
        kinds: more kinds that are served: plural, kind and whether namespaced and scalable, by API version.
        controllers: called after a target was scaled, with namespace, name and replicas.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.refused: dict[str, int] = {}
        self.refusals: list[str] = []
        self.kinds: dict[str, list[tuple[str, str, bool, bool]]] = {}
        self.controllers: list[Callable[[str, str, int], None]] = []
        self._objects: dict[str, Object] = {}
        self._version = 1
        self._lock = threading.RLock()
        self._watches: list[tuple[str, asyncio.Queue[bytes], asyncio.AbstractEventLoop]] = []

    def put(self, path: str, content: Object) -> Object:
        """Create or replace an object from outside, as other users of the cluster do."""
        with self._lock:
            metadata = content.setdefault("metadata", {})
            existing = self._objects.get(path)
            metadata.setdefault("name", path.rpartition("/")[2])
            if "/namespaces/" in path:
                metadata.setdefault("namespace", path.split("/namespaces/")[1].split("/", maxsplit=1)[0])
            metadata.setdefault("uid", f"uid-{self._version}")
            metadata.setdefault("creationTimestamp", "2026-11-23T12:00:00Z")
            self._version += 1
            metadata["resourceVersion"] = str(self._version)
            self._objects[path] = content
            self._tell("MODIFIED" if existing else "ADDED", path, content)
            return content

    def get(self, path: str) -> Object | None:
        """Return an object, or None."""
        return self._objects.get(path)

    def delete(self, path: str) -> None:
        """Delete an object."""
        with self._lock:
            self._tell("DELETED", path, self._objects.pop(path))

    def below(self, collection: str) -> list[Object]:
        """Return the objects of a collection."""
        with self._lock:
            start = f"{collection}/"
            return [item for path, item in self._objects.items() if path.startswith(start)]

    def is_watched(self, collection: str) -> bool:
        """Whether a watch of a collection is open."""
        with self._lock:
            return any(path == collection for path, _, _ in self._watches)

    def end_watches(self) -> None:
        """Close all watches, as the API server does now and then."""
        self.say_to_watches(END_OF_WATCH)

    def say_to_watches(self, *parts: bytes) -> None:
        """Send to all watches what an API server, or a proxy before it, can send, as it is."""
        with self._lock:
            for _, queue, loop in self._watches:
                for part in parts:
                    loop.call_soon_threadsafe(queue.put_nowait, part)

    def server(self, port: int = 0) -> ThreadedServer:
        """Return a server of the API."""
        application = web.Application(middlewares=[self._guard])
        application.router.add_route("*", "/{path:.*}", self._serve)
        return ThreadedServer(application, port)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        asked = f"{request.method} {request.path}"
        if request.query.get("watch") != "true":
            self.requests.append(asked)
        for start, status in list(self.refused.items()):
            if asked.startswith(start):
                self.refusals.append(asked)
                return _status(status, "as told")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/")
        if path in _DISCOVERY:
            return web.json_response(_DISCOVERY[path])
        if (kinds := self.kinds.get(path.removeprefix("/apis/"))) is not None:
            return web.json_response(_resources(kinds))
        if path.endswith("/scale"):
            return await self._scale(request, path.removesuffix("/scale"))
        if request.method == "GET":
            return await self._read(request, path)
        body = json.loads(await request.text())
        with self._lock:
            if request.method == "POST":
                return self._create(path, body)
            return self._change(request, path, body)

    async def _read(self, request: web.Request, path: str) -> web.StreamResponse:
        if (found := self._objects.get(path)) is not None:
            return web.json_response(found)
        absent = path.startswith("/apis/") and path.count("/") == _VERSION_SLASHES
        if _is_object(path) or absent or (path.startswith("/apis/keda.sh") and not self._list(path)):
            # KEDA is not installed unless somebody has put an object of it.
            return _status(404, f"{path} not found")
        if request.query.get("watch") == "true":
            return await self._watch(request, path)
        items = [item for item in self._list(path) if _selected(item, request.query.get("labelSelector"))]
        return web.json_response({"items": items, "metadata": {"resourceVersion": str(self._version)}})

    async def _watch(self, request: web.Request, path: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        watch = (path, queue, asyncio.get_running_loop())
        with self._lock:
            since = int(request.query.get("resourceVersion") or 0)
            for item in self._list(path):
                if int(item["metadata"]["resourceVersion"]) > since:
                    queue.put_nowait(_event("MODIFIED", item))
            self._watches.append(watch)
        try:
            async for line in _lines(queue):
                await response.write(line)
        except ConnectionError:
            return response
        finally:
            with self._lock:
                self._watches.remove(watch)
        return response

    async def _scale(self, request: web.Request, path: str) -> web.Response:
        target = self._objects.get(path)
        if target is None:
            return _status(404, f"{path} not found")
        if request.method == "PUT":
            body = json.loads(await request.text())
            wanted = body["metadata"].get("resourceVersion")
            if wanted not in {None, target["metadata"]["resourceVersion"]}:
                return _status(409, "the object has been modified")
            target["spec"]["replicas"] = body["spec"]["replicas"]
            self.put(path, target)
            for controller in self.controllers:
                metadata = target["metadata"]
                controller(metadata["namespace"], metadata["name"], body["spec"]["replicas"])
        return web.json_response(_scale_of(target))

    def _create(self, path: str, body: Object) -> web.Response:
        created = f"{path}/{body['metadata']['name']}"
        if created in self._objects:
            return _status(409, f"{created} already exists")
        return web.json_response(self.put(created, body), status=201)

    def _change(self, request: web.Request, path: str, body: Any) -> web.Response:
        path = path.removesuffix("/status")
        found = self._objects.get(path)
        if found is None:
            return _status(404, f"{path} not found")
        if request.method == "PATCH":
            wanted = None if isinstance(body, list) else body.get("metadata", {}).get("resourceVersion")
            if wanted not in {None, found["metadata"]["resourceVersion"]}:
                return _status(409, "the object has been modified")
            changed = _json_patched(found, body) if isinstance(body, list) else _merged(found, body)
            if changed is None:
                return _status(422, "the patch does not apply")
            return web.json_response(self.put(path, changed))
        if body["metadata"].get("resourceVersion") not in {None, found["metadata"]["resourceVersion"]}:
            return _status(409, "the object has been modified")
        return web.json_response(self.put(path, body))

    def _list(self, path: str) -> list[Object]:
        with self._lock:
            if "/namespaces/" in path:
                return self.below(path)
            group, plural = path.rsplit("/", 1)
            return [
                item
                for known, item in self._objects.items()
                if known.startswith(f"{group}/namespaces/") and known.split("/")[-2] == plural
            ]

    def _tell(self, kind: str, path: str, item: Object) -> None:
        line = _event(kind, item)
        for watched, queue, loop in self._watches:
            group, plural = watched.rsplit("/", 1)
            parent = path.rpartition("/")[0]
            within = parent == watched or (parent.startswith(f"{group}/") and parent.endswith(f"/{plural}"))
            if within:
                loop.call_soon_threadsafe(queue.put_nowait, line)


async def _lines(queue: asyncio.Queue[bytes]) -> AsyncIterator[bytes]:
    while (line := await queue.get()) != END_OF_WATCH:
        yield line


def _event(kind: str, item: Object) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def _is_object(path: str) -> bool:
    parts = path.split("/namespaces/")
    return len(parts) > 1 and parts[1].count("/") > 1


def _selected(item: Object, selector: str | None) -> bool:
    labels = item["metadata"].get("labels") or {}
    wanted = [part.split("=", 1) for part in unquote(selector or "").split(",") if part]
    return all(labels.get(name) == value for name, value in wanted)


def _scale_of(target: Object) -> Object:
    metadata = target["metadata"]
    labels = (target["spec"].get("selector") or {}).get("matchLabels", {})
    return {
        "kind": "Scale",
        "metadata": {name: metadata[name] for name in ("name", "namespace", "resourceVersion")},
        "spec": {"replicas": target["spec"]["replicas"]},
        "status": {
            "replicas": target.get("status", {}).get("replicas", target["spec"]["replicas"]),
            "selector": ",".join(f"{name}={value}" for name, value in labels.items()),
        },
    }


def _resources(kinds: list[tuple[str, str, bool, bool]]) -> Object:
    found = []
    for plural, kind, namespaced, scalable in kinds:
        found.append(_resource(plural, kind, "get", namespaced=namespaced))
        if scalable:
            found.append(_resource(f"{plural}/scale", "Scale", "get", "update", namespaced=namespaced))
    return {"resources": found}


def _json_patched(found: Object, operations: list[Object]) -> Object | None:
    changed = copy.deepcopy(found)
    for operation in operations:
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
        place = changed
        for part in way:
            place = place[part]
        if operation["op"] == "add":
            place[last] = operation["value"]
        elif operation["op"] == "remove" and last in place:
            del place[last]
        elif operation["op"] != "test" or place.get(last) != operation["value"]:
            return None
    return changed


def _merged(found: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(found) if isinstance(found, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _status(code: int, message: str) -> web.Response:
    content = {"kind": "Status", "status": "Failure", "code": code, "message": message}
    return web.json_response(content, status=code)
