"""MiniMax's wire: its own client and Vercel's beside ours, what its pages say, and its traps."""

from __future__ import annotations

import hashlib
import json
import os
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
from tests.core.helpers import kinds, picture_bytes, save_picture, until
from tests.fakes.minimax import MAKE, MiniMaxFake
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.peers import Client, PeerError, Peers
from tests.providers.cases import KEY
from tests.providers.parity import differences

NAME = "MiniMax-H3"
MODEL = f"minimax/{NAME}"
TEXT = {"type": "text", "text": "a red kite"}
PICTURE = Reference(picture_bytes(64, 36), "image/png", "kite.png")
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


# --- other people's clients ---


@pytest.fixture
def official(peers: Peers, fake: MiniMaxFake) -> Client:
    """MiniMax's own client at the fake. It takes the one model, in 2K."""
    options = {"method": "generate", "model": NAME, "pollInterval": 0.001}
    return peers.client("minimax", os.environ["MINIMAX_API_BASE"], KEY, **options)


@pytest.fixture
def vercel(peers: Peers, fake: MiniMaxFake) -> Client:
    """Vercel's client at the fake, which fetches the clip as well."""
    return peers.client("vercel", os.environ["MINIMAX_API_BASE"], KEY, provider="minimax", model=NAME)


def test_the_official_client_makes_a_clip(fake: MiniMaxFake, official: Client) -> None:
    task = official(prompt="a kite", duration=4)
    assert (task["id"], task["status"], task["duration"]) == (*fake.jobs, "succeeded", 4)
    assert official(method="getTask", taskId=task["id"])["content"]["url"].endswith("signature=2")
    assert len(fake.asked("GET", task["id"])) == fake.polls_to_finish + 1


def test_vercels_client_makes_a_clip_and_fetches_it(fake: MiniMaxFake, vercel: Client) -> None:
    made = vercel(prompt="a kite", duration=4, resolution="1366x768")
    (job,) = fake.jobs
    assert made["sha256"] == hashlib.sha256(fake.bytes_of(job)).hexdigest()
    assert (made["mediaType"], made["warnings"]) == ("video/mp4", [])
    said = made["told"]
    assert (said["taskId"], said["duration"], said["resolution"], said["ratio"]) == (job, 4, "768P", "16:9")
    assert said["usage"] == {"totalSeconds": 4, "inputSeconds": 0, "outputSeconds": 4}


@pytest.mark.parametrize(
    ("prompt", "code", "kind", "words"),
    [
        ("[refuse]", 422, 10, r"sensitive content \(1026\)"),  # 10 is the official client's content filter
        ("[moderation]", None, 1, "1027"),
        ("[error]", None, 1, "internal error"),
        ("[500]", 500, 1, r"internal error \(1000\)"),
    ],
)
def test_other_clients_raise_what_goes_wrong(
    official: Client, vercel: Client, prompt: str, code: int | None, kind: int, words: str
) -> None:
    for client, wanted in ((official, kind), (vercel, code)):
        with pytest.raises(PeerError, match=words) as caught:
            client(prompt=prompt, duration=4)
        assert caught.value.code == wanted


def test_other_clients_raise_a_rate_limit_a_wrong_key_and_an_unknown_task(
    fake: MiniMaxFake, official: Client, vercel: Client
) -> None:
    with pytest.raises(PeerError, match="Rate limit or quota exceeded"):
        official(prompt="[429] one", duration=4)
    with pytest.raises(PeerError, match=r"retry later \(1002\)"):
        vercel(prompt="[429] two", duration=4)
    with pytest.raises(PeerError, match=r"invalid task_id \(2013\) \(HTTP 400\)"):
        official(method="getTask", taskId="1")
    fake.api_key = "another"
    with pytest.raises(PeerError, match=r"API key rejected \(HTTP 401\)"):
        official(prompt="a kite", duration=4)
    with pytest.raises(PeerError, match=r"login fail.*\(1004\)"):
        vercel(prompt="a kite", duration=4)
    assert fake.creates == 0


def last(fake: MiniMaxFake) -> Recorded:
    return fake.asked("POST", MAKE)[-1]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (
            {"duration": 4, "resolution": "1366x768", "aspectRatio": "16:9"},
            {"seconds": 4, "size": "1366x768"},
        ),
        (
            {"duration": 15, "resolution": "1440x2560", "aspectRatio": "9:16"},
            {"seconds": 15, "size": "1440x2560"},
        ),
        (
            {
                "duration": 4,
                "resolution": "1366x768",
                "frameImages": [
                    {"image": PICTURE.data_url, "frameType": f"{place}_frame"} for place in ("first", "last")
                ],
            },
            {"seconds": 4, "size": "1366x768", "input_reference": PICTURE.data, "last_frame": PICTURE.data},
        ),
        (
            {
                "duration": 4,
                "resolution": "1366x768",
                "aspectRatio": "16:9",
                "inputReferences": [PICTURE.data_url] * 2,
            },
            {"seconds": 4, "size": "1366x768", "references": [PICTURE.data] * 2},
        ),
    ],
    ids=["text", "tall", "frames", "references"],
)
def test_a_create_is_asked_for_as_vercels_client_asks(
    fake: MiniMaxFake, vercel: Client, theirs: dict[str, Any], ours: dict[str, Any]
) -> None:
    vercel(prompt="a kite", **theirs)
    asked = last(fake)
    soravid.generate("a kite", model=MODEL, **ours).wait()
    assert differences(asked, last(fake)) == {}


@pytest.mark.parametrize(
    ("theirs", "ours", "unlike"),
    [
        ({"prompt": "a red kite"}, {}, {}),
        (
            {
                "prompt": "a red kite",
                "first_frame_image": PICTURE.data_url,
                "last_frame_image": PICTURE.data_url,
            },
            {"input_reference": PICTURE.data, "last_frame": PICTURE.data},
            {"field.ratio": ('"adaptive"', None)},  # beside a frame no shape counts: ours says none
        ),
        (
            {"content": [TEXT, *[picture("reference_image")] * 2], "ratio": "16:9"},
            {"references": [PICTURE.data] * 2},
            {},
        ),
    ],
    ids=["text", "frames", "references"],
)
def test_a_create_is_asked_for_as_the_official_client_asks(
    fake: MiniMaxFake, official: Client, theirs: dict[str, Any], ours: dict[str, Any], unlike: dict[str, Any]
) -> None:
    official(duration=4, **theirs)
    asked = last(fake)
    soravid.generate("a red kite", model=MODEL, seconds=4, size="2560x1440", **ours).wait()
    assert differences(asked, last(fake)) == unlike


def test_what_is_left_open_is_as_others_leave_it_but_for_the_class(
    fake: MiniMaxFake, official: Client, vercel: Client
) -> None:
    """Both ask for the dear one; ours for the catalogue's default."""
    for client in (official, vercel):
        client(prompt="a kite")
        asked = last(fake)
        soravid.generate("a kite", model=MODEL).wait()
        assert differences(asked, last(fake)) == {"field.resolution": ('"2K"', '"768P"')}


def test_a_task_is_asked_for_as_the_official_client_asks(fake: MiniMaxFake, official: Client) -> None:
    job = soravid.video_generation("a kite", MODEL)
    soravid.video_status(job.id)
    official(method="getTask", taskId=job.id)
    ours, theirs = fake.asked("GET", job.id)
    assert differences(theirs, ours) == {}


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
