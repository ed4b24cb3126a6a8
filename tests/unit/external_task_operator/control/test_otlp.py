"""A collector gets what Prometheus reads, and one that is not there costs nothing but a line."""

import gzip
import logging
from collections.abc import Iterator

import pytest
from external_task_operator.control.otlp import OtlpMetrics, to_collector
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from support.http_stub import HttpStub, Request, http_stub
from support.waiting import eventually

ATTRIBUTES = {"service.name": "scaler", "k8s.pod.name": "operator-0"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpStub]:
    with http_stub() as stub:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", f"{stub.url}/v1/metrics")
        yield stub


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("scaler_polls", "Polls.", ["outcome"], registry=registry).labels("ok").inc(3)
    Gauge("scaler_replicas", "Replicas.", ["kind"], registry=registry).labels("desired").set(4)
    lateness = Histogram("scaler_lateness_seconds", "Lateness.", registry=registry, buckets=(0.1, 1))
    for seconds in (0.05, 0.5, 0.6, 7):
        lateness.observe(seconds)
    Histogram("scaler_never_seconds", "Never.", ["who"], registry=registry)
    return registry


def sending(registry: CollectorRegistry, seconds: float = 0.05) -> OtlpMetrics:
    return to_collector(registry, seconds=seconds, attributes=ATTRIBUTES)


def read(request: Request) -> ExportMetricsServiceRequest:
    body = (
        gzip.decompress(request.body) if request.headers.get("Content-Encoding") == "gzip" else request.body
    )
    found = ExportMetricsServiceRequest()
    found.ParseFromString(body)
    return found


def metrics_of(request: Request) -> dict[str, Metric]:
    (resource,) = read(request).resource_metrics
    (scope,) = resource.scope_metrics
    return {metric.name: metric for metric in scope.metrics}


def test_a_collector_gets_names_labels_and_values_of_prometheus(
    collector: HttpStub, registry: CollectorRegistry
) -> None:
    otlp = sending(registry)
    otlp.start()
    eventually(lambda: len(collector.requests) >= 2)
    otlp.close()

    metrics = metrics_of(collector.requests[0])
    assert metrics.keys() == {"scaler_polls_total", "scaler_replicas", "scaler_lateness_seconds"}
    (polls,) = metrics["scaler_polls_total"].sum.data_points
    assert (polls.as_double, [(a.key, a.value.string_value) for a in polls.attributes]) == (
        3,
        [("outcome", "ok")],
    )
    assert metrics["scaler_polls_total"].sum.is_monotonic
    assert 0 < polls.start_time_unix_nano <= polls.time_unix_nano
    (replicas,) = metrics["scaler_replicas"].gauge.data_points
    assert replicas.as_double == 4
    (lateness,) = metrics["scaler_lateness_seconds"].histogram.data_points
    assert metrics["scaler_lateness_seconds"].unit == "s"
    assert (lateness.count, list(lateness.bucket_counts), list(lateness.explicit_bounds)) == (
        4,
        [1, 2, 1],
        [0.1, 1],
    )
    assert not lateness.HasField("min")
    attributes = read(collector.requests[0]).resource_metrics[0].resource.attributes
    assert ATTRIBUTES.items() <= {each.key: each.value.string_value for each in attributes}.items()


def test_the_last_values_are_sent_at_the_end(collector: HttpStub, registry: CollectorRegistry) -> None:
    otlp = sending(registry, seconds=3600)
    otlp.start()

    otlp.close()

    assert len(collector.requests) == 1


def test_a_collector_that_is_not_there_is_one_line(
    registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    caplog.set_level(logging.INFO)
    otlp = sending(registry)
    otlp.start()
    eventually(lambda: "Metrics are not sent" in caplog.messages)
    otlp.close()

    assert caplog.messages.count("Metrics are not sent") == 1
    assert {record.name for record in caplog.records} <= {"external_task_operator.control.otlp"}
