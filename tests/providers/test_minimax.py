"""MiniMax's wire. There is no official SDK for video: documented requests and answers stand here instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

import soravid
from soravid import catalog, errors
from soravid.deployments import Deployment
from soravid.providers.base import Flow, Request, Response
from soravid.providers.minimax import MiniMax
from soravid.providers.volcengine import SECONDS
from soravid.types import Operation, Reference, Video, VideoRequest
from tests.core.helpers import kinds, save_picture, until
from tests.fakes.minimax import MiniMaxFake
from tests.fakes.server import serve
from tests.providers.cases import KEY

NAME = "MiniMax-H3"
MODEL = f"minimax/{NAME}"
TEXT = {"type": "text", "text": "a red kite"}
PICTURE = Reference(b"\xff\xd8\xff" + bytes(60), "image/jpeg", "kite.jpg")
T = TypeVar("T")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[MiniMaxFake]:
    fake = MiniMaxFake(api_key=KEY)
    with serve(fake) as url:
        monkeypatch.setenv("MINIMAX_API_KEY", KEY)
        monkeypatch.setenv("MINIMAX_API_BASE", url)
        yield fake


def ours(base: str = "https://api.minimax.io") -> MiniMax:
    deployment = Deployment(provider="minimax", model=NAME, api_base=base, own_host=False, api_key=KEY)
    return MiniMax(deployment)


def wanted(**more: Any) -> VideoRequest:
    return VideoRequest(model=MODEL, prompt="a red kite", **more)


def fed(flow: Flow[T], *answers: tuple[int, Any]) -> tuple[list[Request], T]:
    """What a flow asks and what it comes to, given these answers."""
    asked = [next(flow)]
    for status, body in answers:
        try:
            asked.append(flow.send(Response(status, {}, json.dumps(body).encode())))
        except StopIteration as end:
            return asked, end.value
    raise AssertionError("The flow asks for more.")


def told(**task: Any) -> Video:
    """What a task is read as."""
    return fed(ours().retrieve("1"), (200, {"task": {"id": "1", "model": NAME, **task}}))[1]


def error(kind: str, message: str, status: int) -> tuple[int, Any]:
    """An error as the API's pages show it."""
    body = {"type": kind, "message": message, "http_code": str(status)}
    return status, {"type": "error", "error": body, "request_id": "021785229015510a2c883cf675b9804d"}


def picture(role: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": PICTURE.data_url}, "role": role}


# --- what is asked ---


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (  # the page's example of text to video
            {"size": "2560x1440", "seconds": "5"},
            {"content": [TEXT], "resolution": "2K", "duration": 5, "ratio": "16:9"},
        ),
        ({}, {"content": [TEXT], "resolution": "768P", "duration": SECONDS, "ratio": "16:9"}),
        (
            {"size": "480x854", "seconds": "15"},
            {"content": [TEXT], "resolution": "480P", "duration": 15, "ratio": "9:16"},
        ),
        (  # a shape beside a frame is ignored there
            {"size": "1366x768", "seconds": "4", "input_reference": PICTURE},
            {"content": [TEXT, picture("first_frame")], "resolution": "768P", "duration": 4},
        ),
        (
            {"last_frame": PICTURE, "seconds": "4"},
            {"content": [TEXT, picture("last_frame")], "resolution": "768P", "duration": 4},
        ),
        (
            {"references": (PICTURE, PICTURE), "seconds": "4"},
            {"content": [TEXT, *[picture("reference_image")] * 2], "resolution": "768P", "duration": 4},
        ),
        (
            {"references": (PICTURE,), "size": "1792x768", "seconds": "4"},
            {
                "content": [TEXT, picture("reference_image")],
                "resolution": "768P",
                "duration": 4,
                "ratio": "21:9",
            },
        ),
        (
            {"seconds": "4", "extra_body": {"extra": {"prompt_expansion_mode": "quality"}, "ratio": "4:3"}},
            {
                "content": [TEXT],
                "resolution": "768P",
                "duration": 4,
                "ratio": "4:3",
                "extra": {"prompt_expansion_mode": "quality"},
            },
        ),
    ],
)
def test_a_create_is_as_documented(asked: dict[str, Any], body: dict[str, Any]) -> None:
    request = next(ours().create(wanted(**asked)))
    assert (request.method, request.url) == ("POST", "https://api.minimax.io/v2/video_generation")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {"model": NAME, **body}


def test_what_the_wire_does_not_know_is_not_sent() -> None:
    body = next(ours().create(wanted(seed=7, audio=True, user="u-1", negative_prompt="rain"))).json
    assert body.keys() == {"model", "content", "resolution", "duration", "ratio"}


def test_the_defaults_are_the_catalogues() -> None:
    for model in catalog.models():
        if model.provider == "minimax":
            body = next(ours().create(wanted(seconds=model.default_seconds, size=model.default_size))).json
            assert body == next(ours().create(wanted())).json


@pytest.mark.parametrize("base", ["https://h", "https://h/v1", "https://h/v2", "https://h/anthropic"])
def test_the_address_of_another_surface_serves_as_well(base: str) -> None:
    provider = ours(base)
    assert next(provider.create(wanted())).url == "https://h/v2/video_generation"
    assert next(provider.retrieve("1")).url == "https://h/v2/query/video_generation/1"
    assert next(provider.delete("1")).url == "https://h/v2/video_generation/1"


def test_frames_and_reference_pictures_are_refused_before_anything_is_sent(
    fake: MiniMaxFake, home: Path
) -> None:
    save_picture(Path("kite.jpg"), 640, 480)
    with pytest.raises(errors.InvalidRequest, match="not from both"):
        soravid.generate("a kite", model=MODEL, input_reference="kite.jpg", references=["kite.jpg"])
    assert (fake.requests, kinds(home)) == ([], [])


def test_nine_reference_pictures_are_made_into_a_clip_and_four_of_them_cost(fake: MiniMaxFake) -> None:
    save_picture(Path("kite.jpg"), 640, 480)
    clip = soravid.generate(
        "a kite", model=MODEL, seconds=5, size="768x768", references=["kite.jpg"] * 9
    ).wait()
    assert [item.get("role") for item in fake.asked("POST")[0].fields["content"][1:]] == [
        "reference_image"
    ] * 9
    assert (str(clip.cost), clip.size) == ("0.56", "768x768")  # 5 s at 0.08, 4 pictures at 0.04


@pytest.mark.parametrize(
    ("model", "pictures", "usd"), [(NAME, 2, "0.4"), (NAME, 6, "0.44"), (f"{NAME}-Max", 3, "0.474")]
)
def test_the_first_pictures_are_free(model: str, pictures: int, usd: str) -> None:
    save_picture(Path("kite.jpg"), 640, 480)
    told = soravid.estimate(
        "a kite", model=f"minimax/{model}", seconds=5, size="1366x768", references=["kite.jpg"] * pictures
    )
    assert str(told.usd) == usd


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_a_clip_as_input_is_refused(operation: Operation) -> None:
    with pytest.raises(errors.UnsupportedOperation, match=f"minimax cannot {operation} a video"):
        next(ours().create(wanted(operation=operation, source_id="1", seconds="4")))


def test_max_takes_no_four_seconds_and_no_2k() -> None:
    for more in ({"seconds": 4}, {"size": "2560x1440"}):
        with pytest.raises(errors.InvalidRequest, match="MiniMax-H3-Max takes"):
            soravid.estimate("a kite", model=f"{MODEL}-Max", **more)


def test_sound_cannot_be_left_out() -> None:
    with pytest.raises(errors.UnsupportedOperation, match="always makes sound"):
        soravid.estimate("a kite", model=MODEL, audio=False)


# --- what is answered ---


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", "queued"),
        ("running", "in_progress"),
        ("succeeded", "completed"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("expired", "failed"),
    ],
)
def test_each_status_is_known(word: str, status: str) -> None:
    assert told(status=word).status == status


def test_a_finished_task_tells_duration_and_size() -> None:
    """The page's example."""
    video = told(
        status="succeeded",
        created_at=1785125529,
        updated_at=1785125946,
        content={"url": "https://your-cdn.example.com/h3-generated-2k-output.mp4"},
        resolution="2K",
        duration=5,
        usage={"total_seconds": 5, "input_seconds": 0, "output_seconds": 5, "input_image_count": 0},
        ratio="16:9",
        task_type="generation",
        modality="video",
    )
    assert (video.seconds, video.size) == ("5", "2560x1440")
    assert (video.created_at, video.completed_at, video._bill) == (1785125529, 1785125946, None)
    assert video.usage is not None
    assert (video.usage.duration_seconds, video.usage.completion_tokens) == (5.0, 0)


@pytest.mark.parametrize("ratio", ["adaptive", ""])
def test_where_the_shape_is_not_told_the_file_will_tell(ratio: str) -> None:
    assert told(status="succeeded", ratio=ratio, resolution="2K").size is None


def test_a_clip_from_a_frame_has_the_frames_shape(fake: MiniMaxFake) -> None:
    save_picture(Path("tall.jpg"), 768, 1366)
    clip = soravid.generate("a kite", model=MODEL, seconds=4, input_reference="tall.jpg").wait()
    assert (clip.size, str(clip.cost)) == ("768x1366", "0.32")


@pytest.mark.parametrize("code", ["1026", "1027", 1027])
def test_a_clip_refused_at_the_end_is_told_by_its_number(code: str | int) -> None:
    video = told(status="failed", error={"code": code, "message": "sensitive content"})
    assert video.error is not None
    assert (video.error.code, video.error.provider_code) == ("moderation_blocked", str(code))
    assert video.error.message == "sensitive content"


def test_another_failure_keeps_its_number() -> None:
    video = told(status="failed", error={"code": "1000", "message": "internal error"})
    assert video.error is not None
    assert (video.error.code, video.error.provider_code) == ("1000", None)


@pytest.mark.parametrize(
    ("answer", "kind", "code", "message"),
    [
        (
            error("unprocessable_entity_error", "video description contains sensitive content (1026)", 422),
            errors.Refused,
            "1026",
            "video description contains sensitive content",
        ),
        (
            error("bad_request_error", "invalid params, ratio (16:9) is bad (2013)", 400),
            errors.BadRequest,
            "2013",
            "invalid params, ratio (16:9) is bad",
        ),
        (
            error("authorized_error", "login fail (1004)", 401),
            errors.AuthenticationFailed,
            "1004",
            "login fail",
        ),
        (
            error("insufficient_balance_error", "insufficient balance (1008)", 402),
            errors.InsufficientCredits,
            "1008",
            "insufficient balance",
        ),
        (error("rate_limit_error", "rate limit (1002)", 429), errors.RateLimited, "1002", "rate limit"),
        (error("server_error", "internal error (1000)", 500), errors.ServerError, "1000", "internal error"),
        (error("overloaded_error", "busy", 529), errors.ServerError, "overloaded_error", "busy"),
        (
            error("bad_request_error", "invalid params, invalid task_id (2013)", 400),
            errors.NotFound,
            "2013",
            "invalid params, invalid task_id",
        ),
        (error("server_error", "record not found (1000)", 500), errors.NotFound, "1000", "record not found"),
    ],
)
def test_each_error_is_ours(
    answer: tuple[int, Any], kind: type[errors.ProviderError], code: str, message: str
) -> None:
    with pytest.raises(kind) as caught:
        fed(ours().retrieve("1"), answer)
    assert type(caught.value) is kind
    assert (caught.value.provider_code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    "body", [{}, None, {"task": None}, {"task": {"id": "1"}}, {"id": "1", "status": "queued"}]
)
def test_a_status_without_a_task_is_a_fault_of_the_server(body: Any) -> None:
    with pytest.raises(errors.ServerError):
        fed(ours().retrieve("1"), (200, body))


# --- list, delete, cancel ---


def test_the_list_is_read_page_by_page(fake: MiniMaxFake) -> None:
    first, second, third = [soravid.video_generation(f"kite {n}", MODEL).id for n in range(3)]
    videos = soravid.Client().videos
    page = videos.list(MODEL, limit=2)
    assert ([video.id for video in page.data], page.has_more) == ([third, second], True)
    page = videos.list(MODEL, limit=2, after=page.last_id)
    assert ([video.id for video in page.data], page.has_more) == ([first], False)
    assert fake.asked("GET", "/v2/query/video_generation")[0].query == {"page_num": "1", "page_size": "2"}


def test_a_delete_removes_a_finished_task(fake: MiniMaxFake) -> None:
    job = soravid.generate("a kite", model=MODEL)
    job.wait()
    soravid.Client().videos.delete(job.id)
    assert fake.jobs == {}


def test_a_delete_whose_first_answer_was_lost_is_done() -> None:
    flow = ours().delete("1")
    next(flow)
    body = json.dumps(error("server_error", "record not found (1000)", 500)[1]).encode()
    with pytest.raises(StopIteration):
        flow.send(Response(500, {}, body, attempt=4))


def test_a_running_task_is_not_said_to_be_stopped(fake: MiniMaxFake, home: Path) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("a kite", model=MODEL)
    until(lambda: fake.jobs)
    (task,) = fake.jobs.values()
    task.status, task.polls = "in_progress", 10**6 // 2
    with pytest.raises(errors.UnsupportedOperation, match="only while it is queued"):
        job.cancel()
    assert (fake.asked("DELETE"), kinds(home)) == ([], ["hold"])
    task.polls = 10**6
    assert job.wait().path.exists()


def test_a_task_that_left_the_queue_while_it_was_stopped_goes_on() -> None:
    answers = [
        (200, {"task": {"id": "1", "status": "queued"}}),
        error("bad_request_error", "invalid params, task is running (2013)", 400),
        (200, {"task": {"id": "1", "status": "running"}}),
    ]
    with pytest.raises(errors.UnsupportedOperation):
        fed(ours().cancel("1"), *answers)
