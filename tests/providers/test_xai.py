"""xAI's wire. Its official Python SDK speaks gRPC, so there is no peer that puts requests on this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import soravid
from soravid import errors, planning
from soravid.deployments import Deployment
from soravid.providers.base import Response
from soravid.providers.xai import XAI
from soravid.types import Video
from tests.fakes.server import serve
from tests.fakes.xai import MODERATED, XAIFake
from tests.providers.cases import KEY

MODEL = "xai/grok-imagine-video-1.5"
ID = "5a3e7c1e-0c2f-4f5e-9a4e-0d8f3c1b2a90"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[XAIFake]:
    fake = XAIFake(api_key=KEY)
    with serve(fake) as url:
        monkeypatch.setenv("XAI_API_KEY", KEY)
        monkeypatch.setenv("XAI_API_BASE", url)  # the /v1 that people leave out is added
        yield fake


def told(status: int, body: bytes) -> Video:
    """What a status answer is read as."""
    deployment = Deployment(provider="xai", model="m", api_base="https://x", own_host=True, api_key=KEY)
    flow = XAI(deployment).retrieve(ID)
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Response(status, {}, body))
    video: Video = end.value.value
    return video


def test_a_pending_answer_is_accepted_not_done() -> None:
    video = told(202, b'{"status":"pending","progress":30}')
    assert (video.status, video.progress) == ("queued", 30)


def test_what_was_charged_is_read_from_the_ticks() -> None:
    body = b'{"status":"done","video":{"url":"https://vidgen.x.ai/a.mp4","duration":6},"usage":{"cost_in_usd_ticks":4800000001}}'
    video = told(200, body)
    assert (video.status, video.seconds, video._bill) == ("completed", "6", 480_000_001)  # never rounded down


def test_a_refusal_of_the_poll_ends_the_job_and_is_billed() -> None:
    body = b'{"code":"imagine:content-moderated","error":"No.","usage":{"cost_in_usd_ticks":3000000000}}'
    video = told(400, body)
    assert video.error is not None
    assert (video.status, video.error.code, video.error.provider_code) == (
        "failed",
        "moderation_blocked",
        MODERATED,
    )
    assert (video.error.message, video._bill) == ("No.", 300_000_000)


def test_an_expired_request_has_failed() -> None:
    assert told(200, b'{"status":"expired"}').status == "failed"


def test_a_malformed_id_is_not_found(fake: XAIFake) -> None:
    with pytest.raises(errors.NotFound):
        soravid.video_status("not-an-id", model=MODEL)


@pytest.mark.parametrize(("operation", "path"), [("edit", "edits"), ("extend", "extensions")])
def test_an_edit_and_an_extension_are_of_the_sources_present_link(
    fake: XAIFake, operation: str, path: str
) -> None:
    source = soravid.generate("a kite", model=MODEL, seconds=4).wait()
    seconds = {"seconds": 3} if operation == "extend" else {}
    made = soravid.generate("in snow", operation=operation, video_id=source.job_id, **seconds).wait()  # type: ignore[arg-type]
    call = fake.asked("POST", path)[0]
    assert call.fields["video"]["url"].endswith("signature=3")  # the first two were status and download
    assert made.model == MODEL
    assert fake.creates == 2


def test_a_remix_names_the_models_that_can() -> None:
    with pytest.raises(errors.UnsupportedOperation, match=r"cannot remix a video\. .* can\."):
        soravid.estimate("x", model=MODEL, operation="remix", video_id="v", api_key="k")


def test_a_fraction_of_a_second_is_told_before_anything_is_sent(fake: XAIFake) -> None:
    with pytest.raises(errors.InvalidRequest, match="seconds"):
        soravid.generate("a kite", model=MODEL, seconds="4.5")
    assert (fake.requests, planning.current().journal.recent()) == ([], [])
