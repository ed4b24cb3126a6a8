"""The engine's REST API as far as workers, their operator and their users need it."""

from collections.abc import Mapping, Sequence
from typing import Any

from external_tasks.engine import messages, responses
from external_tasks.engine.model import Deployment, ExternalTask, TopicSubscription
from external_tasks.engine.rest import RestClient
from external_tasks.engine.scopes import ScopedVariable, path_to
from external_tasks.engine.urls import path_segment
from external_tasks.engine.variables import TypedJson, encode
from external_tasks.errors import NotFound, UnusableResponse

MAX_CALLERS = 100
"""Instances that call one another, up from a task: more are a mistake, or an answer that goes in circles."""


class EngineClient(RestClient):
    """A thread-safe client of one Camunda-7-compatible engine; see `RestClient` for its arguments.

    Every call raises an `EngineError` for anything but success. All verbs about one external task may be
    repeated: the second complete of a task answers 404, and the others set what they set.
    """

    def fetch_and_lock(
        self,
        worker_id: str,
        topics: Sequence[TopicSubscription],
        max_tasks: int,
        *,
        wait_ms: int = 0,
        use_priority: bool = False,
        oldest_first: bool = False,
    ) -> list[ExternalTask]:
        """Lock tasks for a worker and return them.

        Args:
            worker_id: who will hold the locks.
            topics: what to fetch.
            max_tasks: return no more than these.
            wait_ms: how long the engine may hold the request until there is a task, up to 30 minutes.
            use_priority: tasks of higher priority first.
            oldest_first: of equal priority, those first that were created first; since Camunda 7.20.
        """
        body: dict[str, Any] = {
            "workerId": worker_id,
            "maxTasks": max_tasks,
            "usePriority": use_priority,
            "topics": [topic.to_json() for topic in topics],
        }
        if oldest_first:
            body["sorting"] = [{"sortBy": "createTime", "sortOrder": "asc"}]
        if wait_ms > 0:
            body["asyncResponseTimeout"] = wait_ms
        tasks = self.post("/external-task/fetchAndLock", body, timeout=self.timeout + wait_ms / 1000)
        return responses.read(
            "a fetch's answer", lambda: [ExternalTask.from_json(task) for task in responses.rows(tasks)]
        )

    def complete(
        self,
        task_id: str,
        worker_id: str,
        variables: Mapping[str, Any] | None = None,
        local_variables: Mapping[str, Any] | None = None,
    ) -> None:
        """End a task; the process goes on, with these variables set in its scope or in the task's own."""
        body: dict[str, Any] = {"workerId": worker_id}
        if variables:
            body["variables"] = encode(variables)
        if local_variables:
            body["localVariables"] = encode(local_variables)
        self._task_post(task_id, "complete", body)

    def failure(
        self,
        task_id: str,
        worker_id: str,
        *,
        message: str,
        details: str,
        retries: int,
        retry_timeout_ms: int,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """Report that a task failed; with 0 retries left the engine opens an incident.

        Args:
            task_id: the task.
            worker_id: who holds it.
            message: up to 666 characters.
            details: e.g. the traceback.
            retries: how often it may still be tried.
            retry_timeout_ms: no worker can fetch it for so long, milliseconds.
            variables: process variables to set.
        """
        body: dict[str, Any] = {
            "workerId": worker_id,
            "errorMessage": message,
            "errorDetails": details,
            "retries": retries,
            "retryTimeout": retry_timeout_ms,
        }
        if variables:
            body["variables"] = encode(variables)
        self._task_post(task_id, "failure", body)

    def bpmn_error(
        self,
        task_id: str,
        worker_id: str,
        code: str,
        message: str,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        """End a task by a modelled error; one that nothing in the process catches ends its path silently."""
        body: dict[str, Any] = {"workerId": worker_id, "errorCode": code, "errorMessage": message}
        if variables:
            body["variables"] = encode(variables)
        self._task_post(task_id, "bpmnError", body)

    def extend_lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        """Let a lock that has not expired last so long from now, milliseconds."""
        self._task_post(task_id, "extendLock", {"workerId": worker_id, "newDuration": duration_ms})

    def lock(self, task_id: str, worker_id: str, duration_ms: int) -> None:
        """Lock one task that no worker holds, or whose lock has expired, milliseconds."""
        self._task_post(task_id, "lock", {"workerId": worker_id, "lockDuration": duration_ms})

    def unlock(self, task_id: str) -> None:
        """Give a task back, whichever worker holds it; pending fetches see it at once."""
        self._task_post(task_id, "unlock", None)

    def set_retries(self, task_id: str, retries: int) -> None:
        """Set how often a task may be tried; more than 0 heals its incident."""
        path = f"/external-task/{path_segment(task_id)}/retries"
        self._without_answer(path, {"retries": retries}, method="PUT")

    def external_tasks(self, *, first: int = 0, limit: int = 100, **filters: Any) -> list[dict[str, Any]]:
        """Return one page of external tasks as the engine writes them.

        Args:
            first: how many to leave out.
            limit: how many to return at most.
            filters: the REST API's own names, e.g. ``topicName="mail", notLocked=True``.
        """
        page = {"firstResult": first, "maxResults": limit}
        tasks = self.post("/external-task", filters, page, repeatable=True)
        return responses.read("a list of external tasks", lambda: responses.rows(tasks))

    def count_external_tasks(self, **filters: Any) -> int:
        """Count external tasks; filters as in `external_tasks`.

        A backlog is ``topicName=…, notLocked=True, withRetriesLeft=True, active=True``.
        """
        answer = self.get("/external-task/count", filters)
        return responses.read("a count", lambda: responses.count(answer))

    def has_suspended_caller(self, process_instance_id: str) -> bool:
        """Whether an instance that has called this one, directly or not, is suspended.

        False too if the user may not see the callers.
        """
        called = process_instance_id
        for _ in range(MAX_CALLERS):
            caller = self._caller_of(called)
            if caller is None or caller["suspended"]:
                return caller is not None
            called = caller["id"]
        return False

    def _caller_of(self, process_instance_id: str) -> Mapping[str, Any] | None:
        found = self.get("/process-instance", {"subProcessInstance": process_instance_id})
        callers = responses.read(
            "a list of instances",
            lambda: [
                {"id": str(row["id"]), "suspended": bool(row["suspended"])} for row in responses.rows(found)
            ],
        )
        return callers[0] if callers else None

    def file_variable(self, task: ExternalTask, name: str) -> bytes:
        """Return the content of the file variable of this name that is visible to a task.

        Several scopes of an instance may have a variable of one name: the process, a subprocess around the
        task, the task itself by its input mappings. The innermost one counts, as in the engine.

        Raises:
            NotFound: no scope around the task has it.
            UnusableResponse: what came is not the engine's, say a proxy's login page.
        """
        query = {"processInstanceIdIn": [task.process_instance_id], "variableName": name}
        found = self.post("/variable-instance", query, {"deserializeValues": False}, repeatable=True)
        rows = responses.read(
            "a list of variables", lambda: [ScopedVariable.from_json(row) for row in responses.rows(found)]
        )
        scopes = self._scopes_around(task) if len(rows) > 1 else {row.scope: 0 for row in rows}
        visible = [row for row in rows if row.scope in scopes or row.execution == task.execution_id]
        if not visible:
            raise NotFound(f"no file variable {name!r} is visible to the task {task.id}", status=404)
        inner = min(visible, key=lambda row: (row.execution != task.execution_id, scopes.get(row.scope, 0)))
        path = f"/variable-instance/{path_segment(inner.id)}/data"
        found_file = self._call("GET", path, accept="*/*", repeatable=True)
        if "Content-Disposition" not in found_file.headers:
            raise UnusableResponse(
                f"GET {self.url}{path} answered without a file's name, which an engine gives: "
                "check what stands between here and the engine",
                status=found_file.status,
            )
        return found_file.body

    def _scopes_around(self, task: ExternalTask) -> Mapping[str, int]:
        """Return the ids of the activity instances around a task, each with its distance from the task."""
        root = self.get(f"/process-instance/{path_segment(task.process_instance_id)}/activity-instances")
        path = responses.read("a tree of activities", lambda: path_to(root, task.activity_instance_id))
        return {scope: distance for distance, scope in enumerate(reversed(path))}

    def correlate(
        self,
        name: str,
        *,
        business_key: str | None = None,
        process_instance_id: str | None = None,
        correlation_keys: Mapping[str, Any] | None = None,
        variables: Mapping[str, Any] | None = None,
        tenant_id: str | None = None,
    ) -> str | None:
        """Give a message to the one that waits for it, or to a start event; never repeated by itself.

        At least one of business key, instance and correlation keys says who that is.

        Returns:
            the process instance that got it.

        Raises:
            NoRecipient: nobody waits for it.
            SeveralRecipients: more than one does.
            ValueError: no recipient is named.
        """
        body = messages.correlation(
            name, business_key, process_instance_id, correlation_keys, variables, tenant_id
        )
        found = self.post("/message", body)
        return responses.read("a correlation", lambda: _instance_of(found[0]))

    def signal(
        self, name: str, *, variables: Mapping[str, Any] | None = None, tenant_id: str | None = None
    ) -> None:
        """Give a signal to all that wait for it, and to start events; never repeated by itself."""
        self._without_answer("/signal", messages.signal(name, variables, tenant_id), repeatable=False)

    def was_ever_set(self, variable: str) -> bool:
        """Whether a process variable of this name was ever set, as far as history is kept and may be read."""
        query = {"variableName": variable}
        answer = self.post("/history/variable-instance/count", query, repeatable=True)
        return responses.read("a count", lambda: responses.count(answer)) > 0

    def start(
        self,
        key: str,
        variables: Mapping[str, Any] | None = None,
        *,
        business_key: str | None = None,
    ) -> str:
        """Start an instance of a definition's latest version and return its id; never repeated by itself."""
        encoded: dict[str, TypedJson] = encode(variables or {})
        body = {"variables": encoded, "businessKey": business_key}
        started = self.post(f"/process-definition/key/{path_segment(key)}/start", body)
        return responses.read("a started instance", lambda: str(started["id"]))

    def deploy(
        self,
        name: str,
        files: Mapping[str, bytes],
        *,
        source: str = "external-tasks-python",
        changed_only: bool = True,
    ) -> Deployment:
        """Deploy resources.

        Args:
            name: of the deployment.
            files: contents by file name, e.g. ``{"order.bpmn": b"…"}``.
            source: who deploys; the engine compares with the last deployment of the same name and source.
            changed_only: make new versions only of what has changed.
        """
        flag = "true" if changed_only else "false"
        fields: dict[str, Any] = {
            "deployment-name": name,
            "deployment-source": source,
            "enable-duplicate-filtering": flag,
            "deploy-changed-only": flag,
        }
        fields |= {file: (file, content) for file, content in files.items()}
        answer = self.post_form("/deployment/create", fields, timeout=max(60.0, self.timeout))
        return responses.read("a deployment", lambda: Deployment.from_json(answer))

    def _task_post(self, task_id: str, verb: str, body: Any) -> None:
        self._without_answer(f"/external-task/{path_segment(task_id)}/{verb}", body)


def _instance_of(result: Mapping[str, Any]) -> str | None:
    # An execution that waited, or an instance that the message has started.
    owner = result.get("processInstance") or {}
    execution = result.get("execution") or {}
    return execution.get("processInstanceId") or owner.get("id")
