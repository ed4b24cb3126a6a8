"""Traces of external tasks with OpenTelemetry; needs the packages of the extra ``otel``.

A process keeps the W3C trace context of its start in the variables ``traceparent`` and ``tracestate``. So all
attempts at all its tasks, in whichever worker, are spans of one trace.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from external_tasks.errors import BusinessError
from external_tasks.handlers.task import Task
from external_tasks.otel_setup import configure
from external_tasks.safe_errors import summary

VARIABLES = ("traceparent", "tracestate")

_W3C = TraceContextTextMapPropagator()


class Tracing:
    """Middleware that makes a span of each attempt at a task, below the span that started its process.

    Args:
        tracer_provider: where spans go; None takes the program's.
    """

    variables = VARIABLES

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        self._tracer = get_tracer("external_tasks", tracer_provider=tracer_provider)

    def __call__(self, task: Task, call_next: Callable[[Task], Any]) -> Any:
        """Wrap a plain handler."""
        with self._span(task):
            return call_next(task)

    async def async_form(self, task: Task, call_next: Callable[[Task], Any]) -> Any:
        """Wrap an async handler."""
        with self._span(task):
            return await call_next(task)

    @contextmanager
    def _span(self, task: Task) -> Iterator[None]:
        given = {name: task.variables[name] for name in VARIABLES if name in task.variables}
        carrier = {name: value for name, value in given.items() if isinstance(value, str)}
        attributes: dict[str, str | int] = {
            "bpmn.topic": task.topic,
            "bpmn.external_task.id": task.id,
            "bpmn.external_task.attempt": task.attempt,
            "bpmn.process_instance.id": task.process_instance_id,
            "bpmn.process_definition.key": task.process_definition_key,
            "bpmn.worker.id": task.worker_id,
        }
        with self._tracer.start_as_current_span(
            task.topic,
            context=_W3C.extract(carrier),
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            # The text of an exception may hold a variable's value.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BusinessError as error:
                span.set_attribute("bpmn.error_code", error.code)
                raise
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, summary(error)))
                raise


def trace_variables() -> dict[str, str]:
    """Return the process variables that let a process go on with the current trace: for its start."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier


__all__ = ["VARIABLES", "Tracing", "configure", "trace_variables"]
