"""The metrics for an OpenTelemetry collector: names, labels and values are those that Prometheus reads."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

log = logging.getLogger(__name__)

_SCOPE = InstrumentationScope("external_task_operator")
_LAST_SECONDS = 3.0
"""How long the last metrics may take at the end of the operator."""


class OtlpMetrics:
    """Sends all metrics of a registry again and again, from a thread of its own.

    A collector that does not answer costs nothing but one line in the log, and one when it answers again.

    Args:
        registry: of Prometheus.
        exporter: sends them.
        seconds: from one time to the next.
        resource: what the metrics are of.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        exporter: MetricExporter,
        *,
        seconds: float,
        resource: Resource,
    ) -> None:
        self._registry, self._exporter = registry, exporter
        self._seconds, self._resource = seconds, resource
        self._began = time.time_ns()
        self._failing = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="otlp", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Send the last values, and end."""
        self._stop.set()
        self._thread.join(_LAST_SECONDS)
        self._exporter.shutdown()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._send()
        self._send()

    def _send(self) -> None:
        why = ""
        try:
            sent = self._exporter.export(
                metrics_data(self._registry, self._resource, self._began, time.time_ns())
            )
        except Exception as error:  # noqa: BLE001 - of any library below; the operator works without a collector
            why = type(error).__name__
        else:
            why = "" if sent is MetricExportResult.SUCCESS else "the collector does not take them"
        if bool(why) != self._failing:
            self._failing = bool(why)
            if why:
                log.warning("Metrics are not sent", extra={"error": why})
            else:
                log.info("Metrics are sent again")


def to_collector(
    registry: CollectorRegistry, *, seconds: float, attributes: Mapping[str, str]
) -> OtlpMetrics:
    """Return what sends a registry's metrics to where OpenTelemetry's environment variables say.

    Args:
        registry: of Prometheus.
        seconds: from one time to the next.
        attributes: of what the metrics are of.
    """
    # The exporter's own lines name each attempt; one line when it begins to fail is enough.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    return OtlpMetrics(
        registry, OTLPMetricExporter(), seconds=seconds, resource=Resource.create(dict(attributes))
    )


def metrics_data(registry: CollectorRegistry, resource: Resource, began: int, now: int) -> MetricsData:
    """Return what a registry holds as OpenTelemetry's data.

    Args:
        registry: of Prometheus.
        resource: what the metrics are of.
        began: since when counters count, in nanoseconds of the epoch.
        now: the time of the values, likewise.
    """
    metrics = [metric for family in registry.collect() if (metric := _metric(family, began, now))]
    scope = ScopeMetrics(scope=_SCOPE, metrics=metrics, schema_url="")
    return MetricsData([ResourceMetrics(resource=resource, scope_metrics=[scope], schema_url="")])


def _metric(family: Family, began: int, now: int) -> Metric | None:
    data: Sum | Gauge | Histogram
    name = family.name
    if family.type == "counter":
        name = f"{family.name}_total"
        points = _numbers(family.samples, name, began, now)
        data = Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True)
    elif family.type == "histogram":
        data = Histogram(_histograms(family, began, now), AggregationTemporality.CUMULATIVE)
    else:
        data = Gauge(_numbers(family.samples, name, None, now))
    if not data.data_points:
        return None
    return Metric(name, family.documentation, "s" if family.name.endswith("_seconds") else "", data)


def _numbers(samples: Iterable[Sample], name: str, began: int | None, now: int) -> list[NumberDataPoint]:
    return [
        NumberDataPoint(sample.labels, began or 0, now, sample.value)
        for sample in samples
        if sample.name == name
    ]


def _histograms(family: Family, began: int, now: int) -> list[HistogramDataPoint]:
    parts: dict[tuple[tuple[str, str], ...], dict[str, Any]] = defaultdict(
        lambda: {"bounds": [], "counts": []}
    )
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        part = parts[tuple(sorted(labels.items()))]
        if sample.name.endswith("_bucket"):
            part["bounds"].append(float(sample.labels["le"]))
            part["counts"].append(int(sample.value))
        else:
            part[sample.name.removeprefix(f"{family.name}_")] = sample.value
    return [_histogram(dict(labels), part, began, now) for labels, part in parts.items()]


def _histogram(
    labels: Mapping[str, str], part: Mapping[str, Any], began: int, now: int
) -> HistogramDataPoint:
    # Prometheus counts all up to each bound, OpenTelemetry what lies between two, without naming infinity.
    counts = [high - low for low, high in zip([0, *part["counts"]], part["counts"], strict=False)]
    return HistogramDataPoint(
        attributes=labels,
        start_time_unix_nano=began,
        time_unix_nano=now,
        count=int(part["count"]),
        sum=float(part["sum"]),
        bucket_counts=counts,
        explicit_bounds=part["bounds"][:-1],
        min=None,  # type: ignore[arg-type]  # optional in OTLP; Prometheus does not keep it
        max=None,  # type: ignore[arg-type]  # likewise
    )
