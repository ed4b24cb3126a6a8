"""HTTP with a limit on everything that a server decides: the time and the size of a whole response.

`urllib3` limits each read by itself, so a server that sends a byte now and then keeps a caller for as long as
it likes. Here one deadline covers a call from its first step to its last byte.
"""

from external_tasks.bounded_http.client import MAX_RESPONSE_BYTES, BoundedHttp
from external_tasks.bounded_http.json_text import MAX_JSON_DEPTH, JsonTooDeepError, parse_json
from external_tasks.bounded_http.messages import (
    HttpFailedError,
    NoResponseError,
    Request,
    Response,
    ResponseTooLargeError,
)
from external_tasks.bounded_http.route import ClientCertificate, Route, proxy_from_environment
from external_tasks.bounded_http.waiting import retry_after

__all__ = [
    "MAX_JSON_DEPTH",
    "MAX_RESPONSE_BYTES",
    "BoundedHttp",
    "ClientCertificate",
    "HttpFailedError",
    "JsonTooDeepError",
    "NoResponseError",
    "Request",
    "Response",
    "ResponseTooLargeError",
    "Route",
    "parse_json",
    "proxy_from_environment",
    "retry_after",
]
