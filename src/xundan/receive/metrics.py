"""GET /metrics: the numbers that tell how Xundan is doing, in Prometheus' text format."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from xundan.receive.gate import Gate
from xundan.receive.services import Services
from xundan.receive.traffic import BUCKETS, Traffic

METRICS: dict[str, str] = {
    "xundan_facts": "Facts by kind, source and what became of them: accepted, duplicate or rejected.",
    "xundan_scores": "Customer messages that the model was asked about: made, or why not: late, overloaded or failed.",
    "xundan_score_cache": "Questions asked of the memory of scores: hit or miss.",
    "xundan_score_batches": "Passes of the model over live messages.",
    "xundan_score_waiting": "Questions that wait for the model now.",
    "xundan_model": "1 for the version of the model that scores.",
    "xundan_model_switches": "Activations of another model: followed (done), or refused because it failed its check.",
    "xundan_http_requests": "Answers by endpoint and status.",
    "xundan_http_seconds": "Time from the head of a request to the end of its answer, by endpoint.",
    "xundan_log_offset": "Offset of the newest entry of the log.",
    "xundan_store_position": "Log offset up to which the store contains everything.",
    "xundan_runner_lag": "Entries of the log that the runner has not yet carried into the store.",
    "xundan_runner_dead_letters": "Facts that the runner could not digest and put aside since it started.",
    "xundan_runner_up": "1 while the runner works, 0 when it has stopped with an error.",
}
"""Every metric of ours by name, with its meaning; `process_*` come from the Prometheus client."""

FORWARDED = ("forwarded", "x-forwarded-for", "via")


class Metrics:
    """The handler."""

    def __init__(self, services: Services, gate: Gate, traffic: Traffic) -> None:
        self._gate = gate
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Figures(services, traffic))
        ProcessCollector(registry=self._registry)

    async def metrics(self, request: Request) -> Response:
        """Every number at once."""
        if not _from_here(request):
            self._gate.admit(request, "metrics")
        text = await run_in_threadpool(generate_latest, self._registry)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


class Figures(Collector):
    """Reads the numbers when they are asked for, so that counting costs next to nothing."""

    def __init__(self, services: Services, traffic: Traffic) -> None:
        self._services = services
        self._traffic = traffic

    def collect(self) -> Iterator[Metric]:
        yield from self._intake()
        yield from self._http()
        yield from self._runner()

    def _intake(self) -> Iterator[Metric]:
        facts = _counter("xundan_facts", "kind", "source", "status")
        scores = _counter("xundan_scores", "outcome")
        for labels, count in list(self._services.intake.counts.items()):
            family = scores if labels[0] == "score" else facts
            family.add_metric(labels[1:] if labels[0] == "score" else labels, count)
        yield facts
        yield scores
        if self._services.intake.scorer is not None:
            yield from _scorer(self._services.intake.scorer.status())
            yield from self._models()

    def _models(self) -> Iterator[Metric]:
        version = GaugeMetricFamily("xundan_model", METRICS["xundan_model"], labels=["version"])
        version.add_metric([self._services.intake.model], 1)
        yield version
        if (models := self._services.models) is not None:
            switches = _counter("xundan_model_switches", "outcome")
            switches.add_metric(["done"], models.switched)
            switches.add_metric(["refused"], models.refused)
            yield switches

    def _http(self) -> Iterator[Metric]:
        answers = _counter("xundan_http_requests", "endpoint", "status")
        for (endpoint, status), count in list(self._traffic.answers.items()):
            answers.add_metric([endpoint, str(status)], count)
        yield answers
        seconds = HistogramMetricFamily("xundan_http_seconds", METRICS["xundan_http_seconds"], labels=["endpoint"])
        bounds = [*map(str, BUCKETS), "+Inf"]
        for endpoint, counts in list(self._traffic.durations.items()):
            buckets = list(zip(bounds, map(float, accumulate(counts)), strict=True))
            seconds.add_metric([endpoint], buckets, self._traffic.seconds[endpoint])
        yield seconds

    def _runner(self) -> Iterator[Metric]:
        status = self._services.runner.status()
        yield _gauge("xundan_log_offset", self._services.log.last_offset())
        yield _gauge("xundan_store_position", status["position"])
        yield _gauge("xundan_runner_lag", status["lag"])
        yield _gauge("xundan_runner_dead_letters", status["dead"])
        yield _gauge("xundan_runner_up", not status["error"])


def _scorer(status: dict[str, int]) -> Iterator[Metric]:
    cache = _counter("xundan_score_cache", "outcome")
    cache.add_metric(["hit"], status["hits"])
    cache.add_metric(["miss"], status["misses"])
    yield cache
    batches = _counter("xundan_score_batches")
    batches.add_metric([], status["batches"])
    yield batches
    yield _gauge("xundan_score_waiting", status["waiting"])


def _counter(name: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, METRICS[name], labels=labels)


def _gauge(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, METRICS[name], value=value)


def _from_here(request: Request) -> bool:
    """Whether the caller sits on this machine; what a proxy on this machine passes on does not."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
