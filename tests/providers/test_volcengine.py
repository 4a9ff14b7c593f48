"""Ark's wire, with the official SDK (volcengine-ark-runtime) as the peer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from volcenginesdkarkruntime import Ark  # type: ignore[import-untyped]
from volcenginesdkarkruntime import _exceptions as ark

import soravid
from soravid import catalog, errors
from soravid.deployments import Deployment
from soravid.providers.base import Flow, Request, Response
from soravid.providers.volcengine import SECONDS, Volcengine
from soravid.transport import Transport
from soravid.types import Operation, Reference, Video, VideoRequest
from tests.core.helpers import kinds, save_picture, until
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.fakes.volcengine import FIELDS, REFUSED, TASKS, VolcengineFake
from tests.providers.cases import KEY
from tests.providers.parity import differences

NAME = "doubao-seedance-2-0-260128"
MODEL = f"volcengine/{NAME}"
TEXT = {"type": "text", "text": "a red kite"}
PICTURE = Reference(b"\xff\xd8\xff" + bytes(60), "image/jpeg", "kite.jpg")
T = TypeVar("T")


@pytest.fixture
def fake() -> VolcengineFake:
    return VolcengineFake(api_key=KEY)


@pytest.fixture
def base(fake: VolcengineFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(fake) as url:
        monkeypatch.setenv("VOLCENGINE_API_KEY", KEY)
        monkeypatch.setenv("VOLCENGINE_API_BASE", url)
        yield f"{url}/api/v3"


@pytest.fixture
def sdk(base: str) -> Iterator[Ark]:
    with closing(Ark(api_key=KEY, base_url=base, max_retries=0)) as client:
        yield client


def ours(base: str = "https://ark.example/api/v3") -> Volcengine:
    deployment = Deployment(provider="volcengine", model=NAME, api_base=base, own_host=False, api_key=KEY)
    return Volcengine(deployment)


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


def told(**task: Any) -> Video:
    """What a task is read as."""
    return fed(ours().retrieve("cgt-1"), (200, {"id": "cgt-1", **task}))[1]


def picture(role: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": PICTURE.data_url}, "role": role}


# --- the official SDK ---


def test_the_sdk_makes_a_clip(sdk: Ark, fake: VolcengineFake) -> None:
    tasks = sdk.content_generation.tasks
    made = tasks.create(model=NAME, content=[TEXT], ratio="9:16", resolution="720p", duration=4, seed=7)
    seen = []
    while (task := tasks.get(task_id=made.id)).status != "succeeded":
        seen.append(task.status)
    assert seen == ["queued", "running"]
    assert (task.ratio, task.resolution, task.duration, task.seed) == ("9:16", "720p", 4, 7)
    assert task.usage.total_tokens == task.usage.completion_tokens > 0
    assert httpx.get(task.content.video_url).content == fake.bytes_of(made.id)
    listed = tasks.list(page_num=1, page_size=10, status="succeeded", task_ids=[made.id])
    assert (listed.total, listed.items[0].id) == (1, made.id)
    tasks.delete(made.id)
    with pytest.raises(ark.ArkNotFoundError):
        tasks.get(task_id=made.id)


@pytest.mark.parametrize(
    ("prompt", "kind", "code"),
    [
        ("[refuse]", ark.ArkBadRequestError, "InputTextSensitiveContentDetected"),
        ("[429]", ark.ArkRateLimitError, "ModelAccountRpmRateLimitExceeded"),
        ("[500]", ark.ArkInternalServerError, "InternalServiceError"),
    ],
)
def test_the_sdk_reads_our_fakes_errors(sdk: Ark, prompt: str, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind) as caught:
        sdk.content_generation.tasks.create(model=NAME, content=[{"type": "text", "text": prompt}])
    assert isinstance(caught.value, ark.ArkAPIError)
    assert caught.value.code == code


def test_the_sdk_is_told_of_a_wrong_key_a_lost_model_and_a_running_task(
    sdk: Ark, base: str, fake: VolcengineFake
) -> None:
    stranger = Ark(api_key="wrong", base_url=base, max_retries=0)
    with closing(stranger), pytest.raises(ark.ArkAuthenticationError):
        stranger.content_generation.tasks.create(model=NAME, content=[TEXT])
    made = sdk.content_generation.tasks.create(model=NAME, content=[TEXT])
    fake.jobs[made.id].status = "in_progress"
    with pytest.raises(ark.ArkConflictError) as caught:
        sdk.content_generation.tasks.delete(made.id)
    assert caught.value.code == "InvalidAction.RunningTaskDeletion"
    fake.retired = True
    with pytest.raises(ark.ArkNotFoundError):
        sdk.content_generation.tasks.create(model=NAME, content=[TEXT])


# --- the same requests by both ---


def nulls(call: Recorded) -> dict[str, tuple[str, None]]:
    """The SDK writes null for what it was not given; Ark reads that as left out, and we leave it out."""
    return {f"field.{name}": ("null", None) for name in FIELDS if call.fields[name] is None}


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (
            {"content": [TEXT], "ratio": "16:9", "resolution": "480p", "duration": 6},
            {"size": "854x480", "seconds": "6"},
        ),
        (
            {
                "content": [TEXT, picture("first_frame"), picture("last_frame")],
                "resolution": "1080p",
                "duration": 15,
                "seed": 0,
                "generate_audio": False,
                "safety_identifier": "u-1",
                "camera_fixed": True,
            },
            {
                "size": "1080x1920",
                "seconds": "15",
                "input_reference": PICTURE,
                "last_frame": PICTURE,
                "seed": 0,
                "audio": False,
                "user": "u-1",
                "extra_body": {"camera_fixed": True},
            },
        ),
        (
            {
                "content": [TEXT, picture("reference_image"), picture("reference_image")],
                "ratio": "21:9",
                "resolution": "4k",
                "duration": SECONDS,
                "generate_audio": True,
            },
            {"size": "5040x2160", "references": (PICTURE, PICTURE), "audio": True},
        ),
    ],
)
def test_a_create_is_the_sdks(
    sdk: Ark, base: str, fake: VolcengineFake, theirs: dict[str, Any], mine: dict[str, Any]
) -> None:
    sdk.content_generation.tasks.create(model=NAME, **theirs)
    drive(ours(base).create(wanted(**mine)))
    one, other = fake.asked("POST")
    assert differences(one, other) == nulls(one)
    assert fake.creates == 2


def test_a_status_a_list_and_a_delete_are_the_sdks(sdk: Ark, base: str, fake: VolcengineFake) -> None:
    tasks, provider = sdk.content_generation.tasks, ours(base)
    *ids, asked = [tasks.create(model=NAME, content=[TEXT]).id for _ in range(3)]
    tasks.get(task_id=asked)
    drive(provider.retrieve(asked))
    tasks.list(page_num=1, page_size=5)
    drive(provider.list(limit=5))
    tasks.delete(ids[0])
    drive(provider.delete(ids[1]))
    status, same_status, page, same_page, one, other = fake.requests[3:]
    assert differences(status, same_status) == {}
    assert differences(page, same_page) == {}
    # Each deletes a task of its own, and the SDK puts an empty object into the body of a DELETE.
    assert differences(one, other) == {"path": (one.path, other.path), "body": ("json", "none")}
    assert json.loads(one.body) == {}
    assert (one.path, other.path) == tuple(f"{TASKS}/{number}" for number in ids)


# --- what is asked ---


def test_a_duration_is_always_asked_for_and_is_the_catalogues() -> None:
    assert next(ours().create(wanted())).json == {"model": NAME, "content": [TEXT], "duration": SECONDS}
    models = [model for model in catalog.models() if model.provider == "volcengine"]
    assert {model.default_seconds for model in models} == {str(SECONDS)}


def test_reference_pictures_go_in_their_role_and_leave_the_shape(base: str, fake: VolcengineFake) -> None:
    save_picture(Path("kite.jpg"), 640, 480)
    clip = soravid.generate("a kite", model=MODEL, size="720x1280", references=["kite.jpg"] * 2).wait()
    fields = fake.asked("POST")[0].fields
    assert [item.get("role") for item in fields["content"]] == [None, "reference_image", "reference_image"]
    assert (fields["ratio"], clip.size) == ("9:16", "720x1280")


def test_frames_and_reference_pictures_are_refused_before_anything_is_sent(
    base: str, fake: VolcengineFake, home: Path
) -> None:
    save_picture(Path("kite.jpg"), 640, 480)
    with pytest.raises(errors.InvalidRequest, match="not from both") as caught:
        soravid.generate("a kite", model=MODEL, last_frame="kite.jpg", references=["kite.jpg"])
    assert (caught.value.param, fake.requests, kinds(home)) == ("references", [], [])


def test_a_fraction_of_a_second_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="whole seconds"):
        next(ours().create(wanted(seconds="4.5")))


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_a_clip_as_input_is_refused_since_no_answer_states_its_price(operation: Operation) -> None:
    with pytest.raises(errors.UnsupportedOperation, match=f"volcengine cannot {operation} a video"):
        next(ours().create(wanted(operation=operation, source_id="cgt-1", seconds="4")))


def test_only_the_create_is_billable() -> None:
    provider = ours()
    flows: list[Flow[Any]] = [
        provider.retrieve("x"),
        provider.list(),
        provider.delete("x"),
        provider.cancel("x"),
    ]
    assert next(provider.create(wanted())).billable
    assert not any(next(flow).billable for flow in flows)


def test_an_id_cannot_lead_out_of_its_path() -> None:
    assert (
        next(ours().retrieve("a/../b")).url
        == "https://ark.example/api/v3/contents/generations/tasks/a%2F..%2Fb"
    )


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


def test_a_finished_task_tells_duration_size_and_tokens() -> None:
    video = told(
        status="succeeded",
        model="doubao-seedance-2-0-260128",
        content={"video_url": "https://tos.example/a.mp4"},
        usage={"completion_tokens": 108900, "total_tokens": 108900},
        created_at=1778754737,
        updated_at=1778755025,
        resolution="720p",
        ratio="9:16",
        duration=5,
    )
    assert (video.seconds, video.size, video.created_at, video.completed_at) == (
        "5",
        "720x1280",
        1778754737,
        1778755025,
    )
    assert video.usage is not None
    assert (video.usage.completion_tokens, video.usage.duration_seconds) == (108900, 5.0)
    assert video._bill is None  # tokens are no money


@pytest.mark.parametrize(
    "task", [{}, {"ratio": "adaptive", "resolution": "720p"}, {"ratio": "16:9", "resolution": None}]
)
def test_where_the_shape_is_not_told_the_file_will_tell(task: dict[str, Any]) -> None:
    video = told(status="succeeded", duration=-1, **task)
    assert (video.size, video.seconds) == (None, None)


@pytest.mark.parametrize(
    "code",
    [
        REFUSED,
        "OutputVideoSensitiveContentDetected",
        "OutputAudioSensitiveContentDetected.PolicyViolation",
        "InputImageSensitiveContentDetected.PrivacyInformation",
        "InputTextSensitiveContentDetected",
        "SensitiveContentDetected.SevereViolation",
    ],
)
def test_a_refusal_is_one_at_the_end_and_at_the_create(code: str) -> None:
    error = {"code": code, "message": "No."}
    video = told(status="failed", error=error)
    assert video.error is not None
    assert (video.error.code, video.error.provider_code) == ("moderation_blocked", code)
    with pytest.raises(errors.Refused) as caught:
        fed(ours().create(wanted()), (400, {"error": error}))
    assert caught.value.provider_code == code


def test_a_task_that_was_not_done_in_time_says_so(base: str, fake: VolcengineFake) -> None:
    fake.expires = True
    with pytest.raises(errors.GenerationFailed, match="not done in the time"):
        soravid.generate("a kite", model=MODEL).wait()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccountOverdueError", errors.InsufficientCredits),
        (403, "OperationDenied.ServiceOverdue", errors.InsufficientCredits),
        (403, "AccessDenied", errors.AuthenticationFailed),
        (404, "ModelNotOpen", errors.NotFound),
        (400, "InvalidParameter.TaskTypeConstraint", errors.BadRequest),
        (429, "ServerOverloaded", errors.RateLimited),
    ],
)
def test_each_error_is_ours(status: int, code: str, kind: type[errors.ProviderError]) -> None:
    answer = (status, {"error": {"code": code, "message": "Why.", "param": "", "type": "X"}})
    with pytest.raises(kind) as caught:
        fed(ours().create(wanted()), answer)
    assert type(caught.value) is kind
    assert (caught.value.message, caught.value.provider_code) == ("Why.", code)


@pytest.mark.parametrize("body", [{}, [], None, {"id": ""}])
def test_a_create_without_an_id_is_a_fault_of_the_server(body: Any) -> None:
    with pytest.raises(errors.ServerError):
        fed(ours().create(wanted()), (200, body))


def test_a_task_without_a_clip_says_why() -> None:
    for status, kind in (("running", errors.NotFound), ("succeeded", errors.Expired)):
        with pytest.raises(kind):
            fed(ours().content("cgt-1", "video"), (200, {"id": "cgt-1", "status": status, "content": None}))


# --- list, delete, cancel ---


def test_a_list_goes_on_after_an_id_although_a_task_came_in_between(base: str, fake: VolcengineFake) -> None:
    first, second, third, fourth = [soravid.video_generation(f"kite {n}", MODEL).id for n in range(4)]
    videos = soravid.Client().videos
    page = videos.list(MODEL, limit=2)
    assert ([video.id for video in page.data], page.has_more) == ([fourth, third], True)
    page_of_two = videos.list(MODEL, limit=2, after=fourth)  # it begins in the middle of a page of the wire
    assert ([video.id for video in page_of_two.data], page_of_two.has_more) == ([third, second], True)
    soravid.video_generation("kite 5", MODEL)
    page = videos.list(MODEL, limit=2, after=page.last_id)
    assert ([video.id for video in page.data], page.has_more) == ([second, first], False)
    assert videos.list(MODEL, after="cgt-0").data == []
    with pytest.raises(errors.UnsupportedOperation, match="oldest"):
        videos.list(MODEL, order="asc")


def test_a_delete_removes_a_finished_task_and_refuses_a_running_one(base: str, fake: VolcengineFake) -> None:
    job = soravid.generate("a kite", model=MODEL)
    job.wait()
    soravid.Client().videos.delete(job.id)
    assert fake.jobs == {}
    running = soravid.video_generation("a kite", MODEL).id
    fake.jobs[running].status = "in_progress"
    with pytest.raises(errors.BadRequest, match="currently running"):
        soravid.Client().videos.delete(running, MODEL)


def test_a_delete_whose_first_answer_was_lost_is_done() -> None:
    gone = json.dumps({"error": {"code": "ResourceNotFound", "message": "Gone."}}).encode()
    fed(ours().delete("cgt-1"), Response(404, {}, gone, attempt=2))
    with pytest.raises(errors.NotFound):
        fed(ours().delete("cgt-1"), Response(404, {}, gone))


def test_a_running_task_is_not_said_to_be_stopped(base: str, fake: VolcengineFake, home: Path) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("a kite", model=MODEL)
    until(lambda: fake.jobs)
    (task,) = fake.jobs.values()
    task.status, task.polls = "in_progress", 10**6 // 2
    with pytest.raises(errors.UnsupportedOperation, match="only while it is queued"):
        job.cancel()
    assert fake.asked("DELETE") == []
    assert kinds(home) == ["hold"]
    task.polls = 10**6
    assert job.wait().path.exists()


@pytest.mark.parametrize("status", ["running", "succeeded", "failed", "expired"])
def test_a_cancel_never_deletes_a_task_that_has_left_the_queue(status: str) -> None:
    with pytest.raises(errors.UnsupportedOperation):
        fed(ours().cancel("cgt-1"), (200, {"id": "cgt-1", "status": status}))


@pytest.mark.parametrize(("status", "stopped"), [("cancelled", True), ("running", False)])
def test_a_cancel_that_is_refused_looks_again(status: str, stopped: bool) -> None:
    answers = [
        (200, {"id": "cgt-1", "status": "queued"}),
        (409, {"error": {"code": "InvalidAction", "message": "No."}}),
        (200, {"id": "cgt-1", "status": status}),
    ]
    if stopped:
        asked, _ = fed(ours().cancel("cgt-1"), *answers)
        assert [request.method for request in asked] == ["GET", "DELETE", "GET"]
    else:
        with pytest.raises(errors.UnsupportedOperation):
            fed(ours().cancel("cgt-1"), *answers)


def test_a_cancel_that_the_key_may_not_do_says_so() -> None:
    answers = [(200, {"id": "cgt-1", "status": "queued"}), (403, {"error": {"code": "AccessDenied"}})]
    with pytest.raises(errors.AuthenticationFailed):
        fed(ours().cancel("cgt-1"), *answers)


def test_the_estimate_holds_what_ark_bills_in_tokens() -> None:
    """46 CNY a million at 7 CNY to the USD, for 24 frames a second and one more."""
    tokens = 1280 * 720 * (24 * 15 + 1) / 1024
    estimate = soravid.estimate("a kite", model=MODEL, seconds=15, size="1280x720", api_key=KEY)
    assert estimate.low is not None
    assert estimate.upper is not None
    assert float(estimate.low) < tokens * 46 / 7 / 1e6 < float(estimate.upper)
