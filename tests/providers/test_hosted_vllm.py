"""vLLM-Omni's wire: OpenAI's client beside ours, and what is not as OpenAI has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

import soravid
from soravid import errors, planning
from soravid.providers.hosted_vllm import HostedVLLM
from soravid.types import Video
from tests.core.helpers import jobs, kinds
from tests.fakes.hosted_vllm import BLOCKED, BROKEN, HostedVLLMFake
from tests.fakes.server import serve
from tests.providers.cases import KEY
from tests.providers.dialect import (
    OTHER,
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
MODEL = "hosted_vllm/MiniMaxAI/MiniMax-H3"
SIZE: Any = "832x480"  # the client's types have the sizes of Sora alone
JOB = {
    "id": "video_gen_1",
    "object": "video",
    "status": "queued",
    "model": "m",
    "created_at": 1,
    "progress": 0,
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> HostedVLLMFake:
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", KEY)
    return HostedVLLMFake(api_key=KEY, retry_after="7")


@pytest.fixture
def url(fake: HostedVLLMFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(fake) as address:
        monkeypatch.setenv("HOSTED_VLLM_API_BASE", address)  # the /v1 that people leave out is added
        yield address


def provider(url: str = "https://host") -> Any:
    return adapter(HostedVLLM, base=f"{url}/v1")


def told(http: int = 200, **job: Any) -> Video:
    """What a status answer is read as."""
    video: Video = answered(provider().retrieve("video_gen_1"), JOB | job, http)
    return video


# --- OpenAI's client ---


def test_openais_client_makes_a_clip(fake: HostedVLLMFake, url: str) -> None:
    with client(url) as sdk:
        video = sdk.videos.create_and_poll(
            prompt="a kite", model="m", seconds="4", size="1280x720", poll_interval_ms=10
        )
        assert video.status == "completed"
        assert sdk.videos.download_content(video.id).read() == fake.bytes_of(video.id)


@pytest.mark.parametrize(
    ("prompt", "error"), [("[refuse]", openai.BadRequestError), ("[429]", openai.RateLimitError)]
)
def test_openais_client_is_told_of_errors(url: str, prompt: str, error: type[openai.APIStatusError]) -> None:
    with client(url) as sdk, pytest.raises(error):
        sdk.videos.create(prompt=prompt, model="m")


def test_openais_client_needs_the_key(url: str) -> None:
    with client(url, "another") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.videos.list()


@pytest.mark.parametrize(
    ("prompt", "error"), [("[error]", openai.InternalServerError), ("[moderation]", openai.BadRequestError)]
)
def test_a_failed_job_is_an_error_to_openais_client_and_an_end_to_ours(
    url: str, prompt: str, error: type[openai.APIStatusError]
) -> None:
    with client(url) as sdk, pytest.raises(error):
        sdk.videos.create_and_poll(prompt=prompt, model="m", poll_interval_ms=10)
    video = soravid.generate(prompt, model=MODEL)
    with pytest.raises((errors.GenerationFailed, errors.Refused)):
        video.wait()
    assert video.status == "failed"


# --- the same requests ---


def test_a_create_is_the_client_s(fake: HostedVLLMFake, url: str) -> None:
    own = {"seed": 7, "negative_prompt": "blur", "generate_sound": True, "user": "me", "fps": 16.5}
    with client(url) as sdk:
        theirs, ours = both(
            fake,
            lambda: sdk.videos.create(
                prompt="a kite",
                model="m",
                seconds="4",
                size=SIZE,
                input_reference=UPLOAD,
                extra_body=own,
            ),
            provider(url).create(
                wanted(
                    "a kite",
                    seconds="4",
                    size=SIZE,
                    input_reference=PICTURE,
                    seed=7,
                    negative_prompt="blur",
                    audio=True,
                    user="me",
                    extra_body={"fps": 16.5},
                )
            ),
        )
    assert differences(theirs, ours) == {}


def test_several_pictures_are_what_a_client_sends_by_hand(fake: HostedVLLMFake, url: str) -> None:
    """OpenAI's client has no argument for them."""
    body = {"prompt": "a kite", "model": "m", "extra_params": '{"task": "ref2va"}'}
    files = [("input_references", UPLOAD), ("input_references", (OTHER.filename, OTHER.data, "image/png"))]
    with client(url) as sdk:
        theirs, ours = both(
            fake,
            lambda: sdk.post(
                "/videos",
                cast_to=object,
                body=body,
                files=files,
                options={"headers": {"Content-Type": "multipart/form-data"}},
            ),
            provider(url).create(wanted("a kite", references=(PICTURE, OTHER))),
        )
    assert differences(theirs, ours) == {}
    assert [job.values["references"] for job in fake.jobs.values()] == [["kite.png", "tail.png"]] * 2


def test_an_object_arrives_where_the_client_s_is_lost(fake: HostedVLLMFake, url: str) -> None:
    own = {"lora": {"name": "ink", "scale": 0.5}}
    with client(url) as sdk:
        theirs, ours = both(
            fake,
            lambda: sdk.videos.create(prompt="a kite", model="m", extra_body=own),
            provider(url).create(wanted("a kite", extra_body=own)),
        )
    assert differences(theirs, ours) == {
        # The client takes an object apart into names that vLLM-Omni does not know, and so leaves out.
        "field.lora[name]": ('"ink"', None),
        "field.lora[scale]": ('"0.5"', None),
        "field.lora": (None, '"{\\"name\\": \\"ink\\", \\"scale\\": 0.5}"'),
    }


def test_status_list_content_and_delete_are_the_client_s(fake: HostedVLLMFake, url: str) -> None:
    fake.polls_to_finish = 1
    one, two = (drive(provider(url).create(wanted())).id for _ in range(2))
    with client(url) as sdk:
        pairs = [
            both(fake, lambda: sdk.videos.retrieve(one), provider(url).retrieve(one)),
            both(
                fake,
                lambda: sdk.videos.list(limit=2, order="asc", after=one),
                provider(url).list(limit=2, order="asc", after=one),
            ),
            both(fake, lambda: sdk.videos.delete(one), provider(url).delete(two)),
        ]
        assert {**differences(*pairs[0]), **differences(*pairs[1])} == {}
        assert list(differences(*pairs[2])) == ["path"]  # of the two jobs
        third = drive(provider(url).create(wanted())).id
        drive(provider(url).retrieve(third))
        sdk.videos.download_content(third)
        source = drive(provider(url).content(third, "video"))
    assert (source.url, source.params) == (f"{url}{fake.requests[-1].path}", fake.requests[-1].query)


# --- creates ---


def test_a_json_body_has_no_prompt(url: str) -> None:
    with client(url) as sdk, pytest.raises(openai.BadRequestError, match="Field required") as caught:
        sdk.post("/videos", cast_to=object, body={"prompt": "a kite"})
    assert caught.value.param == "body.prompt"


@pytest.mark.parametrize(
    ("pictures", "parts", "task"),
    [
        ({"input_reference": PICTURE}, [("input_reference", "kite.png")], None),
        (
            {"input_reference": PICTURE, "last_frame": OTHER},
            [("input_references", "kite.png"), ("input_references", "tail.png")],
            None,
        ),
        ({"last_frame": OTHER}, [("input_references", "tail.png")], '{"frame_indices": [-1]}'),
        ({"references": (OTHER,)}, [("input_references", "tail.png")], '{"task": "ref2va"}'),
        (
            {"input_reference": PICTURE, "references": (OTHER,)},
            [("input_references", "kite.png"), ("input_references", "tail.png")],
            '{"task": "ref2va"}',
        ),
    ],
    ids=["first", "first and last", "last", "reference", "first and reference"],
)
def test_pictures_go_as_what_they_are(pictures: dict[str, Any], parts: list[Any], task: str | None) -> None:
    request = first_request(provider().create(wanted(**pictures)))
    assert (files_of(request), text_of(request).get("extra_params")) == (parts, task)


def test_a_last_frame_beside_references_is_told_before_anything_is_sent() -> None:
    with pytest.raises(errors.UnsupportedOperation, match="not both"):
        next(provider().create(wanted(last_frame=OTHER, references=(PICTURE,))))


def test_what_is_said_of_the_task_by_hand_counts() -> None:
    own = {"extra_params": {"task": "fl2va", "flow_shift": 12}}
    request = first_request(provider().create(wanted(references=(PICTURE,), extra_body=own)))
    assert text_of(request)["extra_params"] == '{"task": "fl2va", "flow_shift": 12}'


@pytest.mark.parametrize("audio", [True, False, None])
def test_sound_is_asked_for_or_left_out(audio: bool | None) -> None:
    sent = text_of(first_request(provider().create(wanted(audio=audio))))
    assert sent.get("generate_sound") == {True: "true", False: "false", None: None}[audio]


def test_a_fraction_of_a_second_is_told_before_anything_is_sent(fake: HostedVLLMFake, url: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"whole seconds only, not 2\.5"):
        soravid.generate("a kite", model=MODEL, seconds=2.5)
    assert (fake.requests, planning.current().journal.recent()) == ([], [])


def test_another_model_than_the_served_one_is_told(fake: HostedVLLMFake, url: str) -> None:
    fake.served = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"
    with pytest.raises(errors.BadRequest, match="Model mismatch") as caught:
        soravid.generate("a kite", model=MODEL).wait()
    assert (caught.value.provider_code, fake.creates) == ("400", 0)


def test_what_is_wrong_with_a_field_is_told(url: str) -> None:
    with pytest.raises(errors.BadRequest, match="valid integer") as caught:
        soravid.generate("a kite", model=MODEL, extra_body={"num_frames": "many"}).wait()
    assert caught.value.param == "body.num_frames"


def test_a_field_that_it_does_not_know_is_dropped(fake: HostedVLLMFake, url: str) -> None:
    assert soravid.generate("a kite", model=MODEL, extra_body={"n": 3, "style": "ink"}).wait()
    assert fake.creates == 1


def test_no_key_is_needed(fake: HostedVLLMFake, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOSTED_VLLM_API_KEY")
    fake.api_key = ""
    assert soravid.generate("a kite", model=MODEL).wait()
    assert not any("authorization" in call.headers for call in fake.requests)


def test_a_wrong_key_is_told_although_the_answer_has_no_envelope(fake: HostedVLLMFake, url: str) -> None:
    fake.api_key = "another"
    with pytest.raises(errors.AuthenticationFailed, match=r"Unauthorized.*HOSTED_VLLM_API_KEY") as caught:
        soravid.generate("a kite", model=MODEL).wait()
    assert KEY not in str(caught.value)


def test_an_address_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.InvalidRequest, match="HOSTED_VLLM_API_BASE"):
        soravid.generate("a kite", model=MODEL)


def test_a_server_without_its_engine_has_definitely_not_taken_a_create() -> None:
    body = {"error": {"message": "Video generation handler not initialized.", "code": 503}}
    with pytest.raises(errors.ProviderError) as caught:
        answered(provider().create(wanted()), body, 503)
    assert not isinstance(caught.value, errors.ServerError)


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_other_operations_are_refused_before_anything_is_sent(operation: Any) -> None:
    with pytest.raises(errors.UnsupportedOperation, match=f"hosted_vllm cannot {operation}"):
        next(provider().create(wanted(operation=operation, source_id="video_gen_1", seconds="4")))


# --- status ---


@pytest.mark.parametrize("status", [400, 422, 500, 503])
def test_a_failed_job_under_the_failure_s_own_status_has_failed(status: int) -> None:
    video = told(status, status="failed", error={"code": status, "message": BROKEN})
    assert video.error is not None
    assert (video.status, video.error.code, video.error.message) == ("failed", str(status), BROKEN)


def test_a_guardrail_s_block_is_a_refusal_and_another_400_is_not() -> None:
    refused = told(400, status="failed", error={"code": 400, "message": BLOCKED})
    wrong = told(400, status="failed", error={"code": 400, "message": "fl2va accepts at most two images"})
    missing = told(500, status="failed", error={"code": 500, "message": "The guardrails are not functional"})
    codes = [video.error and video.error.code for video in (refused, wrong, missing)]
    assert codes == ["moderation_blocked", "400", "500"]


def test_a_refusal_is_told_as_one(url: str) -> None:
    with pytest.raises(errors.Refused, match="guardrails") as caught:
        soravid.generate("[moderation]", model=MODEL).wait()
    assert caught.value.provider_code == "guardrail"


def test_progress_is_told_once_there_is_some() -> None:
    assert told(status="in_progress", progress=0).progress is None
    assert told(status="completed", progress=100).progress == 100


def test_what_was_delivered_is_told() -> None:
    video = told(status="completed", seconds="4", size=None, num_frames=96, duration_s=4.0)
    assert (video.seconds, video.size) == ("4", None)


def test_a_restart_forgets_the_jobs(fake: HostedVLLMFake, url: str) -> None:
    video = soravid.video_generation("a kite", MODEL)
    fake.jobs.clear()
    with pytest.raises(errors.NotFound, match="Video not found"):
        soravid.video_status(video.id)


# --- list ---


def test_the_list_has_all_jobs_unless_a_limit_is_said(fake: HostedVLLMFake, url: str) -> None:
    made = [drive(provider(url).create(wanted(prompt))).id for prompt in ("one", "two [error]", "three")]
    fake.jobs[made[1]].finish()
    for job in fake.jobs.values():
        job.created_at = 1764000000.5  # within one second the oldest is first
    whole, more = drive(provider(url).list())
    assert ([video.id for video in whole], more) == (made, False)
    assert whole[1].error.code == "500"  # a failed job stands in a 200 here
    page, more = drive(provider(url).list(limit=2))
    assert ([video.id for video in page], more) == (made[:2], True)
    rest, more = drive(provider(url).list(limit=2, after=made[1]))
    assert ([video.id for video in rest], more) == (made[2:], False)
    assert drive(provider(url).list(limit=0)) == ([], True)
    assert drive(provider(url).list(after="video_gen_of_another")) == ([], False)


def test_a_limit_above_a_hundred_is_refused(url: str) -> None:
    with pytest.raises(errors.BadRequest) as caught:
        drive(provider(url).list(limit=101))
    assert caught.value.param == "query.limit"


# --- content, delete, cancel ---


def test_a_variant_is_never_asked_for_as_it_would_be_the_clip() -> None:
    with pytest.raises(errors.UnsupportedOperation, match="cannot hand out a thumbnail"):
        next(provider().content("video_gen_1", "thumbnail"))


def test_the_content_of_a_job_that_has_none_is_told(fake: HostedVLLMFake, url: str) -> None:
    running = soravid.video_generation("a kite", MODEL)
    with pytest.raises(errors.NotFound, match="in-progress") as caught:
        soravid.video_content(running.id)
    assert type(caught.value) is errors.NotFound
    failed = soravid.video_generation("[error]", MODEL)
    fake.jobs[failed.id].finish()
    with pytest.raises(errors.GenerationFailed, match="Video generation failed"):
        soravid.video_content(failed.id)


def test_a_delete_of_a_live_job_stops_it(fake: HostedVLLMFake, url: str, home: Path) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("a kite", model=MODEL)
    job.cancel()
    assert ([row["status"] for row in jobs(home)], fake.jobs) == (["cancelled"], {})


def test_a_job_that_is_about_to_stop_is_cancelled(fake: HostedVLLMFake, url: str, home: Path) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("[aborting]", model=MODEL)
    job.cancel()
    assert ([row["status"] for row in jobs(home)], kinds(home)) == (["cancelled"], ["hold", "void"])
    assert len(fake.asked("DELETE")) == 1


def test_a_finished_job_that_cannot_be_deleted_yet_is_told() -> None:
    body = {"error": {"message": "Video output not yet available. Please try again later.", "code": 409}}
    with pytest.raises(errors.BadRequest, match="not yet available"):
        answered(provider().cancel("video_gen_1"), body, 409)
