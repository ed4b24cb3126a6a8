"""The Kubernetes API: configuration and connections of the ``kubernetes`` client, answers as plain JSON.

Plain JSON, because parsing into the client's model classes costs more CPU than the call itself, and because
one function then serves every kind that has a scale subresource.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes import client, config
from urllib3.exceptions import HTTPError

from external_task_operator.errors import ClusterError, ClusterUnreachable, Conflict, Missing, NotAllowed

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

_KINDS = {401: NotAllowed, 403: NotAllowed, 404: Missing, 409: Conflict, 410: Missing}
_BUSY = frozenset({429, 500, 502, 503, 504})
_MESSAGE_LIMIT = 300
# A kept-alive connection may have been closed by the server: one more try. All calls that are made here can
# be repeated: updates carry a resourceVersion, patches set whole values.
_RETRIES = urllib3.Retry(total=1, status=0, redirect=0, backoff_factor=0.1, allowed_methods=None)


def connect(*, timeout: float, connections: int) -> "Cluster":
    """Connect as the service account of the pod, or outside a cluster as the current kubeconfig says.

    Args:
        timeout: seconds to wait for an answer.
        connections: connections that are kept open.

    Raises:
        ClusterError: there is neither a service account nor a kubeconfig.
    """
    configuration = client.Configuration()
    # The client's configuration functions carry no types.
    try:
        config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        _load_kubeconfig(configuration)
    configuration.connection_pool_maxsize = connections
    return Cluster(configuration, timeout=timeout)


def _load_kubeconfig(configuration: client.Configuration) -> None:
    try:
        config.load_kube_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        message = f"there is no service account, for this is no pod, and no kubeconfig: {error}"
        raise ClusterError(message) from error


class Cluster:
    """A thread-safe client of the API server.

    Args:
        configuration: server, certificates and credentials.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, configuration: client.Configuration, *, timeout: float) -> None:
        self._configuration = configuration
        self._timeout = timeout
        self._api = client.ApiClient(configuration)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON at a path."""
        query = f"?{urlencode(params)}" if params else ""
        return self._call("GET", path + query)

    def create(self, path: str, body: Mapping[str, Any]) -> Any:
        """Create an object in the collection at a path."""
        return self._call("POST", path, body)

    def replace(self, path: str, body: Mapping[str, Any]) -> Any:
        """Replace an object; its ``resourceVersion``, if given, has to be the current one."""
        return self._call("PUT", path, body)

    def patch(self, path: str, body: Any, content_type: str = MERGE_PATCH) -> Any:
        """Change an object."""
        return self._call("PATCH", path, body, content_type)

    def close(self) -> None:
        """Close the idle connections."""
        self._api.rest_client.close()

    def _call(self, method: str, path: str, body: Any = None, content_type: str = JSON) -> Any:
        headers = {"Accept": JSON, "User-Agent": "external-task-operator"}
        if authorization := self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization"):
            headers["Authorization"] = authorization
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            response = self._api.rest_client.pool_manager.request(
                method,
                self._configuration.host + path,
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=self._timeout,
                retries=_RETRIES,
            )
        except HTTPError as error:
            raise ClusterUnreachable(f"{method} {path}: the API server did not answer: {error}") from error
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            return _parse(f"{method} {path}", response.data)
        raise _error(f"{method} {path}", response.status, response.data)


def _parse(asked: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        # A proxy in between has answered.
        raise ClusterError(f"{asked}: the answer is not JSON: does a proxy answer?") from error


def _error(asked: str, status: int, body: bytes) -> ClusterError:
    kind = _KINDS.get(status, ClusterUnreachable if status in _BUSY else ClusterError)
    return kind(f"{asked}: {status} {_message(body)[:_MESSAGE_LIMIT]}", status)


def _message(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    return str(answer.get("message", "")) if isinstance(answer, dict) else ""
