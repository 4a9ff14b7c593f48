"""Spans and metrics by OpenTelemetry's own SDK, in the words of the GenAI conventions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from soravid import observe
from soravid.observe import spans
from tests.core.helpers import python
from tests.observe.helpers import event


def context(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None
    return found


class Recorded:
    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers, self.meters = TracerProvider(), MeterProvider([self.reader])
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))

    def spans(self) -> tuple[ReadableSpan, ...]:
        assert observe.flush(10)
        return self.exporter.get_finished_spans()

    def metrics(self) -> dict[str, Any]:
        assert observe.flush(10)
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: metric.data.data_points
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    record = Recorded()
    observe.opentelemetry(record.tracers, record.meters)
    yield record
    record.tracers.shutdown()
    record.meters.shutdown()


def a_whole_job(**more: Any) -> None:
    observe.emit(event("job.held", at=100.0, **more))
    observe.emit(event("job.submitted", at=100.5, video_id="video_1", status="queued", **more))
    observe.emit(event("job.status", at=130.0, status="in_progress", **more))
    observe.emit(event("money.spend", at=160.0, cost=800_000_000, **more))
    observe.emit(
        event("job.completed", at=160.0, elapsed=60.0, video_id="video_1", status="completed", **more)
    )


def test_a_job_is_two_spans_and_its_end_links_to_its_submit(recorded: Recorded) -> None:
    a_whole_job(parameters={"seconds": "8", "seed": 7}, attempt=1)
    submit, end = recorded.spans()
    assert (submit.name, end.name) == ("generate_content sora-2", "wait_for_video sora-2")
    assert (submit.start_time, submit.end_time) == (100_000_000_000, 100_500_000_000)
    assert (end.start_time, end.end_time) == (100_000_000_000, 160_000_000_000)
    assert [link.context for link in end.links] == [context(submit)]
    assert submit.parent is None
    assert end.parent is None
    assert submit.kind is SpanKind.CLIENT
    assert submit.status.status_code is StatusCode.UNSET
    assert dict(submit.attributes or {}) == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "sora-2",
        "gen_ai.request.seed": 7,
        "gen_ai.output.type": "video",
        "gen_ai.response.id": "video_1",
        "server.address": "api.openai.com",
        "server.port": 443,
        "soravid.job.id": "job_0123456789abcdef",
        "soravid.job.status": "queued",
        "soravid.job.attempt": 1,
        "soravid.job.held": 800_000_000,
    }


def test_the_prompt_is_in_no_span(recorded: Recorded) -> None:
    a_whole_job(prompt="a canary")
    assert "canary" not in "".join(span.to_json() for span in recorded.spans())


def test_a_failure_has_its_type(recorded: Recorded) -> None:
    observe.emit(event("job.submitted"))
    observe.emit(
        event("job.failed", error_code="moderation_blocked", error_message="No: Bearer canary-0123456789abc")
    )
    _, end = recorded.spans()
    assert end.status.status_code is StatusCode.ERROR
    assert (end.attributes or {})["error.type"] == "moderation_blocked"
    assert "canary" not in end.to_json()


@pytest.mark.parametrize("name", ["job.refused", "job.unknown"])
def test_a_submit_that_was_not_taken_is_one_span(recorded: Recorded, name: Any) -> None:
    observe.emit(event("job.held", at=100.0))
    observe.emit(event(name, at=101.0, deployment="openai/sora-2@localhost:8080"))
    (submit,) = recorded.spans()
    assert submit.status.status_code is StatusCode.ERROR
    assert (submit.attributes or {})["error.type"] == name.partition(".")[2]
    assert (submit.attributes or {})["server.port"] == 8080
    (point,) = recorded.metrics()["gen_ai.client.operation.duration"]
    assert point.sum == 1.0


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("azure", "azure.ai.openai"),
        ("gemini", "gcp.gemini"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("xai", "x_ai"),
        ("runwayml", "runwayml"),
    ],
)
def test_providers_have_the_conventions_names(recorded: Recorded, provider: str, name: str) -> None:
    observe.emit(event("job.submitted", model=f"{provider}/m"))
    (submit,) = recorded.spans()
    assert (submit.attributes or {})["gen_ai.provider.name"] == name


def test_duration_and_cost_are_measured(recorded: Recorded) -> None:
    a_whole_job()
    a_whole_job(job_id="job_b")
    observe.emit(event("money.adjust", cost=-300_000_000))
    metrics = recorded.metrics()
    (duration,) = metrics["gen_ai.client.operation.duration"]
    assert (duration.count, duration.sum) == (2, 120.0)
    assert duration.explicit_bounds[:14] == pytest.approx(
        (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
    )
    assert duration.attributes == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "sora-2",
        "server.address": "api.openai.com",
        "server.port": 443,
    }
    (cost,), (returned,) = metrics["soravid.client.cost"], metrics["soravid.client.cost.returned"]
    assert (cost.value, returned.value) == (1_600_000_000, 300_000_000)


def test_the_submit_belongs_to_the_callers_span(recorded: Recorded) -> None:
    with recorded.tracers.get_tracer("test").start_as_current_span("cell") as cell:
        a_whole_job()
    submit, end = (span for span in recorded.spans() if span.name != "cell")
    assert submit.parent is not None
    assert submit.parent.span_id == cell.get_span_context().span_id
    assert context(submit).trace_id == cell.get_span_context().trace_id
    assert end.links[0].context.span_id == context(submit).span_id


def test_the_logs_lines_name_their_span(recorded: Recorded) -> None:
    a_whole_job()
    submit, end = (f"{context(span).span_id:016x}" for span in recorded.spans())
    logged = {each.name: each.span_id for each in observe.read()}
    assert logged == {
        "job.held": None,
        "job.submitted": submit,
        "job.status": submit,
        "money.spend": submit,
        "job.completed": end,
    }


def test_the_end_links_to_a_submit_of_another_process(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe.emit(event("job.submitted"))
    (submit,) = recorded.spans()
    monkeypatch.setattr(spans, "_instruments", None)  # as in a process that resumes the job
    observe.emit(event("job.completed"))
    end = recorded.spans()[-1]
    assert end.links[0].context.span_id == context(submit).span_id


def test_without_a_provider_nothing_is_recorded() -> None:
    observe.emit(event("job.submitted"))
    assert observe.flush(10)
    assert spans._instruments is None
    assert [each.trace_id for each in observe.read()] == [None]


def test_the_programs_own_provider_is_noticed(home: Path) -> None:
    code = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from soravid import observe
exporter = InMemorySpanExporter()
observe.emit(observe.Event(name="job.submitted", at=1.0, job_id="job_a", model="xai/m"))
observe.flush()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
observe.emit(observe.Event(name="job.submitted", at=1.0, job_id="job_b", model="xai/m"))
observe.flush()
print([span.attributes["soravid.job.id"] for span in exporter.get_finished_spans()])
"""
    assert python(code) == "['job_b']\n"


def test_a_python_without_opentelemetry_is_told_only_when_it_asks(home: Path) -> None:
    code = """
import sys
sys.modules["opentelemetry"] = None  # as if it were not installed
from soravid import observe
observe.emit(observe.Event(name="job.submitted", at=1.0))
observe.flush()
try:
    observe.opentelemetry()
except observe.spans.MissingExtra as missing:
    print(missing.hint)
"""
    assert python(code) == 'Install it: pip install "soravid[otel]"\n'


def test_an_unsampled_caller_keeps_its_jobs_unsampled(recorded: Recorded) -> None:
    unsampled = trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(0))
    with trace.use_span(trace.NonRecordingSpan(unsampled)):
        observe.emit(event("job.held"))
        observe.emit(event("job.submitted"))
    assert recorded.spans() == ()
