"""The engine's REST API as far as workers, their operator and their users need it."""

from collections.abc import Mapping, Sequence
from typing import Any

from external_tasks.errors import NotFound
from external_tasks.model import Deployment, ExternalTask, TopicSubscription
from external_tasks.rest import RestClient, segment
from external_tasks.variables import TypedJson, encode


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
    ) -> list[ExternalTask]:
        """Lock tasks for a worker and return them.

        Args:
            worker_id: who will hold the locks.
            topics: what to fetch.
            max_tasks: return no more than these.
            wait_ms: how long the engine may hold the request until there is a task, up to 30 minutes.
            use_priority: tasks of higher priority first.
        """
        body: dict[str, Any] = {
            "workerId": worker_id,
            "maxTasks": max_tasks,
            "usePriority": use_priority,
            "topics": [topic.to_json() for topic in topics],
        }
        if wait_ms > 0:
            body["asyncResponseTimeout"] = wait_ms
        tasks = self.post("/external-task/fetchAndLock", body, timeout=self.timeout + wait_ms / 1000)
        return [ExternalTask.from_json(task) for task in tasks]

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
    ) -> None:
        """Report that a task failed; with 0 retries left the engine opens an incident.

        Args:
            task_id: the task.
            worker_id: who holds it.
            message: up to 666 characters.
            details: e.g. the traceback.
            retries: how often it may still be tried.
            retry_timeout_ms: nobody can fetch it for so long, milliseconds.
        """
        body = {
            "workerId": worker_id,
            "errorMessage": message,
            "errorDetails": details,
            "retries": retries,
            "retryTimeout": retry_timeout_ms,
        }
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
        """Lock one task that nobody holds, or whose lock has expired, milliseconds."""
        self._task_post(task_id, "lock", {"workerId": worker_id, "lockDuration": duration_ms})

    def unlock(self, task_id: str) -> None:
        """Give a task back, whoever holds it; pending fetches see it at once."""
        self._task_post(task_id, "unlock", None)

    def set_retries(self, task_id: str, retries: int) -> None:
        """Set how often a task may be tried; more than 0 heals its incident."""
        self.put(f"/external-task/{segment(task_id)}/retries", {"retries": retries})

    def external_tasks(self, *, first: int = 0, limit: int = 100, **filters: Any) -> list[dict[str, Any]]:
        """Return one page of external tasks as the engine writes them.

        Args:
            first: how many to leave out.
            limit: how many to return at most.
            filters: the REST API's own names, e.g. ``topicName="mail", notLocked=True``.
        """
        page = {"firstResult": first, "maxResults": limit}
        tasks: list[dict[str, Any]] = self.post("/external-task", filters, page, repeatable=True)
        return tasks

    def count_external_tasks(self, **filters: Any) -> int:
        """Count external tasks; filters as in `external_tasks`.

        A backlog is ``topicName=…, notLocked=True, withRetriesLeft=True, active=True``.
        """
        return int(self.get("/external-task/count", filters)["count"])

    def file_variable(self, process_instance_id: str, execution_id: str, name: str) -> bytes:
        """Return the content of a file variable, looked for in the instance, then in the task's own scope."""
        try:
            return self.get_bytes(
                f"/process-instance/{segment(process_instance_id)}/variables/{segment(name)}/data"
            )
        except NotFound:
            return self.get_bytes(f"/execution/{segment(execution_id)}/localVariables/{segment(name)}/data")

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
        return str(self.post(f"/process-definition/key/{segment(key)}/start", body)["id"])

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
            files: contents by file name, e.g. ``{"hotel.bpmn": b"…"}``.
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
        return Deployment.from_json(self.post_form("/deployment/create", fields, timeout=60.0))

    def _task_post(self, task_id: str, verb: str, body: Any) -> None:
        self.post(f"/external-task/{segment(task_id)}/{verb}", body, repeatable=True)
