"""Gemini: the official client against the fake, the same requests by both, and the traps of the wire."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from google import genai
from google.genai import types
from google.genai._interactions import APIStatusError, BadRequestError, RateLimitError

import soravid
from soravid import errors
from soravid.deployments import Deployment
from soravid.providers.base import Flow, Request, Response
from soravid.providers.gemini import Gemini
from soravid.transport import Transport
from soravid.types import Reference, Video, VideoRequest
from tests.core.helpers import picture_bytes
from tests.fakes.clips import small_clip
from tests.fakes.gemini import FILES, REFUSAL, GeminiFake
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.providers.cases import KEY
from tests.providers.parity import differences

T = TypeVar("T")
MODEL = "gemini-omni-1.2-flash"
NAME = f"gemini/{MODEL}"
BASE = "https://generativelanguage.googleapis.com/v1beta"
JPEG = Reference(picture_bytes(64, 36, "JPEG"), "image/jpeg", "kite.jpg")
CLIP = {"type": "video", "mime_type": "video/mp4", "uri": f"{FILES}/abc:download?alt=media"}


@pytest.fixture
def fake() -> GeminiFake:
    return GeminiFake(api_key=KEY)


@pytest.fixture
def url(fake: GeminiFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The fake, also as the environment's Gemini."""
    with serve(fake) as address:
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        monkeypatch.setenv("GEMINI_API_BASE", address)
        yield address


@pytest.fixture
def sdk(url: str) -> Iterator[genai.Client]:
    with official(url) as client:
        yield client


def official(url: str, key: str = KEY) -> genai.Client:
    """The official client, without its repetitions: it sends a create up to five times."""
    options = types.HttpOptions(
        base_url=url, api_version="v1beta", retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(api_key=key, http_options=options)


def made_by(sdk: genai.Client, **body: Any) -> Any:
    """What the official client makes of a create."""
    return sdk.interactions.create(**{"model": MODEL, "background": True, **body})


def provider(base: str = BASE) -> Gemini:
    deployment = Deployment(provider="gemini", model=MODEL, api_base=base, own_host=base == BASE, api_key=KEY)
    return Gemini(deployment)


def wanted(**more: Any) -> VideoRequest:
    return VideoRequest(model=NAME, **({"prompt": "a kite"} | more))


def drive(flow: Flow[T]) -> T:
    """Run a flow against the fake."""

    async def run() -> T:
        transport = Transport()
        try:
            return await transport.drive(flow, attempts=1)
        finally:
            await transport.close()

    return asyncio.run(run())


def asked(flow: Flow[Any]) -> Request:
    """The first request of a flow."""
    request = next(flow)
    flow.close()
    return request


def answered(flow: Flow[T], body: Any, status: int = 200, attempt: int = 1, **headers: str) -> T:
    """What a flow makes of one answer."""
    next(flow)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        flow.send(Response(status, names, json.dumps(body).encode(), attempt))
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("The flow asks for more.")


def status(**more: Any) -> Video:
    """What a status makes of an answer."""
    return answered(provider().retrieve("v1_x"), {"id": "v1_x", "status": "completed"} | more)


def output(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "user_input", "content": [{"type": "text", "text": "a kite"}]},
        {"type": "thought", "signature": "c2lnbmF0dXJl"},
        {"type": "model_output", "content": list(parts)},
    ]


def finished(fake: GeminiFake, url: str) -> str:
    """The id of a finished job."""
    made = drive(provider(f"{url}/v1beta").create(wanted()))
    fake.jobs[made.id].finish()
    return made.id


# --- the official client ---


def test_the_official_client_gets_a_clip(sdk: genai.Client, fake: GeminiFake) -> None:
    made = made_by(
        sdk,
        input="a red kite",
        response_format={"type": "video", "delivery": "uri", "duration": "3s", "resolution": "360p"},
    )
    assert made.status == "in_progress"
    while made.status == "in_progress":
        made = sdk.interactions.get(made.id)
    assert made.status == "completed"
    uri = made.output_video.uri
    name = uri.split("/")[-1].partition(":")[0]
    assert sdk.files.get(name=f"files/{name}").state == types.FileState.ACTIVE
    assert sdk.files.download(file=uri) == fake.bytes_of(made.id)
    assert made.usage.total_output_tokens == 3 * 1931
    assert fake.creates == 1


def test_the_official_client_waits_for_a_clip_without_background(sdk: genai.Client, fake: GeminiFake) -> None:
    made = made_by(sdk, input="a red kite", background=False)
    assert made.status == "completed"
    assert base64.b64decode(made.output_video.data) == fake.bytes_of(made.id)


def test_the_official_client_stops_and_deletes(sdk: genai.Client, fake: GeminiFake) -> None:
    made = made_by(sdk, input="a red kite")
    assert sdk.interactions.cancel(made.id).status == "cancelled"
    sdk.interactions.delete(made.id)
    assert fake.jobs == {}


def test_the_official_client_sees_a_refusal_as_text_alone(sdk: genai.Client) -> None:
    made = made_by(sdk, input="[moderation]", background=False)
    assert (made.status, made.output_video, made.output_text) == ("completed", None, REFUSAL)


@pytest.mark.parametrize(
    ("prompt", "error", "code"),
    [
        ("[refuse]", BadRequestError, "prohibited_content"),
        ("[429]", RateLimitError, "rate_limit_exceeded"),
    ],
)
def test_the_official_client_raises(
    sdk: genai.Client, fake: GeminiFake, prompt: str, error: type[APIStatusError], code: str
) -> None:
    with pytest.raises(error, match=code):
        made_by(sdk, input=prompt)
    assert len(fake.requests) == 1


def test_the_official_client_raises_for_a_wrong_key(url: str) -> None:
    with official(url, "another") as client, pytest.raises(BadRequestError, match="API key not valid"):
        made_by(client, input="a red kite")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"response_format": {"type": "video", "duration": 8}}, "Invalid duration 8"),
        ({"response_format": {"type": "video", "aspect_ratio": "1:7"}}, "'16:9', '9:16'"),
        ({"generation_config": {"video_config": {"duration": "8s"}}}, "video_config.duration"),
        ({"model": "veo-3.1-generate-preview"}, "veo-3.1-generate-preview"),
        (
            {"previous_interaction_id": "v1_x", "generation_config": {"video_config": {"task": "edit"}}},
            "not allowed when video task is set|Exactly one input video",
        ),
    ],
)
def test_the_fake_is_strict(sdk: genai.Client, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(APIStatusError, match=words):
        made_by(sdk, **{"input": "a kite", **fields})


# --- the same by both ---


def both(fake: GeminiFake, sdk: genai.Client, url: str, request: VideoRequest, **body: Any) -> dict[str, Any]:
    """What differs between the client's create and ours."""
    made_by(sdk, store=True, **body)
    drive(provider(f"{url}/v1beta").create(request))
    theirs, ours = fake.asked("POST", "/interactions")[-2:]
    return differences(theirs, ours, headers=("content-type",))


TEXT = {"type": "text", "text": "a kite"}
IMAGE = {"type": "image", "mime_type": "image/jpeg", "data": JPEG.base64}
CREATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"seconds": "8", "size": "720x1280", "seed": 7},
        {
            "input": [TEXT],
            "response_format": {
                "type": "video",
                "delivery": "uri",
                "duration": "8s",
                "aspect_ratio": "9:16",
                "resolution": "720p",
            },
            "generation_config": {"seed": 7, "video_config": {"task": "text_to_video"}},
        },
    ),
    (
        {"input_reference": JPEG, "last_frame": JPEG},
        {
            "input": [IMAGE, IMAGE, TEXT],
            "response_format": {"type": "video", "delivery": "uri"},
            "generation_config": {"video_config": {"task": "image_to_video"}},
        },
    ),
    (
        {"references": (JPEG, JPEG), "extra_body": {"service_tier": "flex"}},
        {
            "input": [IMAGE, IMAGE, TEXT],
            "response_format": {"type": "video", "delivery": "uri"},
            "generation_config": {"video_config": {"task": "reference_to_video"}},
            "service_tier": "flex",
        },
    ),
]


@pytest.mark.parametrize(("request_of_ours", "body"), CREATES, ids=["text", "frames", "references"])
def test_a_create_is_the_official_client_s(
    fake: GeminiFake,
    sdk: genai.Client,
    url: str,
    request_of_ours: dict[str, Any],
    body: dict[str, Any],
) -> None:
    assert both(fake, sdk, url, wanted(**request_of_ours), **body) == {}


@pytest.mark.parametrize(
    ("operation", "more", "text", "response_format"),
    [
        ("remix", {}, "a kite", {}),
        ("edit", {}, "a kite", {}),
        (
            "extend",
            {"seconds": "5", "size": "1920x1080"},
            "Extend this video: a kite",
            {"duration": "5s", "resolution": "1080p"},
        ),
    ],
)
def test_a_further_turn_is_the_official_client_s(
    fake: GeminiFake,
    sdk: genai.Client,
    url: str,
    operation: str,
    more: dict[str, Any],
    text: str,
    response_format: dict[str, Any],
) -> None:
    source = finished(fake, url)
    found = both(
        fake,
        sdk,
        url,
        wanted(operation=operation, source_id=source, **more),
        input=[{"type": "text", "text": text}],
        previous_interaction_id=source,
        response_format={"type": "video", "delivery": "uri", **response_format},
    )
    assert found == {}


def last_two(fake: GeminiFake) -> tuple[Recorded, Recorded]:
    theirs, ours = fake.requests[-2:]
    return theirs, ours


def test_a_status_is_the_official_client_s(fake: GeminiFake, sdk: genai.Client, url: str) -> None:
    job = finished(fake, url)
    sdk.interactions.get(job)
    drive(provider(f"{url}/v1beta").retrieve(job))
    # The client says in the query that it wants no stream, which is what comes without it.
    assert differences(*last_two(fake)) == {"query.stream": ("false", None)}


def test_a_stop_and_a_delete_are_the_official_client_s(fake: GeminiFake, sdk: genai.Client, url: str) -> None:
    for act in ("cancel", "delete"):
        theirs = made_by(sdk, input="a kite")
        ours = drive(provider(f"{url}/v1beta").create(wanted()))
        fake.requests.clear()
        getattr(sdk.interactions, act)(theirs.id)
        drive(getattr(provider(f"{url}/v1beta"), act)(ours.id))
        one, other = last_two(fake)
        # Each has an interaction of its own.
        assert set(differences(one, other)) == {"path"}
        assert (one.path.replace(theirs.id, ""), one.body) == (
            other.path.replace(ours.id, ""),
            other.body,
        )


def test_a_download_is_the_official_client_s(fake: GeminiFake, sdk: genai.Client, url: str) -> None:
    job = finished(fake, url)
    clip = sdk.interactions.get(job).output_video
    assert clip is not None
    sdk.files.download(file=str(clip.uri))
    download = drive(provider(f"{url}/v1beta").content(job, "video"))
    (theirs,) = [call for call in fake.requests if call.path.endswith(":download")]
    assert download.url == f"{url}{theirs.path}"
    assert download.params == theirs.query
    assert download.headers["x-goog-api-key"] == theirs.headers["x-goog-api-key"]


# --- the traps of a create ---


def body_of(request: VideoRequest) -> dict[str, Any]:
    body: dict[str, Any] = asked(provider().create(request)).json
    return body


def test_only_the_create_is_paid_for() -> None:
    request = asked(provider().create(wanted()))
    assert (request.method, request.url, request.billable) == ("POST", f"{BASE}/interactions", True)
    assert request.headers["x-goog-api-key"] == KEY
    assert not asked(provider().retrieve("v1_x")).billable
    assert not asked(provider().cancel("v1_x")).billable


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_a_further_turn_has_no_task(operation: str) -> None:
    body = body_of(wanted(operation=operation, source_id="v1_x", seconds="5", references=(JPEG,)))
    assert "generation_config" not in body
    assert body["previous_interaction_id"] == "v1_x"


def test_a_seed_goes_along_with_a_further_turn() -> None:
    body = body_of(wanted(operation="edit", source_id="v1_x", seed=7))
    assert body["generation_config"] == {"seed": 7}


def test_where_no_task_says_it_the_prompt_says_what_each_picture_is_for() -> None:
    body = body_of(wanted(input_reference=JPEG, references=(JPEG, JPEG)))
    *pictures, text = body["input"][0]["content"]
    assert len(pictures) == 3
    assert "generation_config" not in body
    assert text["text"] == (
        "a kite\nUse Image1 as the starting frame. Use the other images as references, not as frames."
    )


def test_a_last_frame_alone_is_refused_before_anything_is_sent(url: str, fake: GeminiFake) -> None:
    with pytest.raises(errors.UnsupportedOperation, match="last frame"):
        soravid.generate("a kite", model=NAME, last_frame=picture_bytes(64, 36)).wait()
    assert fake.requests == []


def test_a_part_of_a_second_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="whole seconds"):
        body_of(wanted(seconds="4.5"))


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (
            {"code": "prohibited_content", "message": "Input blocked: no."},
            errors.Refused,
            "prohibited_content",
        ),
        ({"code": "invalid_request", "message": "Input blocked: no."}, errors.Refused, "content_blocked"),
        ({"code": 400, "message": "Blocked.", "status": "SAFETY"}, errors.Refused, "SAFETY"),
        (
            {"code": "invalid_request", "message": "Bad safety_settings."},
            errors.BadRequest,
            "invalid_request",
        ),
        (
            {"code": "invalid_request", "message": "API key expired."},
            errors.AuthenticationFailed,
            "invalid_request",
        ),
        (
            {"code": 400, "message": "Bad.", "status": "INVALID_ARGUMENT"},
            errors.BadRequest,
            "INVALID_ARGUMENT",
        ),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_an_error_is_read_in_both_of_its_forms(
    fault: dict[str, Any], kind: type[errors.ProviderError], code: str, listed: bool
) -> None:
    body: Any = {"error": fault}
    with pytest.raises(errors.ProviderError) as caught:
        answered(provider().create(wanted()), [body] if listed else body, 400)
    assert (type(caught.value), caught.value.provider_code) == (kind, code)
    assert caught.value.message == fault["message"]


def test_an_error_that_is_no_json_is_read() -> None:
    flow = provider().create(wanted())
    next(flow)
    with pytest.raises(errors.ServerError, match="upstream"):
        flow.send(Response(502, {}, b"upstream"))


# --- the traps of a status ---


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("queued", "queued"),
        ("in_progress", "in_progress"),
        ("requires_continuation", "in_progress"),
        ("failed", "failed"),
        ("incomplete", "failed"),
        ("budget_exceeded", "failed"),
        ("cancelled", "cancelled"),
        ("a_word_of_tomorrow", "in_progress"),
    ],
)
def test_each_status_has_our_word(word: str, ours: str) -> None:
    assert status(status=word).status == ours


def test_a_finished_clip_tells_its_length_and_its_tokens() -> None:
    usage = {
        "total_tokens": 18127,
        "total_input_tokens": 19,
        "total_output_tokens": 17873,
        "output_tokens_by_modality": [
            {"modality": "video", "tokens": 17376},
            {"modality": "text", "tokens": 9},
        ],
    }
    video = status(
        steps=output(CLIP), usage=usage, response_format={"type": "video", "duration": "3s"}, model=MODEL
    )
    assert (video.status, video.seconds, video.error) == ("completed", "3", None)
    assert video.usage is not None
    assert (video.usage.prompt_tokens, video.usage.completion_tokens, video.usage.total_tokens) == (
        19,
        17376,
        18127,
    )


def test_completed_with_text_alone_is_a_refusal() -> None:
    usage = {"total_tokens": 105, "total_output_tokens": 15}
    video = status(
        steps=output({"type": "text", "text": "I can't."}, {"type": "text", "text": "Sorry."}), usage=usage
    )
    assert video.status == "failed"
    assert video.error is not None
    assert (video.error.code, video.error.provider_code) == ("moderation_blocked", "no_video")
    assert video.error.message == "I can't. Sorry."


def test_completed_with_nothing_is_a_refusal_in_our_words() -> None:
    video = status()
    assert video.error is not None
    assert video.error.message == "The model answered without a video."


def test_a_clip_whose_tokens_were_counted_is_billed_although_it_has_gone() -> None:
    usage = {"output_tokens_by_modality": [{"modality": "VIDEO", "tokens": 5792}]}
    video = status(usage=usage)
    assert (video.status, video.usage and video.usage.completion_tokens) == ("completed", 5792)
    with pytest.raises(errors.Expired):
        content({"type": "text", "text": "Done."}, usage=usage)


def test_the_prompt_s_own_parts_are_no_clip() -> None:
    steps = [{"type": "user_input", "content": [CLIP]}, {"type": "model_output"}]
    assert status(steps=steps).status == "failed"


def test_an_extension_does_not_tell_the_length_of_the_whole() -> None:
    wanted_of_it = {"type": "video", "duration": "5s"}
    video = status(steps=output(CLIP), previous_interaction_id="v1_0", response_format=wanted_of_it)
    assert (video.seconds, video.remixed_from_video_id) == (None, "v1_0")


@pytest.mark.parametrize(
    "response_format", [None, [], [{"type": "video", "duration": "5s"}], {"type": "video"}]
)
def test_another_form_of_the_format_does_no_harm(response_format: Any) -> None:
    assert status(steps=output(CLIP), response_format=response_format).seconds is None


@pytest.mark.parametrize(
    "where",
    [
        {"error": {"code": "api_error", "message": "It broke."}},
        {"errors": [{"code": "api_error", "message": "It broke."}]},
        {
            "steps": [
                {"type": "model_output", "error": {"code": 13, "message": "It broke.", "status": "api_error"}}
            ]
        },
    ],
)
def test_a_failure_is_found_where_it_stands(where: dict[str, Any]) -> None:
    error = status(status="failed", **where).error
    assert error is not None
    assert (error.code, error.message) == ("api_error", "It broke.")


def test_a_failure_by_the_safety_check_is_a_refusal() -> None:
    fault = {"code": "invalid_request", "message": "Input blocked: The prompt could not be processed."}
    error = status(status="failed", errors=[fault]).error
    assert error is not None
    assert (error.code, error.provider_code) == ("moderation_blocked", "content_blocked")


def test_a_failure_that_says_nothing_has_its_status_for_a_code() -> None:
    error = status(status="budget_exceeded").error
    assert error is not None
    assert (error.code, error.message) == ("budget_exceeded", "The interaction ended as budget_exceeded.")


def test_an_unknown_id_is_a_400() -> None:
    fault = {"error": {"code": "invalid_request", "message": "Invalid interaction name: interactions/v1_x"}}
    for flow in (provider().retrieve("v1_x"), provider().delete("v1_x"), provider().cancel("v1_x")):
        with pytest.raises(errors.NotFound):
            answered(flow, fault, 400)


def test_another_400_of_a_status_is_waited_out() -> None:
    message = "Multiple authentication credentials received. Please pass only one."
    with pytest.raises(errors.ServerError, match="Multiple"):
        answered(provider().retrieve("v1_x"), {"error": {"code": "invalid_request", "message": message}}, 400)
    with pytest.raises(errors.BadRequest, match="Billing"):
        answered(
            provider().retrieve("v1_x"),
            {"error": {"code": "failed_precondition", "message": "Billing is disabled."}},
            400,
        )


@pytest.mark.parametrize("body", [None, [], {}, {"id": "v1_x"}, {"status": "completed"}])
def test_an_answer_that_is_no_interaction_is_a_fault(body: Any) -> None:
    with pytest.raises(errors.ServerError):
        answered(provider().retrieve("v1_x"), body)


def test_a_delete_that_had_been_done_is_done() -> None:
    gone = {"error": {"code": "invalid_request", "message": "Invalid interaction name."}}
    answered(provider().delete("v1_x"), gone, 400, attempt=2)
    answered(provider().delete("v1_x"), {}, 200, attempt=2)
    with pytest.raises(errors.ServerError):
        answered(
            provider().delete("v1_x"), {"error": {"code": "api_error", "message": "No."}}, 500, attempt=4
        )


# --- the traps of a download ---


def content(clip: dict[str, Any], **more: Any) -> Any:
    body = {"id": "v1_x", "status": "completed", "steps": output(clip)} | more
    return answered(provider().content("v1_x", "video"), body)


def test_the_file_is_asked_of_our_own_address_with_the_key() -> None:
    download = content(CLIP | {"uri": "https://elsewhere.example/v1/files/abc:download"})
    assert (download.url, dict(download.params)) == (f"{BASE}/files/abc:download", {"alt": "media"})
    assert download.headers["x-goog-api-key"] == KEY


def test_a_link_that_is_no_file_goes_without_the_key() -> None:
    download = content(CLIP | {"uri": "https://storage.example/clip.mp4?signature=1"})
    assert download.url == "https://storage.example/clip.mp4?signature=1"
    assert dict(download.headers) == {}


def test_a_link_that_is_no_address_is_a_fault() -> None:
    with pytest.raises(errors.ServerError):
        content(CLIP | {"uri": "gs://bucket/clip.mp4"})


def test_a_clip_inside_the_answer_is_taken_from_there(url: str, fake: GeminiFake) -> None:
    fake.inlines = True
    clip = soravid.generate("a red kite", model=NAME, seconds="4", size="1280x720").wait()
    (job,) = fake.jobs
    assert clip.path.read_bytes() == fake.bytes_of(job)
    assert not [call for call in fake.requests if call.path.endswith(":download")]
    assert content({"type": "video", "data": base64.b64encode(small_clip()).decode()}).data == small_clip()


def test_a_running_or_refused_job_has_no_clip() -> None:
    with pytest.raises(errors.NotFound, match="in progress"):
        answered(provider().content("v1_x", "video"), {"id": "v1_x", "status": "in_progress"})
    with pytest.raises(errors.NotFound, match="failed"):
        content({"type": "text", "text": "No."})


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (404, "Requested entity was not found.", errors.Expired),
        (403, "You do not have permission to access the File abc or it may not exist.", errors.Expired),
        (403, "Requests to this API are blocked.", errors.AuthenticationFailed),
        (400, "API key not valid. Please pass a valid API key.", errors.AuthenticationFailed),
        (500, "Internal.", errors.ServerError),
    ],
)
def test_an_error_of_the_file_is_told_apart(
    code: int, message: str, kind: type[errors.ProviderError]
) -> None:
    refusal = Response(code, {}, json.dumps({"error": {"code": code, "message": message}}).encode())
    assert type(content(CLIP).explain(refusal)) is kind


# --- through everything ---


def test_what_was_left_out_is_sent_all_the_same(url: str, fake: GeminiFake) -> None:
    """Google would make ten seconds of a create that names none."""
    soravid.generate("a red kite", model=NAME).wait()
    asked_for = fake.asked("POST", "/interactions")[0].fields["response_format"]
    assert (asked_for["duration"], asked_for["resolution"]) == ("5s", "720p")


@pytest.mark.parametrize(("size", "cost"), [("640x360", "0.1689625"), ("3840x2160", "1.5204")])
def test_each_resolution_costs_what_its_tokens_cost(url: str, fake: GeminiFake, size: str, cost: str) -> None:
    estimate = soravid.estimate("a red kite", model=NAME, seconds="5", size=size)
    clip = soravid.generate("a red kite", model=NAME, seconds="5", size=size).wait()
    assert clip.cost is not None
    assert str(clip.cost.normalize()) == cost
    assert estimate.usd == clip.cost


def test_an_extension_bills_what_was_added(url: str, fake: GeminiFake) -> None:
    first = soravid.generate("a red kite", model=NAME, seconds="5", size="1280x720").wait()
    longer = soravid.generate(
        "it lands", model=NAME, operation="extend", video_id=first.job_id, seconds="3"
    ).wait()
    assert longer.cost is not None
    assert str(longer.cost.normalize()) == "0.30408"
    body = fake.asked("POST", "/interactions")[-1].fields
    assert body["previous_interaction_id"] == next(iter(fake.jobs))
    assert body["input"][0]["content"] == [{"type": "text", "text": "Extend this video: it lands"}]


def test_a_delete_reaches_the_provider(url: str, fake: GeminiFake) -> None:
    video = soravid.video_generation("a red kite", NAME)
    fake.jobs[next(iter(fake.jobs))].finish()
    soravid.video_status(video.id)
    soravid.video_delete(video.id)
    assert fake.jobs == {}


def test_an_account_has_no_list(url: str, fake: GeminiFake) -> None:
    with pytest.raises(errors.UnsupportedOperation, match="list"):
        soravid.video_list(NAME)
    assert fake.requests == []


def test_google_s_other_variable_holds_the_key_too(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    assert soravid.generate("a red kite", model=NAME).wait().path.exists()


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_both_versions_are_spoken(url: str, fake: GeminiFake, version: str) -> None:
    job = soravid.generate("a red kite", model=NAME, api_base=f"{url}/{version}", api_key=KEY)
    assert job.wait().path.exists()
    assert {call.path.split("/")[1] for call in fake.requests} == {version}
