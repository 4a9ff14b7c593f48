"""OpenTelemetry, where it is installed and set up: a span for a job's submit, one for its end, two metrics.

Attributes are of the GenAI semantic conventions, whose status is Development
(github.com/open-telemetry/semantic-conventions-genai: gen-ai-spans.md and gen-ai-metrics.md, 2026).
They have no word for video yet: the operation is their ``generate_content``, the output type our ``video``.
Prompts are never recorded.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soravid.errors import MissingExtra
from soravid.observe.events import Event
from soravid.observe.files import read

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import SpanContext, TracerProvider

_ENDS = {"job.completed", "job.failed", "job.cancelled"}
_ANSWERS = {"job.submitted", "job.refused", "job.unknown"}
_PROVIDERS = {"azure": "azure.ai.openai", "gemini": "gcp.gemini", "vertex_ai": "gcp.vertex_ai", "xai": "x_ai"}
"""The conventions' names of providers, where they are not ours."""
_MOST_JOBS = 10_000
_BUCKETS = [0.01 * 2**n for n in range(19)]
"""Seconds. The conventions' bounds end at 81.92, which is short for video: they go on doubling to 2,621."""

_providers: tuple[TracerProvider | None, MeterProvider | None] | None = None
_instruments: _Instruments | None = None


def opentelemetry(
    tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> None:
    """Record spans and metrics from now on, with these providers, else with the global ones.

    Not needed where the program has set up OpenTelemetry's SDK: that is noticed.

    Raises:
        MissingExtra: OpenTelemetry is not installed.
    """
    global _providers, _instruments
    try:
        import opentelemetry.metrics
        import opentelemetry.trace  # noqa: F401
    except ImportError:
        raise MissingExtra("OpenTelemetry", "otel") from None
    _providers, _instruments = (tracer_provider, meter_provider), None


def caller() -> SpanContext | None:
    """The span in which the caller is, if the program uses OpenTelemetry."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    context: SpanContext = api.get_current_span().get_span_context()
    return context if context.is_valid else None


def traced(event: Event, caller: SpanContext | None, home: Path) -> Event:
    """Record an event, and give it the ids of its span: its own, its job's, or else the caller's."""
    if caller is not None and event.trace_id is None:
        event = replace(event, **_ids(caller))
    instruments = _current()
    return instruments.record(event, caller, home) if instruments else event


def _current() -> _Instruments | None:
    global _instruments
    if _providers is None and not _is_set_up():
        return None
    if _instruments is None:
        _instruments = _Instruments(*(_providers or (None, None)))
    return _instruments


def _is_set_up() -> bool:
    """Whether the program has given OpenTelemetry a tracer provider of the SDK."""
    api, sdk = sys.modules.get("opentelemetry.trace"), sys.modules.get("opentelemetry.sdk.trace")
    return bool(api and sdk and isinstance(api.get_tracer_provider(), sdk.TracerProvider))


class _Instruments:
    """A tracer, the metrics, and the jobs whose end is still to come."""

    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        from opentelemetry import metrics, trace

        self._api = trace
        self._tracer = trace.get_tracer("soravid", tracer_provider=tracer_provider)
        meter = metrics.get_meter("soravid", meter_provider=meter_provider)
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="From the hold of a job's money to its end.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._cost = meter.create_counter(
            "soravid.client.cost", unit="{nano-USD}", description="Settled cost of jobs."
        )
        self._returned = meter.create_counter(
            "soravid.client.cost.returned", unit="{nano-USD}", description="Taken back from settled cost."
        )
        self._held: OrderedDict[str, tuple[float, SpanContext | None]] = OrderedDict()
        self._submits: OrderedDict[str, SpanContext] = OrderedDict()

    def record(self, event: Event, caller: SpanContext | None, home: Path) -> Event:
        """Turn an event into what it means; returns it with the ids of the span that it belongs to."""
        job = event.job_id
        if event.name in {"money.spend", "money.adjust"} and event.cost:
            counter = self._cost if event.cost > 0 else self._returned
            counter.add(abs(event.cost), _of_metrics(event))
        if job is None:
            return event
        if event.name == "job.held":
            _keep(self._held, job, (event.at, caller))
        elif event.name in _ANSWERS:
            return replace(event, **_ids(self._submit(job, event, caller)))
        elif event.name in _ENDS:
            return replace(event, **_ids(self._end(job, event, home)))
        known = self._submits.get(job)
        return replace(event, **_ids(known)) if known else event

    def _submit(self, job: str, event: Event, caller: SpanContext | None) -> SpanContext:
        began, asker = self._held.pop(job, (event.at, caller))
        parent = self._api.set_span_in_context(self._api.NonRecordingSpan(asker)) if asker else None
        context = self._span(f"generate_content {_model(event)}", event, began, parent=parent)
        if event.name == "job.submitted":
            _keep(self._submits, job, context)
        else:
            self._duration.record(max(0.0, event.at - began), _of_metrics(event))
        return context

    def _end(self, job: str, event: Event, home: Path) -> SpanContext:
        submit = self._submits.pop(job, None) or self._from_log(job, home)
        began = event.at - (event.elapsed or 0.0)
        self._duration.record(max(0.0, event.at - began), _of_metrics(event))
        return self._span(f"wait_for_video {_model(event)}", event, began, link=submit)

    def _from_log(self, job: str, home: Path) -> SpanContext | None:
        """The submit's span where another process made it."""
        for event in read(home, job):
            if event.name == "job.submitted" and event.trace_id and event.span_id:
                sampled = self._api.TraceFlags(self._api.TraceFlags.SAMPLED)
                return self._api.SpanContext(
                    int(event.trace_id, 16), int(event.span_id, 16), is_remote=True, trace_flags=sampled
                )
        return None

    def _span(
        self, name: str, event: Event, began: float, *, parent: Any = None, link: SpanContext | None = None
    ) -> SpanContext:
        span = self._tracer.start_span(
            name,
            # Without a parent it begins a trace: what the log's thread is in has nothing to do with it.
            context=parent or self._api.set_span_in_context(self._api.INVALID_SPAN),
            kind=self._api.SpanKind.CLIENT,
            attributes=_of_span(event, name.partition(" ")[0]),
            links=[self._api.Link(link)] if link else [],
            start_time=int(began * 1e9),
        )
        if event.error_code or event.name in {"job.failed", "job.refused", "job.unknown"}:
            span.set_status(self._api.StatusCode.ERROR)  # a provider's message may quote the prompt
        span.end(int(event.at * 1e9))
        return span.get_span_context()


def _keep(jobs: OrderedDict[str, Any], job: str, value: Any) -> None:
    jobs[job] = value
    if len(jobs) > _MOST_JOBS:
        jobs.popitem(last=False)


def _ids(context: SpanContext) -> dict[str, Any]:
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def _model(event: Event) -> str:
    return (event.model or "").partition("/")[2] or event.model or "unknown"


def _of_metrics(event: Event, operation: str = "generate_content") -> dict[str, Any]:
    provider = (event.model or "unknown").partition("/")[0]
    host, _, port = (event.deployment or "").rpartition("@")[2].partition(":")
    known = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": _PROVIDERS.get(provider, provider),
        "gen_ai.request.model": _model(event),
        "server.address": host or None,
        "server.port": (int(port) if port.isdecimal() else 443) if host else None,
        "error.type": _error_type(event),
    }
    return {name: value for name, value in known.items() if value is not None}


def _error_type(event: Event) -> str | None:
    failed = event.name in {"job.failed", "job.refused", "job.unknown", "job.cancelled"}
    return (event.error_code or event.name.partition(".")[2]) if failed else None


def _of_span(event: Event, operation: str) -> dict[str, Any]:
    known = {
        "gen_ai.output.type": "video",
        "gen_ai.request.seed": (event.parameters or {}).get("seed"),
        "gen_ai.response.id": event.video_id,
        "soravid.job.id": event.job_id,
        "soravid.job.status": event.status,
        "soravid.job.attempt": event.attempt,
        "soravid.job.held": event.held,
        "soravid.job.cost": event.cost,
    }
    return _of_metrics(event, operation) | {name: value for name, value in known.items() if value is not None}
