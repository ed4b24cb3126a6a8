"""Traces of external tasks."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from external_tasks import BusinessError, RetryPolicy, Task, TransientError, Worker
from external_tasks.otel import Tracing, trace_variables
from external_tasks.otel_setup import is_switched_on
from external_tasks.testing import FakeEngine
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span
from support.otlp import otlp_receiver

QUICK = RetryPolicy(retries=2, first_seconds=0.02, factor=1, jitter=0)


class Traces:
    """A provider whose spans stay in memory."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = self.provider.get_tracer("test")

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def of(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]


def test_every_attempt_in_every_worker_is_a_span_of_the_trace_that_started_the_process(
    engine: FakeEngine,
) -> None:
    traces = Traces()
    with traces.tracer.start_as_current_span("start") as start:
        given = {"number": 1} | trace_variables()
    plain, later = engine.add_task("plain", given), engine.add_task("async", given)
    workers = [
        Worker(engine, poll_seconds=0.2, retry=QUICK, middleware=[Tracing(traces.provider)]) for _ in range(2)
    ]

    def handle(number: int, task: Task) -> None:
        with traces.tracer.start_as_current_span(f"inside {task.topic}"):
            assert number == 1
        if task.attempt < 3:
            raise TransientError("not yet")

    async def handle_async(number: int, task: Task) -> None:
        handle(number, task)

    for worker in workers:
        worker.task("plain")(handle)
        worker.task("async")(handle_async)
        worker.start()
    assert engine.wait_until(lambda: (plain.state, later.state) == ("completed", "completed"))
    for worker in workers:
        worker.stop()

    trace_id, root = start.get_span_context().trace_id, start.get_span_context().span_id
    for topic in ("plain", "async"):
        spans = traces.of(topic)
        assert [dict(span.attributes or {})["bpmn.external_task.attempt"] for span in spans] == [1, 2, 3]
        assert [span.status.status_code for span in spans] == [
            StatusCode.ERROR,
            StatusCode.ERROR,
            StatusCode.UNSET,
        ]
        assert {span.parent.span_id for span in spans if span.parent} == {root}
        inner = traces.of(f"inside {topic}")
        assert [span.parent.span_id for span in inner if span.parent] == [
            span.context.span_id for span in spans if span.context
        ]
    assert {span.context.trace_id for span in traces.spans if span.context} == {trace_id}


@pytest.mark.parametrize("given", [{}, {"traceparent": "wrong"}, {"traceparent": 7}, {"traceparent": None}])
def test_a_process_without_a_trace_has_one_for_each_task(
    engine: FakeEngine, given: Mapping[str, Any]
) -> None:
    traces = Traces()
    worker = Worker(engine, poll_seconds=0.2, middleware=[Tracing(traces.provider)])
    worker.task("topic")(lambda: None)
    tasks = [engine.add_task("topic", given) for _ in range(2)]
    worker.run(once=True)

    assert [task.state for task in tasks] == ["completed"] * 2
    assert [span.parent for span in traces.spans] == [None, None]


def test_no_text_that_may_hold_a_value_is_in_a_span(engine: FakeEngine) -> None:
    traces = Traces()
    worker = Worker(
        engine, poll_seconds=0.2, retry=RetryPolicy(retries=0), middleware=[Tracing(traces.provider)]
    )

    @worker.task("raises")
    def raises(email: str) -> None:
        raise ValueError(email)

    @worker.task("sold")
    def sold() -> None:
        raise BusinessError("NONE_LEFT", "sold to zoe@example.com")

    engine.add_task("raises", {"email": "zoe@example.com"})
    engine.add_task("sold")
    worker.run(once=True)

    assert "zoe@" not in "".join(span.to_json() for span in traces.spans)
    (failed,), (modelled,) = traces.of("raises"), traces.of("sold")
    assert (failed.status.description or "").startswith("ValueError in raises")
    assert dict(modelled.attributes or {})["bpmn.error_code"] == "NONE_LEFT"
    assert modelled.status.status_code is StatusCode.UNSET


def test_outside_a_trace_there_are_no_variables() -> None:
    assert not get_current_span().is_recording()
    assert trace_variables() == {}


ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("environment", "switched_on"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        ({ENDPOINT: "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector/v1/traces"}, True),
        ({ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({ENDPOINT: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://collector:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_an_endpoint_switches_traces_on(environment: dict[str, str], *, switched_on: bool) -> None:
    assert is_switched_on(environment) is switched_on


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({ENDPOINT: "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL with http:// or https://"),
        (
            {ENDPOINT: "http://collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, not 'grpc'",
        ),
    ],
)
def test_variables_that_cannot_be_used_are_refused(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        is_switched_on(environment)


PROGRAM = """
from external_tasks import Worker
from external_tasks.otel import Tracing, configure
from external_tasks.testing import FakeEngine

assert configure("shop-worker")
engine = FakeEngine()
worker = Worker(engine, middleware=[Tracing()])
worker.task("check-stock")(lambda: None)
engine.add_task("check-stock", {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
worker.run(once=True)
"""


def test_a_program_sends_its_traces_to_the_endpoint() -> None:
    with otlp_receiver() as receiver:
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, ENDPOINT: receiver.url},
            check=True,
            timeout=120,
        )

    (span,) = receiver.spans
    assert (span.service, span.name) == ("shop-worker", "check-stock")
    assert (span.trace_id, span.parent_id) == ("a" * 32, "b" * 16)


def test_a_worker_without_traces_does_not_load_opentelemetry() -> None:
    program = "import sys, external_tasks, external_tasks.otel_setup; print('opentelemetry' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_the_program_of_the_document_starts_processes_and_workers(engine: FakeEngine) -> None:
    page = (Path(__file__).parents[3] / "docs" / "tracing.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)  # noqa: S102 - our own document
    started: list[dict[str, Any]] = []

    class Engine(FakeEngine):
        def start(self, _key: str, variables: dict[str, Any]) -> str:
            started.append(variables)
            return "1"

    with Traces().tracer.start_as_current_span("start"):
        names["start_order"](Engine(), "tea")
    worker = names["new_worker"](engine)
    worker.task("topic")(lambda: None)
    task = engine.add_task("topic", started[0])
    worker.run(once=True)

    assert started[0].keys() == {"article", "traceparent"}
    assert task.state == "completed"
