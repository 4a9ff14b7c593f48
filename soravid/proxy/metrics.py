"""What Prometheus asks for. Money and jobs in flight are read from the ledger, what happens is counted here.

Each replica counts its own creates, refusals and webhooks, and tells the same of the ledger that all share.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator

from prometheus_client import Counter, Histogram, Info
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response

from soravid import __version__, loop, observe
from soravid.ledger.spending import Spending, Stand
from soravid.money import to_usd
from soravid.observe import Event
from soravid.proxy import refusals
from soravid.proxy.bills import LABELS
from soravid.proxy.outgoing import Outgoing
from soravid.proxy.parts import Parts

PLAIN = "text/plain"
_FRESH, _STORE_FRESH = 5.0, 60.0
"""Seconds for which the ledger's sums, and the size of the media store, are taken for what they were."""
_MOST_KEYS = 100
"""Keys that are told one by one; the others, which have spent less, are one."""
_CREATE = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_JOB = (5, 10, 20, 30, 60, 120, 180, 300, 600, 1200, 3600)
_OUTCOMES = {"job.submitted": "taken", "job.refused": "refused", "job.unknown": "unknown"}
_ENDS = {"job.completed": "completed", "job.failed": "failed", "job.cancelled": "cancelled"}


class Metrics:
    """The metrics of one proxy."""

    def __init__(self, parts: Parts, outgoing: Outgoing) -> None:
        self._parts = parts
        self._registry = registry = CollectorRegistry()
        provider = ("provider",)
        self._creates = Counter(
            "soravid_creates", "Creates by what came of them.", ("provider", "outcome"), registry=registry
        )
        self._ends = Counter(
            "soravid_jobs_ended", "Jobs by how they ended.", ("provider", "status"), registry=registry
        )
        self._answers = Histogram(
            "soravid_create_seconds",
            "Until a provider has taken a job.",
            provider,
            buckets=_CREATE,
            registry=registry,
        )
        self._lengths = Histogram(
            "soravid_job_seconds", "Until a clip is made.", provider, buckets=_JOB, registry=registry
        )
        Info("soravid", "The running version.", registry=registry).info({"version": __version__})
        ProcessCollector(registry=registry)
        registry.register(_Counted(outgoing))
        registry.register(_Ledger(parts, outgoing))

    def start(self) -> None:
        """Begin to count."""
        observe.subscribe(self._heard)

    def stop(self) -> None:
        """Count no more."""
        observe.unsubscribe(self._heard)

    async def show(self, request: Request) -> Response:
        """The metrics, for Prometheus. The master key opens them, and so does ``metrics_key``."""
        own = self._parts.options.operating.metrics_key
        given = request.headers.get("authorization", "").encode()
        if own is None or not hmac.compare_digest(given, f"Bearer {own}".encode()):
            await self._parts.access.master(request.headers)
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        body = await loop.in_thread(encode, self._registry)
        return Response(body, headers={"content-type": kind})

    def _heard(self, event: Event) -> None:
        """On the log's thread: something has happened to a job."""
        provider = (event.model or "").partition("/")[0]
        if outcome := _OUTCOMES.get(event.name):
            self._creates.labels(provider, outcome).inc()
            if outcome == "taken" and event.elapsed is not None:
                self._answers.labels(provider).observe(event.elapsed)
        elif status := _ENDS.get(event.name):
            self._ends.labels(provider, status).inc()
            if status == "completed" and event.elapsed is not None:
                self._lengths.labels(provider).observe(event.elapsed)


class _Counted(Collector):
    """What is counted elsewhere in this process."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def collect(self) -> Iterator[Metric]:
        refused = CounterMetricFamily("soravid_refusals", "Refusals by code.", labels=("status", "code"))
        for (status, code), count in refusals.counts.copy().items():
            refused.add_metric((str(status), code), count)
        yield refused
        sent = CounterMetricFamily("soravid_webhook_tries", "Webhooks sent by outcome.", labels=("outcome",))
        for outcome, count in self._outgoing.outcomes.copy().items():
            sent.add_metric((outcome,), count)
        yield sent
        lost = CounterMetricFamily("soravid_events_lost", "Events that the log could not keep.")
        lost.add_metric((), observe.lost())
        yield lost


class _Ledger(Collector):
    """What the database and the disk tell, asked for once in a while. Blocking."""

    def __init__(self, parts: Parts, outgoing: Outgoing) -> None:
        self._spending = Spending.of(parts.line.journal, LABELS)
        self._keys, self._outgoing, self._store = parts.issuer.keys, outgoing, parts.store
        self._asked_at, self._known = 0.0, list[Metric]()
        self._sized_at, self._size = 0.0, (0, 0)

    def describe(self) -> list[Metric]:
        """Nothing: the database need not answer when the registry is made."""
        return []

    def collect(self) -> list[Metric]:
        now = time.monotonic()
        if not self._known or now >= self._asked_at + _FRESH:
            if now >= self._sized_at + _STORE_FRESH:
                self._size, self._sized_at = self._store.measured(), now
            providers = self._spending.of_accounts("provider")
            self._known = [*_stands("provider", providers), *_stands("key", self._of_keys()), *self._others()]
            self._asked_at = now
        return self._known

    def _of_keys(self) -> dict[str, Stand]:
        """How the dearest keys stand, by what people call them; the others together."""
        stands = self._spending.of_accounts("key")
        dearest = sorted(stands, key=lambda key: -stands[key].spent - stands[key].held)
        named = self._keys.names(dearest[:_MOST_KEYS])
        found: dict[str, Stand] = {}
        for number, key in enumerate(dearest):
            name = named.get(key, key) if number < _MOST_KEYS else "(others)"
            before = found.get(name, Stand(0, 0, 0))
            found[name] = Stand(*(a + b for a, b in zip(before, stands[key], strict=True)))
        return found

    def _others(self) -> Iterator[Metric]:
        clips, size = self._size
        waiting = self._outgoing.deliveries.waiting()
        for name, text, value in (
            ("soravid_store_bytes", "Bytes in the media store.", size),
            ("soravid_store_files", "Clips and stills in the media store.", clips),
            ("soravid_webhooks_waiting", "Webhooks that have not arrived yet.", waiting),
        ):
            yield GaugeMetricFamily(name, text, value)


def _stands(kind: str, stands: dict[str, Stand]) -> Iterator[Metric]:
    prefix = "soravid" if kind == "provider" else "soravid_key"
    spent = GaugeMetricFamily(f"{prefix}_spent_usd", f"What each {kind} has spent.", labels=(kind,))
    held = GaugeMetricFamily(f"{prefix}_held_usd", f"What each {kind} holds.", labels=(kind,))
    running = GaugeMetricFamily(f"{prefix}_jobs_in_flight", f"Jobs of each {kind}.", labels=(kind,))
    for name, stand in stands.items():
        spent.add_metric((name,), float(to_usd(stand.spent)))
        held.add_metric((name,), float(to_usd(stand.held)))
        running.add_metric((name,), stand.running)
    yield from (spent, held, running)
