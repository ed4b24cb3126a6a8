"""Prometheus metrics of one service process, which serves all its requests in threads."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.request_seconds = Histogram(
            "hotel_http_request_seconds",
            "Seconds from a request's first line to its answer",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "hotel_http_requests_in_flight", "Requests being served", registry=self.registry
        )
        self.database_retries = Counter(
            "hotel_database_retries_total",
            "Attempts at a unit of work that failed because of the database",
            ["reason"],
            registry=self.registry,
        )
        self.swept = Counter(
            "hotel_swept_total", "Rows that sweeps found expired", ["what"], registry=self.registry
        )

    def watch_pool(self, engine: Engine) -> None:
        """Report the engine's connection pool too."""
        self.registry.register(_PoolCollector(engine))


class _PoolCollector(Collector):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the pool's present figures."""
        family = GaugeMetricFamily(
            "hotel_database_connections", "Connections to the database", labels=["state"]
        )
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            family.add_metric(["in_use"], pool.checkedout())
            family.add_metric(["idle"], pool.checkedin())
            family.add_metric(["limit"], pool.size())
        yield family
