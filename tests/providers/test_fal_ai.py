"""fal's queue beside its official SDK (fal-client): the models' inputs, jobs' addresses, ends and cancels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import fal_client
import httpx
import pytest
from fal_client.client import BackupDomainTransport, FalClientHTTPError

import soravid
from soravid import catalog, errors, planning
from soravid.deployments import Deployment
from soravid.providers.base import Flow, Request, Response
from soravid.providers.fal_ai import FalAI
from soravid.transport import Transport
from soravid.types import Reference, Video, VideoRequest
from tests.core.helpers import jobs, kinds, save_picture, until
from tests.fakes.fal_ai import CANCELLED, VIOLATION, FalAIFake
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.providers.cases import KEY
from tests.providers.parity import differences

APP = "bytedance/seedance-2.5"
MODEL = f"fal_ai/{APP}"
BASE = "https://queue.fal.example"
ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
PICTURE = Reference(b"\xff\xd8\xff" + bytes(60), "image/jpeg", "kite.jpg")
DATA = PICTURE.data_url
DONE = {"status": "COMPLETED", "logs": None}
CLIP = {"video": {"url": "https://v3.fal.media/files/b/a.mp4"}}
T = TypeVar("T")


class Redirected(httpx.BaseTransport):
    """fal-client has https written into its addresses: what it sends comes to the fake all the same."""

    def __init__(self, url: str) -> None:
        self._url, self._inner = httpx.URL(url), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        request.headers["host"] = self._url.netloc.decode()
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def fake() -> FalAIFake:
    return FalAIFake(api_key=KEY)


@pytest.fixture
def url(fake: FalAIFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(fake) as address:
        monkeypatch.setenv("FAL_KEY", KEY)
        monkeypatch.setenv("FAL_AI_API_BASE", address)
        yield address


@pytest.fixture
def sdk(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[fal_client.SyncClient]:
    monkeypatch.setattr("fal_client.client.MAX_ATTEMPTS", 1)  # there is no other way to have no retries
    with client_at(url) as client:
        yield client


class client_at:  # noqa: N801 - used as a function
    """The SDK's client, which reaches the fake and is closed in the end."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self._client = fal_client.SyncClient(key=key)
        self._client._client._transport.close()
        self._client._client._transport = BackupDomainTransport(transport=Redirected(url))

    def __enter__(self) -> fal_client.SyncClient:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client._client.close()


def ours(base: str = BASE, model: str = APP) -> FalAI:
    deployment = Deployment(provider="fal_ai", model=model, api_base=base, own_host=False, api_key=KEY)
    return FalAI(deployment)


def wanted(**more: Any) -> VideoRequest:
    return VideoRequest(model=MODEL, prompt="a red kite", **more)


def drive(flow: Flow[T]) -> T:
    """What a flow comes to over the network."""

    async def run() -> T:
        transport = Transport()
        try:
            return await transport.drive(flow)
        finally:
            await transport.close()

    return asyncio.run(run())


def fed(flow: Flow[T], *answers: tuple[int, Any] | Response) -> tuple[list[Request], T]:
    """What a flow asks and what it comes to, given these answers."""
    asked = [next(flow)]
    for answer in answers:
        if not isinstance(answer, Response):
            answer = Response(answer[0], {}, json.dumps(answer[1]).encode())
        try:
            asked.append(flow.send(answer))
        except StopIteration as end:
            return asked, end.value
    raise AssertionError("The flow asks for more.")


def told(*answers: tuple[int, Any] | Response) -> Video:
    """What a status is read as, with the result if that is asked for."""
    return fed(ours().retrieve(ID), *answers)[1]


def made(request: VideoRequest, model: str = APP) -> Request:
    """The create of a request."""
    flow = ours(model=model).create(request)
    post = next(flow)
    flow.close()
    return post


def detail(kind: str, message: str = "No.") -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "prompt"], "msg": message, "type": kind, "url": "https://docs"}]}


# --- the official SDK ---


def test_the_sdk_makes_a_clip(sdk: fal_client.SyncClient, fake: FalAIFake) -> None:
    fake.polls_to_finish = 4
    endpoint = f"{APP}/text-to-video"
    job = sdk.submit(endpoint, {"prompt": "a red kite", "duration": "4", "resolution": "480p"})
    seen = [sdk.status(endpoint, job.request_id) for _ in range(4)]
    assert seen == [
        fal_client.Queued(position=0),
        fal_client.InProgress(logs=None),
        fal_client.InProgress(logs=None),
        fal_client.Completed(logs=None, metrics={"inference_time": 1.5}),
    ]
    clip = sdk.result(endpoint, job.request_id)["video"]
    assert httpx.get(clip["url"]).content == fake.bytes_of(job.request_id)


@pytest.mark.parametrize(
    ("prompt", "status", "kind"), [("[refuse]", 422, None), ("[429]", 429, None), ("[500]", 500, None)]
)
def test_the_sdk_reads_the_refusals_of_a_create(
    sdk: fal_client.SyncClient, prompt: str, status: int, kind: str | None
) -> None:
    with pytest.raises(FalClientHTTPError) as caught:
        sdk.submit(f"{APP}/text-to-video", {"prompt": prompt})
    assert (caught.value.status_code, caught.value.error_type) == (status, kind)
    if prompt == "[refuse]":
        assert caught.value.message[0]["type"] == VIOLATION  # type: ignore[index]
    if prompt == "[429]":
        assert caught.value.response_headers["retry-after"] == "0.01"


@pytest.mark.parametrize(
    ("prompt", "status", "kind"), [("[moderation]", 422, None), ("[error]", 503, "runner_disconnected")]
)
def test_the_sdk_reads_the_end_of_a_job_from_its_result(
    sdk: fal_client.SyncClient, prompt: str, status: int, kind: str | None
) -> None:
    job = sdk.submit(f"{APP}/text-to-video", {"prompt": prompt})
    with pytest.raises(FalClientHTTPError) as caught:
        job.get(interval=0.01)
    assert (caught.value.status_code, caught.value.error_type) == (status, kind)
    ended = job.status()
    assert isinstance(ended, fal_client.Completed)
    assert ended.error_type == kind


def test_the_sdk_is_told_of_a_wrong_key(url: str) -> None:
    with client_at(url, "another") as client, pytest.raises(FalClientHTTPError) as caught:
        client.submit(f"{APP}/text-to-video", {"prompt": "a red kite"})
    assert (caught.value.status_code, caught.value.message) == (401, "invalid key credentials")


def test_the_sdk_stops_what_waits(sdk: fal_client.SyncClient, fake: FalAIFake) -> None:
    fake.polls_to_finish = 10
    job = sdk.submit(f"{APP}/text-to-video", {"prompt": "a red kite"})
    job.cancel()
    ended = job.status()
    assert isinstance(ended, fal_client.Completed)
    assert (ended.error, ended.error_type) == (CANCELLED, "client_cancelled")
    with pytest.raises(FalClientHTTPError) as caught:
        job.cancel()
    assert caught.value.response.json() == {"status": "ALREADY_COMPLETED"}


# --- the same on the wire as the SDK ---


def last(fake: FalAIFake, method: str, ending: str = "") -> Recorded:
    return fake.asked(method, ending)[-1]


PAIRS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "text": (
        APP,
        {
            "seconds": "8",
            "size": "720x1280",
            "seed": 7,
            "audio": False,
            "extra_body": {"bitrate_mode": "high"},
        },
        f"{APP}/text-to-video",
        {
            "prompt": "a red kite",
            "duration": "8",
            "aspect_ratio": "9:16",
            "resolution": "720p",
            "generate_audio": False,
            "seed": 7,
            "bitrate_mode": "high",
        },
    ),
    "frames": (
        APP,
        {"input_reference": PICTURE, "last_frame": PICTURE, "size": "1280x720", "user": "u-1"},
        f"{APP}/image-to-video",
        {
            "prompt": "a red kite",
            "duration": "5",
            "resolution": "720p",
            "image_url": DATA,
            "end_image_url": DATA,
            "end_user_id": "u-1",
        },
    ),
    "references": (
        APP,
        {"references": (PICTURE, PICTURE), "size": "1920x1080", "seconds": "30"},
        f"{APP}/reference-to-video",
        {
            "prompt": "a red kite",
            "duration": "30",
            "aspect_ratio": "16:9",
            "resolution": "1080p",
            "image_urls": [DATA, DATA],
        },
    ),
    "seedance 2.0, from a picture": (
        "bytedance/seedance-2.0",
        {"input_reference": PICTURE, "size": "3840x2160", "seconds": "15"},
        "bytedance/seedance-2.0/image-to-video",
        {
            "prompt": "a red kite",
            "duration": "15",
            "aspect_ratio": "16:9",
            "resolution": "4k",
            "image_url": DATA,
        },
    ),
    "a path of one's own": (
        "bytedance/seedance-2.0/fast/text-to-video",
        {"seconds": "4"},
        "bytedance/seedance-2.0/fast/text-to-video",
        {"prompt": "a red kite", "duration": "4"},
    ),
    "h3": (
        "minimax/h3",
        {"seconds": "6", "size": "2560x1440", "seed": 7, "audio": True},
        "minimax/h3/text-to-video",
        {"prompt": "a red kite", "duration": 6, "aspect_ratio": "16:9", "resolution": "2K", "seed": 7},
    ),
    "h3, from frames": (
        "minimax/h3",
        {"input_reference": PICTURE, "last_frame": PICTURE, "size": "1366x768"},
        "minimax/h3/image-to-video",
        {"prompt": "a red kite", "resolution": "768P", "image_url": DATA, "end_image_url": DATA},
    ),
    "h3, from references": (
        "minimax/h3",
        {"references": (PICTURE,), "seconds": "5", "size": "854x480"},
        "minimax/h3/reference-to-video",
        {
            "prompt": "a red kite",
            "duration": 5,
            "aspect_ratio": "16:9",
            "resolution": "480P",
            "reference_image_urls": [DATA],
        },
    ),
    "veo": (
        "fal-ai/veo3.1",
        {"seconds": "8", "negative_prompt": "rain", "size": "1280x720"},
        "fal-ai/veo3.1",
        {
            "prompt": "a red kite",
            "duration": "8s",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "negative_prompt": "rain",
        },
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_a_create_is_the_sdks(sdk: fal_client.SyncClient, url: str, fake: FalAIFake, pair: str) -> None:
    model, asked, endpoint, arguments = PAIRS[pair]
    job = sdk.submit(endpoint, arguments)
    theirs = last(fake, "POST")
    drive(ours(url, model).create(wanted(**asked)))
    assert differences(theirs, last(fake, "POST"), headers=("content-type",)) == {}
    # The fake takes it: the model would have refused a wrong field or value at the end.
    assert "video" in job.get(interval=0.01)


def test_what_follows_a_create_is_the_sdks(sdk: fal_client.SyncClient, url: str, fake: FalAIFake) -> None:
    fake.polls_to_finish = 8
    endpoint = f"{APP}/text-to-video"
    job = sdk.submit(endpoint, {"prompt": "a red kite"})
    adapter, video = ours(url), drive(ours(url).create(wanted()))
    sdk.status(endpoint, job.request_id)
    theirs = last(fake, "GET", f"{job.request_id}/status")
    drive(adapter.retrieve(video.id))
    mine = last(fake, "GET", f"{video.id}/status")
    assert differences(theirs, _as(mine, video.id, job.request_id)) == {
        "query.logs": ("false", None),  # fal sends none unless it is asked to
    }
    job.cancel()
    drive(adapter.cancel(video.id))
    theirs, mine = last(fake, "PUT", f"{job.request_id}/cancel"), last(fake, "PUT", f"{video.id}/cancel")
    assert differences(theirs, _as(mine, video.id, job.request_id)) == {}


def test_a_result_is_asked_for_as_by_the_sdk(sdk: fal_client.SyncClient, url: str, fake: FalAIFake) -> None:
    job = sdk.submit(f"{APP}/text-to-video", {"prompt": "a red kite"})
    clip = job.get(interval=0.01)["video"]
    theirs = last(fake, "GET", job.request_id)
    source = drive(ours(url).content(job.request_id, "video"))
    assert differences(theirs, last(fake, "GET", job.request_id)) == {}
    assert source.url.partition("?")[0] == clip["url"].partition("?")[0]
    assert not source.headers


def _as(call: Recorded, mine: str, theirs: str) -> Recorded:
    """A call for our job, as if it were for the SDK's."""
    return replace(call, path=call.path.replace(mine, theirs))


# --- models and their inputs ---


def test_a_model_that_nobody_knows_gets_what_most_take() -> None:
    post = made(
        wanted(seconds="5", size="720x720", audio=True, seed=1, negative_prompt="rain", user="u"),
        "alibaba/happy-horse",
    )
    assert (post.url, post.billable) == (f"{BASE}/alibaba/happy-horse/text-to-video", True)
    assert post.json == {
        "prompt": "a red kite",
        "duration": "5",
        "aspect_ratio": "1:1",
        "resolution": "720p",
        "generate_audio": True,
        "negative_prompt": "rain",
        "seed": 1,
    }


def test_a_path_is_taken_as_written_with_whatever_goes_along() -> None:
    request = wanted(input_reference=PICTURE, references=(PICTURE,))
    post = made(request, "fal-ai/kling-video/o3/pro/reference-to-video")
    assert post.url == f"{BASE}/fal-ai/kling-video/o3/pro/reference-to-video"
    assert (post.json["image_url"], post.json["image_urls"]) == (DATA, [DATA])


def test_the_duration_and_so_the_price_is_not_left_to_the_model() -> None:
    durations = {
        name: made(wanted(), name).json.get("duration")
        for name in (APP, "bytedance/seedance-2.0", "minimax/h3")
    }
    assert durations == {APP: "5", "bytedance/seedance-2.0": "5", "minimax/h3": None}  # H3's own default is 5
    for name in durations:
        entry = catalog.find(f"fal_ai/{name}")
        assert entry is not None
        assert entry.default_seconds == "5"


def test_frames_and_references_do_not_go_together(fake: FalAIFake, url: str) -> None:
    picture = str(save_picture(Path("kite.jpg"), 1280, 720))
    with pytest.raises(errors.InvalidRequest) as caught:
        soravid.generate("a kite", model=MODEL, last_frame=picture, references=[picture]).wait()
    assert caught.value.param == "references"
    assert fake.requests == []


@pytest.mark.parametrize("model", ["seedance", "bytedance/", "workflows/me", "/x"])
def test_a_name_that_is_no_owner_and_app_is_told_before_anything_is_sent(model: str) -> None:
    with pytest.raises(errors.InvalidRequest, match="owner/app"):
        next(ours(model=model).create(wanted()))


def test_a_video_cannot_be_edited() -> None:
    with pytest.raises(errors.UnsupportedOperation, match="cannot edit a video"):
        next(ours().create(wanted(operation="edit", source_id=ID)))


def test_what_a_model_does_not_take_is_told_with_its_name(url: str, fake: FalAIFake, home: Path) -> None:
    job = soravid.generate("a kite", model=MODEL, seconds=4, extra_body={"fps": 24})
    with pytest.raises(errors.GenerationFailed, match="not permitted") as caught:
        job.wait()
    assert caught.value.provider_code == "extra_forbidden"
    assert kinds(home) == ["hold", "void"]


# --- where a job is ---


def answered(**more: Any) -> dict[str, Any]:
    return {"status": "IN_QUEUE", "request_id": ID, "queue_position": 0, **more}


@pytest.mark.parametrize(
    ("base", "status_url", "video_id"),
    [
        (BASE, f"{BASE}/{APP}/requests/{ID}/status", ID),
        (BASE, f"https://evil.example/{APP}/requests/{ID}/status", ID),
        (BASE, f"https://evil.example/{APP}/fast/requests/{ID}/status", f"{APP}/fast/requests/{ID}"),
        (BASE, f"https://evil.example/../../requests/{ID}/status", ID),
        (BASE, f"https://evil.example//requests/{ID}/status?x=1", ID),
        (BASE, "http://[", ID),
        (BASE, None, ID),
        ("https://gateway.example/fal", f"https://gateway.example/fal/{APP}/requests/{ID}/status", ID),
        ("https://gateway.example/fal", f"https://queue.fal.run/{APP}/requests/{ID}/status", ID),
        (
            "https://gateway.example/fal",
            f"https://queue.fal.run/fal-ai/x/requests/{ID}/status",
            f"fal-ai/x/requests/{ID}",
        ),
    ],
)
def test_the_key_stays_with_its_host_whatever_url_an_answer_names(
    base: str, status_url: str | None, video_id: str
) -> None:
    adapter = ours(base)
    video = fed(adapter.create(wanted()), (200, answered(status_url=status_url)))[1]
    assert (video.id, video.status) == (video_id, "queued")
    path = video_id if "/" in video_id else f"{APP}/requests/{ID}"
    for flow in (adapter.retrieve(video.id), adapter.content(video.id, "video"), adapter.cancel(video.id)):
        request = next(flow)
        assert request.url.removesuffix("/status") == f"{base}/{path}"
        assert request.headers["authorization"] == f"Key {KEY}"


@pytest.mark.parametrize("home_of", ["", "xai/grok-imagine-video/quality"])
def test_a_job_is_found_again_by_another_process(url: str, fake: FalAIFake, home: Path, home_of: str) -> None:
    fake.home, fake.named_host = home_of, "https://queue.fal.run"
    video = soravid.video_generation("a kite", MODEL, seconds="4", size="854x480")
    planning.pipeline.cache_clear()
    (row,) = jobs(home)
    (job,) = fake.jobs
    assert row["video_id"] == video.id == (f"{home_of}/requests/{job}" if home_of else job)
    clip = soravid.find_job(video.id).wait()
    assert clip.path.read_bytes() == fake.bytes_of(job)


@pytest.mark.parametrize("video_id", ["..", "a/../b", "a//b", ""])
def test_an_id_leads_nowhere_else(video_id: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        next(ours().retrieve(video_id))


@pytest.mark.parametrize(
    ("model", "app"),
    [
        (f"{APP}/fast/text-to-video", APP),
        ("workflows/me/mine/run", "workflows/me/mine"),
        ("comfy/me/mine", "comfy/me/mine"),
    ],
)
def test_a_jobs_address_has_the_app_alone(model: str, app: str) -> None:
    assert next(ours(model=model).retrieve(ID)).url == f"{BASE}/{app}/requests/{ID}/status"
    handle = fal_client.SyncClient(key=KEY).get_handle(model, ID)
    assert handle.status_url == f"https://queue.fal.run/{app}/requests/{ID}/status"
    handle.client.close()


# --- how a job ends ---


def test_accepted_is_not_done() -> None:
    assert told((202, {"status": "IN_QUEUE", "queue_position": 3})).status == "queued"
    assert told((202, {"status": "IN_PROGRESS", "logs": None})).status == "in_progress"
    assert told((202, {"status": "RESTARTING"})).status == "in_progress"


def test_a_completed_job_says_of_its_clip_what_the_file_does() -> None:
    clip = {"video": CLIP["video"] | {"width": 1280, "height": 720, "duration": 5.04}}
    video = told((200, DONE), (200, clip))
    assert (video.status, video.size, video.seconds) == ("completed", "1280x720", "5.04")
    plain = told((200, DONE), (200, CLIP))
    assert (plain.status, plain.size, plain.seconds) == ("completed", None, None)


def test_completed_with_an_error_has_failed_and_nothing_is_fetched() -> None:
    fault = {"error": "Request timed out", "error_type": "request_timeout"}
    asked, video = fed(ours().retrieve(ID), (200, DONE | fault))
    assert len(asked) == 1
    assert video.error is not None
    assert (video.status, video.error.code, video.error.message) == (
        "failed",
        "request_timeout",
        "Request timed out",
    )


@pytest.mark.parametrize("fault", [{}, {"error": "Invalid status code: 422"}])
def test_a_refusal_is_in_the_result(fault: dict[str, str]) -> None:
    rows = detail("value_error")["detail"] + detail(VIOLATION, "Flagged.")["detail"]
    video = told((200, DONE | fault), (422, {"detail": rows}))
    assert video.error is not None
    assert (video.status, video.error.code, video.error.provider_code) == (
        "failed",
        "moderation_blocked",
        VIOLATION,
    )
    assert video.error.message == "No.; Flagged."


def test_a_fault_without_a_type_is_told_in_the_words_of_the_status() -> None:
    for status in (404, 500):
        video = told((200, DONE | {"error": "It broke."}), (status, {"detail": "Internal Server Error"}))
        assert video.error is not None
        assert (video.status, video.error.message, video.error.code) == ("failed", "It broke.", None)


def test_a_model_without_the_path_has_failed() -> None:
    video = told((200, DONE), (404, {"detail": "Path /text-to-video not found"}))
    assert video.error is not None
    assert (video.status, video.error.message) == ("failed", "Path /text-to-video not found")


def test_a_typed_error_of_the_result_is_the_jobs() -> None:
    header = Response(503, {"x-fal-error-type": "runner_disconnected"}, b'{"detail":"Gone."}')
    video = told((200, DONE), header)
    assert video.error is not None
    assert (video.status, video.error.code) == ("failed", "runner_disconnected")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, b"<html>nginx</html>", errors.ServerError),
        (401, b'{"detail":"invalid key credentials"}', errors.AuthenticationFailed),
        (429, b'{"detail":"Too many requests."}', errors.RateLimited),
    ],
)
def test_an_error_of_asking_is_not_the_jobs(status: int, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        told((200, DONE), Response(status, {}, body))


def test_a_result_that_is_not_there_yet_is_waited_for() -> None:
    early = {"detail": "Request is still in progress"}
    assert told((200, DONE), (400, early)).status == "in_progress"
    with pytest.raises(errors.NotFound, match="in progress"):
        fed(ours().content(ID, "video"), (400, early))


def test_a_result_that_is_gone_was_made_and_is_told_as_expired() -> None:
    gone = (404, {"detail": f"Request {ID} not found"})
    assert told((200, DONE), gone).status == "completed"
    with pytest.raises(errors.Expired):
        fed(ours().content(ID, "video"), gone)


def test_a_model_that_makes_no_video_is_told() -> None:
    with pytest.raises(errors.ServerError, match="no address"):
        fed(ours().content(ID, "video"), (200, {"images": [{"url": "https://v3.fal.media/a.png"}]}))


def test_an_empty_account_is_told_as_one() -> None:
    body = b'{"detail":"User is locked. Reason: Exhausted balance. Top up at fal.ai/dashboard/billing."}'
    flow = ours().create(wanted())
    next(flow)
    with pytest.raises(errors.InsufficientCredits, match="Exhausted balance"):
        flow.send(Response(403, {}, body))
    flow = ours().create(wanted())
    next(flow)
    with pytest.raises(errors.AuthenticationFailed):
        flow.send(Response(403, {}, b'{"detail":"This key may not do that."}'))


# --- cancel ---

WAITS, RUNS = (202, {"status": "IN_QUEUE"}), (202, {"status": "IN_PROGRESS"})
ASKED = (202, {"status": "CANCELLATION_REQUESTED"})
STOPPED = (200, DONE | {"error": CANCELLED, "error_type": "client_cancelled"})


@pytest.mark.parametrize(
    "answers",
    [
        (WAITS, (200, {"status": "OK"}), STOPPED),
        (WAITS, ASKED, STOPPED),
        (WAITS, ASKED, WAITS),
        (WAITS, ASKED, (404, {"detail": "Request not found"})),
        (WAITS, ASKED, (200, DONE), (499, {"detail": CANCELLED})),
        (STOPPED,),
    ],
)
def test_what_waited_is_stopped(answers: tuple[tuple[int, Any], ...]) -> None:
    asked, nothing = fed(ours().cancel(ID), *answers)
    assert nothing is None
    puts = [request for request in asked if request.method == "PUT"]
    assert [put.url for put in puts] == [f"{BASE}/{APP}/requests/{ID}/cancel"] * (len(answers) > 1)
    assert not any(request.billable for request in asked)


@pytest.mark.parametrize(
    "answers",
    [
        (RUNS,),
        (WAITS, ASKED, RUNS),  # it began in between
        (WAITS, (400, {"status": "ALREADY_COMPLETED"}), (200, DONE), (200, CLIP)),
        ((200, DONE), (200, CLIP)),
        ((200, DONE), (422, detail(VIOLATION))),
    ],
)
def test_what_has_begun_is_not_called_cancelled(answers: tuple[tuple[int, Any], ...]) -> None:
    with pytest.raises(errors.UnsupportedOperation, match="before it has begun"):
        fed(ours().cancel(ID), *answers)


def test_a_cancel_that_is_refused_is_told() -> None:
    with pytest.raises(errors.NotFound):
        fed(ours().cancel(ID), WAITS, (404, {"status": "NOT_FOUND"}))
    with pytest.raises(errors.ServerError):
        fed(ours().cancel(ID), WAITS, (503, {"detail": "Busy."}))


def test_a_running_jobs_money_stays_held(url: str, fake: FalAIFake, home: Path) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("a kite", model=MODEL, seconds=4, size="854x480")
    until(lambda: fake.jobs)
    (running,) = fake.jobs.values()
    running.polls = 10**5 * 6
    with pytest.raises(errors.UnsupportedOperation) as caught:
        job.cancel()
    assert "stays held" in caught.value.hint
    assert (kinds(home), fake.asked("PUT")) == (["hold"], [])
    fake.polls_to_finish = running.polls  # and it is finished, and paid for
    assert job.wait().path.exists()
    assert kinds(home)[:2] == ["hold", "spend"]


def test_what_was_stopped_elsewhere_costs_nothing(url: str, fake: FalAIFake, home: Path) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("a kite", model=MODEL, seconds=4)
    until(lambda: fake.jobs)
    next(iter(fake.jobs.values())).status = "cancelled"
    with pytest.raises(errors.Cancelled):
        job.wait()
    assert kinds(home) == ["hold", "void"]
