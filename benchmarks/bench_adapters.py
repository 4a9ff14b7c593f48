"""What an adapter itself costs: processor time to build the question for a status and to read its answer.

The answer is a real one of the provider's fake, recorded once over HTTP; the measured part has no socket.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from unittest import mock

import httpx2

from benchmarks.report import Report, Row
from soravid import settings
from soravid.providers import provider_class
from soravid.providers.base import Flow, Provider, Request, Response
from soravid.types import VideoRequest
from tests.fakes.server import serve
from tests.providers.cases import KEY, Case, cases

LIMIT = 100.0  # microseconds
ROUNDS, CALLS = 7, 300


def run() -> Report:
    """Measure every provider that the contract knows."""
    report = Report("Adapters: a status, request and answer, without sockets")
    for name, case in cases().items():
        report.rows.append(Row(f"{name}: status", _measure(case), "µs", below=LIMIT))
    return report


def _measure(case: Case) -> float:
    fake = case.fake()
    fake.api_key, fake.polls_to_finish = KEY, 2
    with serve(fake) as url, mock.patch.dict("os.environ", case.environment(url)):
        name, _, model = case.model.partition("/")
        adapter = provider_class(name)
        provider = adapter(settings.deployment(adapter.profile, model))
        request = VideoRequest(model=case.model, prompt="a red kite", seconds=case.seconds, size=case.size)
        video_id = _drive(provider.create(request))[0].id
        while _drive(provider.retrieve(video_id))[0].status != "completed":
            pass
        _, answers = _drive(provider.retrieve(video_id))
    return min(_round(provider, video_id, answers) for _ in range(ROUNDS))


def _round(provider: Provider, video_id: str, answers: list[Response]) -> float:
    begin = time.process_time()
    for _ in range(CALLS):
        flow = provider.retrieve(video_id)
        next(flow)
        for answer in answers:
            try:
                flow.send(answer)
            except StopIteration:
                break
    return (time.process_time() - begin) / CALLS * 1e6


def _drive(flow: Flow[Any]) -> tuple[Any, list[Response]]:
    """A flow's result and the answers on the way to it."""
    answers: list[Response] = []
    request: Request = next(flow)
    while True:
        body: Mapping[str, Any] = (
            {"files": list(request.files)}
            if request.files
            else {"json": request.json}
            if request.json
            else {}
        )
        headers = dict(request.headers)
        if request.bearer:
            headers["authorization"] = f"Bearer {request.bearer()}"
        answer = httpx2.request(
            request.method, request.url, params=dict(request.params) or None, headers=headers, **body
        )
        answers.append(Response(answer.status_code, dict(answer.headers), answer.content))
        try:
            request = flow.send(answers[-1])
        except StopIteration as end:
            return end.value, answers
