"""xAI's wire: Vercel's client beside ours, for the official Python SDK speaks gRPC; and the wire's traps."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any, Literal

import pytest

import soravid
from soravid import errors, planning
from soravid.deployments import Deployment
from soravid.providers.base import Response
from soravid.providers.xai import XAI
from soravid.refusals import REFUSED
from soravid.types import Reference, Video
from tests.core.helpers import picture_bytes
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.fakes.xai import MODERATED, XAIFake
from tests.peers import Client, PeerError, Peers
from tests.providers.cases import KEY
from tests.providers.parity import differences

NAME = "grok-imagine-video-1.5"
MODEL = f"xai/{NAME}"
PICTURE = Reference(picture_bytes(64, 36), "image/png", "kite.png")
ID = "5a3e7c1e-0c2f-4f5e-9a4e-0d8f3c1b2a90"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[XAIFake]:
    fake = XAIFake(api_key=KEY)
    with serve(fake) as url:
        monkeypatch.setenv("XAI_API_KEY", KEY)
        monkeypatch.setenv("XAI_API_BASE", url)  # the /v1 that people leave out is added
        yield fake


@pytest.fixture
def vercel(peers: Peers, fake: XAIFake) -> Client:
    """Vercel's client at the fake: makes a clip, polls and fetches it."""
    return peers.client("vercel", os.environ["XAI_API_BASE"], KEY, provider="xai", model=NAME)


def told(status: int, body: bytes) -> Video:
    """What a status answer is read as."""
    deployment = Deployment(provider="xai", model="m", api_base="https://x", own_host=True, api_key=KEY)
    flow = XAI(deployment).retrieve(ID)
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Response(status, {}, body))
    video: Video = end.value.value
    return video


# --- Vercel's client ---


def test_vercels_client_makes_a_clip_and_fetches_it(fake: XAIFake, vercel: Client) -> None:
    made = vercel(prompt="a kite", duration=4, resolution="1280x720")
    (job,) = fake.jobs
    assert made["sha256"] == hashlib.sha256(fake.bytes_of(job)).hexdigest()
    assert (made["mediaType"], made["warnings"]) == ("video/mp4", [])
    said = made["told"]
    assert (said["requestId"], said["duration"], said["costInUsdTicks"]) == (job, 4, 5_600_000_000)
    assert len(fake.asked("GET", job)) == fake.polls_to_finish


@pytest.mark.parametrize(
    ("prompt", "code", "words"),
    [
        ("[refuse]", 400, f"{MODERATED}: The prompt was rejected"),
        ("[moderation]", 400, f"{MODERATED}: The video was rejected"),
        ("[error]", None, "Video generation failed: It broke."),
        ("[429]", 429, "Too many requests"),
        ("[500]", 500, "Internal error"),
    ],
)
def test_vercels_client_raises_what_goes_wrong(
    vercel: Client, prompt: str, code: int | None, words: str
) -> None:
    with pytest.raises(PeerError, match=words) as caught:
        vercel(prompt=prompt, duration=4)
    assert caught.value.code == code


def test_vercels_client_raises_what_is_not_taken(fake: XAIFake, vercel: Client) -> None:
    with pytest.raises(PeerError, match="duration must be an integer from 1 to 15") as caught:
        vercel(prompt="a kite", duration=16)
    assert caught.value.code == 400
    fake.api_key = "another"
    with pytest.raises(PeerError, match="Incorrect API key") as caught:
        vercel(prompt="a kite", duration=4)
    assert (caught.value.code, fake.creates) == (401, 0)


def last(fake: XAIFake, method: str = "POST", ending: str = "") -> Recorded:
    return fake.asked(method, ending)[-1]


WIDE = {"aspectRatio": "16:9", "resolution": "1280x720"}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"duration": 4, **WIDE}, {"seconds": 4, "size": "1280x720"}),
        (
            {"duration": 15, "aspectRatio": "9:16", "providerOptions": {"xai": {"resolution": "1080p"}}},
            {"seconds": 15, "size": "1080x1920"},
        ),
        (
            {"duration": 4, **WIDE, "frameImages": [{"image": PICTURE.data_url, "frameType": "first_frame"}]},
            {"seconds": 4, "size": "1280x720", "input_reference": PICTURE.data},
        ),
        (
            {"duration": 4, **WIDE, "inputReferences": [PICTURE.data_url] * 2},
            {"seconds": 4, "size": "1280x720", "references": [PICTURE.data] * 2},
        ),
    ],
    ids=["text", "tall", "frame", "references"],
)
def test_a_create_is_asked_for_as_vercels_client_asks(
    fake: XAIFake, vercel: Client, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    vercel(prompt="a kite", **theirs)
    asked = last(fake)
    soravid.generate("a kite", model=MODEL, **ours).wait()
    assert differences(asked, last(fake)) == {}


def test_what_is_left_open_is_ours_to_say(fake: XAIFake, vercel: Client) -> None:
    """What is held is what was ordered, so duration and size are never left to the server."""
    vercel(prompt="a kite")
    asked = last(fake)
    soravid.generate("a kite", model=MODEL).wait()
    assert differences(asked, last(fake)) == {
        "field.duration": (None, "6"),
        "field.aspect_ratio": (None, '"16:9"'),
        "field.resolution": (None, '"720p"'),
    }


@pytest.mark.parametrize(
    ("operation", "mode", "path", "length"),
    [("edit", "edit-video", "edits", {}), ("extend", "extend-video", "extensions", {"seconds": 3})],
)
def test_a_clip_as_input_is_asked_for_as_vercels_client_asks(
    fake: XAIFake,
    vercel: Client,
    operation: Literal["edit", "extend"],
    mode: str,
    path: str,
    length: dict[str, Any],
) -> None:
    source = soravid.generate("a kite", model=MODEL, seconds=4).wait()
    soravid.generate("in snow", operation=operation, video_id=source.job_id, **length).wait()
    ours = last(fake, "POST", path)
    link = ours.fields["video"]["url"]
    duration = {"duration": length["seconds"]} if length else {}
    vercel(prompt="in snow", **duration, providerOptions={"xai": {"mode": mode, "videoUrl": link}})
    assert differences(last(fake, "POST", path), ours) == {}


def test_a_status_is_asked_for_as_vercels_client_asks(fake: XAIFake, vercel: Client) -> None:
    vercel(prompt="a kite")
    soravid.generate("a kite", model=MODEL).wait()
    paths = [f"/v1/videos/{job}" for job in fake.jobs]
    theirs, ours = (last(fake, "GET", path) for path in paths)
    assert differences(theirs, ours) == {"path": tuple(paths)}  # each asks for its own


# --- what the wire's answers mean ---


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


def test_a_pending_answer_without_a_body_is_a_job_that_runs() -> None:
    assert told(202, b"").status == "in_progress"


def test_a_clip_that_did_not_respect_moderation_is_a_refusal() -> None:
    clip = (
        b'{"status": "done", "video": {"url": "https://x/c.mp4", "duration": 6, "respect_moderation": false}}'
    )
    video = told(200, clip)
    assert (video.status, video.error and video.error.code) == ("failed", REFUSED)
