"""Where a request ends: its bytes are collected until it is complete, so that no thread waits for them."""

from gunicorn.asgi.parser import LimitRequestHeaders, LimitRequestLine, ParseError, PythonProtocol

from hotel_services.kit.http import problems
from hotel_services.kit.http.parsing import MAX_BODY_BYTES
from hotel_services.kit.http.problems import ProblemKind

# Of the request's first line, which holds the address, and of each header.
MAX_LINE_BYTES = 8190
MAX_HEADERS = 100
MAX_HEAD_BYTES = 64 * 1024
# A body in chunks is longer on the wire: each chunk has a line of its own.
MAX_WIRE_BYTES = MAX_HEAD_BYTES + 4 * MAX_BODY_BYTES
_TOO_LARGE = {LimitRequestLine: problems.URI_TOO_LONG, LimitRequestHeaders: problems.HEADERS_TOO_LARGE}


class IncomingRequest:
    """The bytes of one request as they arrive, at most `MAX_WIRE_BYTES` and what one read brought more.

    Attributes:
        wire: What has arrived of this request.
        refusal: Why the request cannot be served, once that is known.
        has_head: Whether the head is there, to its last byte.
    """

    def __init__(self) -> None:
        self.wire = bytearray()
        self.refusal: ProblemKind | None = None
        self._body_bytes = 0
        self.has_head = False
        self._expects_continue = False
        self._parser = PythonProtocol(
            on_header=self._note_header,
            on_headers_complete=self._note_head,
            on_body=self._note_body,
            limit_request_line=MAX_LINE_BYTES,
            limit_request_field_size=MAX_LINE_BYTES,
            limit_request_fields=MAX_HEADERS,
        )

    @property
    def is_whole(self) -> bool:
        """Whether head and body are there to the last byte."""
        return bool(self._parser.is_complete)

    @property
    def is_settled(self) -> bool:
        """Whether no more has to be read: the request is whole, or its body is larger than any is allowed."""
        return self.is_whole or (self.has_head and self._is_too_large())

    def feed(self, data: bytes) -> None:
        """Take more bytes from the client."""
        self.wire += data
        try:
            self._parser.feed(data)
        except ParseError as error:
            self.refusal = _TOO_LARGE.get(type(error), problems.BAD_REQUEST)
            return
        if not self.has_head and len(self.wire) > MAX_HEAD_BYTES:
            self.refusal = problems.HEADERS_TOO_LARGE

    def take_continue(self) -> bool:
        """Return whether the client waits for "100 Continue" before it sends the body; true only once."""
        waits, self._expects_continue = self._expects_continue and not self.is_settled, False
        return waits

    def split(self) -> tuple[bytes, bytes]:
        """Return the request's own bytes, and those that came after it."""
        after = bytes(self._parser.remaining())
        return bytes(self.wire[: len(self.wire) - len(after)]), after

    def _note_header(self, name: bytes, value: bytes) -> None:
        self._expects_continue |= name == b"expect" and value.lower() == b"100-continue"

    def _note_head(self) -> bool:
        self.has_head = True
        return False

    def _note_body(self, chunk: bytes) -> None:
        self._body_bytes += len(chunk)

    def _is_too_large(self) -> bool:
        announced = self._parser.content_length or 0
        return max(announced, self._body_bytes) > MAX_BODY_BYTES or len(self.wire) > MAX_WIRE_BYTES
