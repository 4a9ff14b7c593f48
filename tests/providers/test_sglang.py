"""SGLang's wire: OpenAI's client beside ours, what is not as OpenAI has it, and what it must not be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import soravid
from soravid import errors, planning
from soravid.providers.base import Response
from soravid.providers.sglang import SGLang
from soravid.types import Video
from tests.core.helpers import jobs, kinds
from tests.fakes.hosted_vllm import BROKEN
from tests.fakes.server import serve
from tests.fakes.sglang import BLOCKED, BUCKET, GONE, SGLangFake
from tests.providers.cases import KEY
from tests.providers.dialect import (
    PICTURE,
    SHUT_DOWN,
    UPLOAD,
    adapter,
    answered,
    both,
    client,
    drive,
    files_of,
    first_request,
    text_of,
    wanted,
)
from tests.providers.parity import differences

pytestmark = pytest.mark.filterwarnings(SHUT_DOWN)
MODEL = "sglang/Wan-AI/Wan2.2-TI2V-5B-Diffusers"
ID = "1f0c2c1e-6c5b-4d5b-9d55-2f9d4b1f7a10"
JOB = {"id": ID, "object": "video", "status": "queued", "model": "Wan2.2", "created_at": 1, "progress": 0}


@pytest.fixture
def fake() -> SGLangFake:
    return SGLangFake(api_key="", retry_after="7")


@pytest.fixture
def url(fake: SGLangFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(fake) as address:
        monkeypatch.setenv("SGLANG_API_BASE", address)  # the /v1 that people leave out is added
        yield address


def provider(url: str = "https://host") -> Any:
    return adapter(SGLang, base=f"{url}/v1")


def told(**job: Any) -> Video:
    """What a status answer is read as."""
    video: Video = answered(provider().retrieve(ID), JOB | job)
    return video


# --- OpenAI's client ---


def test_openais_client_makes_a_clip(fake: SGLangFake, url: str) -> None:
    with client(url) as sdk:
        video = sdk.videos.create_and_poll(prompt="a kite", model="m", seconds="4", poll_interval_ms=10)
        assert video.status == "completed"
        assert sdk.videos.download_content(video.id).read() == fake.bytes_of(video.id)


def test_openais_client_stumbles_over_the_variant_and_the_delete(fake: SGLangFake, url: str) -> None:
    with client(url) as sdk:
        video = sdk.videos.create_and_poll(prompt="a kite", model="m", poll_interval_ms=10)
        with pytest.raises(openai.NotFoundError):
            sdk.videos.download_content(video.id, variant="video")  # an index is wanted
        answer = sdk.videos.delete(video.id)
    assert (answer.object, getattr(answer, "deleted", None)) == ("video", None)


def test_openais_client_gets_a_failure_without_a_code(url: str) -> None:
    with client(url) as sdk:
        video = sdk.videos.create_and_poll(prompt="[error]", model="m", poll_interval_ms=10)
    assert video.error is not None
    assert (video.status, getattr(video.error, "code", None), video.error.message) == ("failed", None, BROKEN)


@pytest.mark.parametrize(
    ("prompt", "error"), [("[refuse]", openai.BadRequestError), ("[429]", openai.RateLimitError)]
)
def test_openais_client_is_told_of_errors(url: str, prompt: str, error: type[openai.APIStatusError]) -> None:
    with client(url) as sdk, pytest.raises(error):
        sdk.videos.create(prompt=prompt, model="m")


def test_openais_client_needs_the_key_of_a_proxy_before_it(fake: SGLangFake, url: str) -> None:
    fake.api_key = "another"
    with client(url) as sdk, pytest.raises(openai.AuthenticationError):
        sdk.videos.list()


# --- the same requests ---


def test_a_create_is_the_client_s(fake: SGLangFake, url: str) -> None:
    own = {"seed": 7, "negative_prompt": "blur", "num_inference_steps": 20}
    with client(url) as sdk:
        theirs, ours = both(
            fake,
            lambda: sdk.videos.create(
                prompt="a kite",
                model="m",
                seconds="8",
                size="1280x720",
                input_reference=UPLOAD,
                extra_body=own,
            ),
            provider(url).create(
                wanted(
                    "a kite",
                    seconds="8",
                    size="1280x720",
                    input_reference=PICTURE,
                    seed=7,
                    negative_prompt="blur",
                    extra_body={"num_inference_steps": 20},
                )
            ),
        )
    assert differences(theirs, ours) == {}


def test_status_list_content_and_delete_are_the_client_s(fake: SGLangFake, url: str) -> None:
    fake.polls_to_finish = 1
    one, two = (drive(provider(url).create(wanted())).id for _ in range(2))
    with client(url) as sdk:
        status = both(fake, lambda: sdk.videos.retrieve(one), provider(url).retrieve(one))
        page = both(
            fake,
            lambda: sdk.videos.list(limit=2, order="asc", after=one),
            provider(url).list(limit=2, order="asc", after=one),
        )
        sdk.videos.download_content(one)
        content, source = fake.requests[-1], drive(provider(url).content(one, "video"))
        delete = both(fake, lambda: sdk.videos.delete(one), provider(url).delete(two))
    assert {**differences(*status), **differences(*page)} == {}
    assert (source.url, source.params) == (f"{url}{content.path}", content.query)
    assert list(differences(*delete)) == ["path"]  # of the two jobs
    # Ours looks first whether the job has ended: one that runs would be lost.
    assert [call.method for call in fake.requests[-3:]] == ["DELETE", "GET", "DELETE"]


# --- what it must not be sent ---

PLACES: list[tuple[dict[str, Any], str]] = [
    ({"video_path": "clips/a.mp4"}, "video_path"),
    ({"video_path": "a.mp4"}, "video_path"),
    ({"output_path": "outputs"}, "output_path"),
    ({"output_file_name": "x"}, "output_file_name"),
    ({"perf_dump_path": "dump"}, "perf_dump_path"),
    ({"upscaling_model_path": "esrgan"}, "upscaling_model_path"),
    ({"frame_interpolation_model_path": "rife"}, "frame_interpolation_model_path"),
    ({"input_reference": "a.png"}, "input_reference"),
    ({"video_reference": "a.mp4"}, "video_reference"),
    ({"reference_url": "host"}, "reference_url"),
    ({"video_url": "http://10.0.0.1/"}, "video_url"),
    ({"lora_path": "ink"}, "lora_path"),
    ({"lora": "ink"}, "lora"),
    ({"control_path": ["a.mp4", "b.mp4"]}, "control_path"),
    ({"prompt_path": "p.txt"}, "prompt_path"),
    ({"extra_params": {"video_path": "a.mp4"}}, "extra_params.video_path"),
    ({"extra_params": '{"video_path": "a.mp4"}'}, "extra_params.video_path"),
    (
        {"extra_json": json.dumps({"extra_params": '{"video_path": "a"}'})},
        "extra_json.extra_params.video_path",
    ),
    ({"multiview": [{"wsm": {"control_path": "a"}}]}, "multiview.wsm.control_path"),
    ({"conditions": [{"type": "image", "uri": "a.png"}]}, "conditions.uri"),
    ({"conditions": [{"image": "../a.png"}]}, "conditions.image"),
    ({"diffusers_kwargs": {"image": "https://host/a.png"}}, "diffusers_kwargs.image"),
    ({"weights": "org/model"}, "weights"),
    ({"anything": "/etc/passwd"}, "anything"),
    ({"anything": " ~/a file"}, "anything"),
    ({"anything": "C:\\clips\\a file.mp4"}, "anything"),
    ({"anything": "see file://host/a"}, "anything"),
    ({"anything": '"/etc/passwd"'}, "anything"),
]


@pytest.mark.parametrize(("own", "field"), PLACES, ids=[json.dumps(own) for own, _ in PLACES])
def test_a_path_or_an_address_is_never_sent(own: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=f"may not hold {field}: SGLang would open") as caught:
        next(provider().create(wanted(extra_body=own)))
    assert caught.value.param == field


@pytest.mark.parametrize(
    "own",
    [
        {"num_inference_steps": 20, "guidance_scale": 4.5, "enable_teacache": True, "seed_list": [1, 2]},
        {"output_quality": "high", "x264_preset": "slow", "generator_device": "cuda", "task_type": "T2V"},
        {"condition_video_keep": "last", "reference_resize_mode": "diffusers", "lora_scale": 0.5},
        {"diffusers_kwargs": {"flow_shift": 5.0, "max_sequence_length": 512}},
        {"view_prompts": ["a road by day and/or by night", "a wall"]},
        {"output_path": None, "video_url": ""},
    ],
    ids=json.dumps,
)
def test_what_names_no_place_is_sent(own: dict[str, Any]) -> None:
    sent = text_of(first_request(provider().create(wanted(extra_body=own))))
    assert {name for name, value in own.items() if value is not None} <= sent.keys()


def test_a_path_is_refused_before_money_is_held(fake: SGLangFake, url: str) -> None:
    with pytest.raises(errors.InvalidRequest, match="video_path"):
        soravid.generate("a kite", model=MODEL, extra_body={"video_path": "/srv/secret.mp4"})
    assert (fake.requests, fake.opened, planning.current().journal.recent()) == ([], [], [])


def test_a_picture_is_uploaded_and_never_named(fake: SGLangFake, url: str, picture: Path) -> None:
    assert soravid.generate("a kite", model=MODEL, input_reference=picture).wait()
    (create,) = fake.asked("POST")
    assert (create.files["input_reference"].data, fake.opened) == (picture.read_bytes(), [])


def test_the_fake_would_open_what_is_named(fake: SGLangFake, url: str) -> None:
    """So that the tests above can fail."""
    body = {"prompt": "a kite", "video_path": "/srv/a.mp4", "extra_params": '{"control_path": "b"}'}
    with client(url) as sdk:
        sdk.videos.create(prompt="a kite", model="m", extra_body=body)
        sdk.post("/videos", cast_to=object, body={"prompt": "a kite", "input_reference": "/srv/c.png"})
    assert fake.opened == ["/srv/a.mp4", "b", "/srv/c.png"]


# --- creates ---


@pytest.mark.parametrize("pictures", [{"last_frame": PICTURE}, {"references": (PICTURE,)}], ids=list)
def test_pictures_that_it_would_leave_out_are_told(pictures: dict[str, Any]) -> None:
    with pytest.raises(errors.UnsupportedOperation, match="sglang takes no"):
        next(provider().create(wanted(**pictures)))


def test_seconds_are_a_whole_number() -> None:
    assert text_of(first_request(provider().create(wanted(seconds="8"))))["seconds"] == "8"
    with pytest.raises(errors.InvalidRequest, match="whole seconds only"):
        next(provider().create(wanted(seconds="2.5")))


def test_a_form_is_sent_with_a_picture_and_without(fake: SGLangFake) -> None:
    assert files_of(first_request(provider().create(wanted()))) == []
    request = first_request(provider().create(wanted(input_reference=PICTURE)))
    assert files_of(request) == [("input_reference", "kite.png")]


def test_a_wrong_field_is_told_whether_the_detail_is_text_or_a_list(url: str) -> None:
    with pytest.raises(errors.BadRequest, match="valid integer") as caught:
        soravid.generate("a kite", model=MODEL, extra_body={"num_frames": "many"}).wait()
    assert caught.value.status_code == 422
    with pytest.raises(errors.BadRequest, match="num_frames must be positive"):
        soravid.generate("a kite", model=MODEL, extra_body={"num_frames": -1}).wait()


def test_a_server_without_its_worker_has_definitely_not_taken_a_create(
    fake: SGLangFake, url: str, home: Path
) -> None:
    fake.worker_gone = True
    with pytest.raises(errors.ProviderError, match=GONE):
        soravid.generate("a kite", model=MODEL).wait()
    assert (kinds(home), [row["status"] for row in jobs(home)]) == (["hold", "void"], ["failed"])


def test_a_wrong_key_for_the_proxy_before_it_is_told(
    fake: SGLangFake, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SGLANG_API_KEY", KEY)
    fake.api_key = "another"
    with pytest.raises(errors.AuthenticationFailed, match="SGLANG_API_KEY") as caught:
        soravid.generate("a kite", model=MODEL).wait()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_other_operations_are_refused_before_anything_is_sent(operation: Any) -> None:
    with pytest.raises(errors.UnsupportedOperation, match=f"sglang cannot {operation}"):
        next(provider().create(wanted(operation=operation, source_id=ID, seconds="4")))


def test_a_job_without_its_prompt_is_not_taken_for_a_lost_one(fake: SGLangFake, url: str) -> None:
    with pytest.raises(errors.OutcomeUnknown):
        soravid.generate("a kite [lost]", model=MODEL).wait()
    assert (len(fake.asked("POST")), fake.creates) == (1, 1)


# --- status ---


def test_a_failure_has_words_and_no_code() -> None:
    video = told(status="failed", progress=37, error={"message": BROKEN}, completed_at=None)
    assert video.error is not None
    assert (video.status, video.progress) == ("failed", 37)
    assert (video.error.code, video.error.message) == (None, BROKEN)


def test_a_guardrail_s_block_is_a_refusal() -> None:
    video = told(status="failed", error={"message": f"Error executing request: {BLOCKED}"})
    assert video.error is not None
    assert (video.error.code, video.error.provider_code) == ("moderation_blocked", "guardrail")


def test_seconds_are_what_the_frames_come_to(fake: SGLangFake, url: str) -> None:
    clip = soravid.generate("a kite", model=MODEL, seconds=5, extra_body={"num_frames": 33}).wait()
    assert clip.video.seconds == "1"


def test_paths_and_links_of_the_server_go_nowhere(fake: SGLangFake, url: str) -> None:
    fake.in_s3 = True
    video = soravid.video_generation("a kite", MODEL)
    fake.jobs[video.id].finish()
    shown = video.model_dump_json() + soravid.video_status(video.id).model_dump_json()
    assert "/srv" not in shown
    assert BUCKET not in shown


# --- list ---


def test_a_page_has_twenty_jobs_unless_more_are_asked_for(fake: SGLangFake, url: str) -> None:
    made = [drive(provider(url).create(wanted())).id for _ in range(3)]
    for job in fake.jobs.values():
        job.created_at = 1764000000.5  # within one second the oldest is first
    page, more = drive(provider(url).list(limit=2))
    assert ([video.id for video in page], more) == (made[:2], True)
    rest, more = drive(provider(url).list(after=made[1]))
    assert ([video.id for video in rest], more) == (made[2:], False)


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_that_it_does_not_take_is_told(url: str, limit: int) -> None:
    with pytest.raises(errors.BadRequest, match="from 1 to 100"):
        drive(provider(url).list(limit=limit))


# --- content, delete, cancel ---


def test_no_variant_is_ever_sent() -> None:
    flow = provider().content(ID, "video")
    with pytest.raises(StopIteration) as end:
        next(flow)
    assert end.value.value.params == {}
    with pytest.raises(errors.UnsupportedOperation, match="cannot hand out a spritesheet"):
        next(provider().content(ID, "spritesheet"))


def test_a_clip_in_s3_is_told_without_its_address(fake: SGLangFake, url: str) -> None:
    fake.in_s3 = True
    with pytest.raises(errors.BadRequest, match=r"cloud storage \(S3\).*SGLANG_CLOUD_STORAGE_TYPE") as caught:
        soravid.generate("a kite", model=MODEL).wait()
    assert BUCKET not in repr(caught.value) + str(caught.value)


def test_the_content_of_a_running_job_is_told(url: str) -> None:
    video = soravid.video_generation("a kite", MODEL)
    with pytest.raises(errors.NotFound, match="in-progress") as caught:
        soravid.video_content(video.id)
    assert type(caught.value) is errors.NotFound


def test_a_running_job_is_not_stopped_and_not_lost(fake: SGLangFake, url: str) -> None:
    fake.polls_to_finish = 10**6
    video = soravid.video_generation("a kite", MODEL)
    with pytest.raises(errors.UnsupportedOperation, match="sglang cannot stop a job that is running"):
        soravid.find_job(video.id).cancel()
    with pytest.raises(errors.UnsupportedOperation, match="cannot delete a job that is running"):
        soravid.video_delete(video.id)
    assert (fake.asked("DELETE"), fake.orphans) == ([], [])


def test_a_finished_job_is_deleted_although_the_answer_is_the_job(fake: SGLangFake, url: str) -> None:
    video = soravid.video_generation("a kite", MODEL)
    fake.jobs[video.id].finish()
    assert soravid.video_delete(video.id).deleted
    assert fake.jobs == {}


def test_a_delete_that_has_been_done_by_a_lost_answer_is_done() -> None:
    flow = provider().delete(ID)
    next(flow)
    flow.send(Response(200, {}, json.dumps(JOB | {"status": "completed"}).encode()))
    with pytest.raises(StopIteration):
        flow.send(Response(404, {}, b'{"detail":"Video not found"}', attempt=2))
