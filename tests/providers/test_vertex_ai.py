"""Veo on Vertex AI: the official client against the fake, the same requests by both, and the traps."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from google import genai
from google.genai import types
from google.genai.errors import ClientError
from google.oauth2.credentials import Credentials

import soravid
from soravid import errors, planning, settings
from soravid.deployments import Deployment
from soravid.providers.base import Download, Flow, Request, Response
from soravid.providers.vertex_ai import VertexAI
from soravid.transport import Transport
from soravid.types import Reference, Video, VideoRequest
from tests.core.helpers import kinds, picture_bytes
from tests.fakes import clips
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.fakes.vertex_ai import FILTERED, NOT_RESPONSIBLE, PARENT, VertexFake
from tests.providers.cases import KEY
from tests.providers.cases.vertex_ai import CASE
from tests.providers.parity import differences

T = TypeVar("T")
MODEL = "veo-3.1-generate-001"
BASE = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1"
ID = f"{PARENT}/operations/6f0f2b5e-0001-4a2b-9a3c-000000000001"
JPEG = Reference(picture_bytes(64, 36, "JPEG"), "image/jpeg", "kite.jpg")
PNG = Reference(picture_bytes(64, 36), "image/png", "kite.png")
BUCKET = {"parameters": {"storageUri": "gs://mine/out put"}}


@pytest.fixture
def fake() -> VertexFake:
    return VertexFake(api_key=KEY)


@pytest.fixture
def url(fake: VertexFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The fake, also as the environment's Vertex AI."""
    with serve(fake) as address:
        for name, value in CASE.environment(address).items():
            monkeypatch.setenv(name, value)
        yield address


@pytest.fixture
def sdk(url: str) -> Iterator[genai.Client]:
    with official(url) as client:
        yield client


def official(url: str, token: str = KEY) -> genai.Client:
    """The official client, without its repetitions: it sends a create up to five times."""
    options = types.HttpOptions(
        base_url=url, api_version="v1", retry_options=types.HttpRetryOptions(attempts=1)
    )
    return genai.Client(
        vertexai=True,
        project="p",
        location="us-central1",
        credentials=Credentials(token=token),  # type: ignore[no-untyped-call]
        http_options=options,
    )


def finished(sdk: genai.Client, prompt: str = "a kite", **config: Any) -> types.GenerateVideosOperation:
    """What the official client makes, once it has ended."""
    operation = sdk.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt=prompt),
        config=types.GenerateVideosConfig(**{"resolution": "720p", "duration_seconds": 4, **config}),
    )
    while not operation.done:
        operation = sdk.operations.get(operation)
    return operation


def clip_of(operation: types.GenerateVideosOperation) -> types.Video:
    assert operation.result
    assert operation.result.generated_videos
    video = operation.result.generated_videos[0].video
    assert video
    return video


def provider(base: str = BASE, **credential: Any) -> VertexAI:
    deployment = Deployment(
        provider="vertex_ai",
        model=MODEL,
        api_base=base,
        own_host=base == BASE,
        **credential or {"api_key": KEY},
    )
    return VertexAI(deployment)


def wanted(**more: Any) -> VideoRequest:
    return VideoRequest(model=f"vertex_ai/{MODEL}", **({"prompt": "a kite"} | more))


def sent(flow: Flow[T]) -> T:
    """What a flow makes of the answers of the real fake."""

    async def run() -> T:
        transport = Transport()
        try:
            return await transport.drive(flow)
        finally:
            await transport.close()

    return asyncio.run(run())


def read(body: Any, status: int = 200) -> Video:
    """What a status is read as."""
    return ended(provider().retrieve(ID), body, status)


def ended(flow: Flow[T], body: Any, status: int = 200) -> T:
    """The result of a flow that asks for one thing."""
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Response(status, {}, json.dumps(body).encode()))
    result: T = end.value.value
    return result


def done(**response: Any) -> dict[str, Any]:
    return {"name": ID, "done": True, "response": response}


def make(prompt: str = "a kite", **more: Any) -> soravid.Job:
    return soravid.generate(prompt, **{"model": f"vertex_ai/{MODEL}", "seconds": 4, **more})


def cost_of(job: soravid.Job) -> int | None:
    return planning.current().journal.get(job.id).cost


# --- the official client ---


def test_the_official_client_makes_a_clip_and_saves_it(
    sdk: genai.Client, fake: VertexFake, tmp_path: Path
) -> None:
    operation = finished(sdk)
    clip_of(operation).save(str(tmp_path / "clip.mp4"))
    assert operation.name
    assert (tmp_path / "clip.mp4").read_bytes() == fake.bytes_of(operation.name)
    assert fake.creates == 1


def test_the_official_client_is_told_the_object(sdk: genai.Client) -> None:
    clip = clip_of(finished(sdk, output_gcs_uri="gs://mine/out"))
    assert (clip.uri or "").startswith("gs://mine/out/")
    assert (clip.video_bytes, clip.mime_type) == (None, "video/mp4")


def test_the_official_client_raises_googles_errors(url: str, sdk: genai.Client, fake: VertexFake) -> None:
    with pytest.raises(ClientError) as refused:
        finished(sdk, "[refuse]")
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    with pytest.raises(ClientError) as limited:
        finished(sdk, "[429]")
    assert (limited.value.code, limited.value.status) == (429, "RESOURCE_EXHAUSTED")
    with official(url, "another") as stranger, pytest.raises(ClientError) as denied:
        finished(stranger)
    assert (denied.value.code, denied.value.status) == (401, "UNAUTHENTICATED")
    fake.retired = True
    with pytest.raises(ClientError, match=r"Publisher model .* was not found") as closed:
        finished(sdk)
    assert (closed.value.code, closed.value.status) == (404, "NOT_FOUND")


def test_the_official_client_reads_the_two_ways_to_fail(sdk: genai.Client) -> None:
    filtered = finished(sdk, "[moderation]")
    assert filtered.error is None
    assert filtered.result
    assert (filtered.result.generated_videos, filtered.result.rai_media_filtered_reasons) == (
        None,
        [FILTERED],
    )
    broken = finished(sdk, "[error]")
    assert (broken.result, (broken.error or {}).get("code")) == (None, 13)


# --- the same requests by both ---


def image(picture: Reference) -> types.Image:
    return types.Image(image_bytes=picture.data, mime_type=picture.media_type)


PLAIN: dict[str, Any] = {
    "duration_seconds": 4,
    "aspect_ratio": "9:16",
    "resolution": "1080p",
    # We always say both, since they decide the price; the client leaves them to Google unless told.
    "number_of_videos": 1,
    "generate_audio": True,
}
ASSETS = [
    types.VideoGenerationReferenceImage(
        image=image(each), reference_type=types.VideoGenerationReferenceType.ASSET
    )
    for each in (JPEG, PNG)
]
# The client writes its enumeration's word, Google's page the small one; Google takes both.
CASE_OF_ASSET = {
    f"field.instances.0.referenceImages.{n}.referenceType": ('"ASSET"', '"asset"') for n in (0, 1)
}


@pytest.mark.parametrize(
    ("source", "config", "ours", "different"),
    [
        ({}, {}, {}, {}),
        ({}, {"seed": 7, "negative_prompt": "rain"}, {"seed": 7, "negative_prompt": "rain"}, {}),
        ({}, {"generate_audio": False}, {"audio": False}, {}),
        (
            {"image": image(JPEG)},
            {"last_frame": image(PNG)},
            {"input_reference": JPEG, "last_frame": PNG},
            {},
        ),
        (
            {},
            {"reference_images": ASSETS, "duration_seconds": 8},
            {"references": (JPEG, PNG), "seconds": "8"},
            CASE_OF_ASSET,
        ),
        (
            {},
            {
                "number_of_videos": 2,
                "output_gcs_uri": "gs://mine/out",
                "person_generation": "dont_allow",
                "labels": {"team": "kites"},
            },
            {
                "extra_body": {
                    "parameters": {
                        "sampleCount": 2,
                        "storageUri": "gs://mine/out",
                        "personGeneration": "dont_allow",
                    },
                    "labels": {"team": "kites"},
                }
            },
            {},
        ),
    ],
    ids=["text", "seed", "silent", "frames", "references", "further"],
)
def test_a_create_is_the_official_clients(
    url: str,
    sdk: genai.Client,
    fake: VertexFake,
    source: dict[str, Any],
    config: dict[str, Any],
    ours: dict[str, Any],
    different: dict[str, Any],
) -> None:
    sdk.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt="a kite", **source),
        config=types.GenerateVideosConfig(**PLAIN | config),
    )
    sent(at(url).create(wanted(**{"seconds": "4", "size": "1080x1920", **ours})))
    theirs, mine = fake.requests
    assert differences(theirs, mine) == different


@pytest.mark.parametrize("storage", ["", "gs://mine/out"])
def test_an_extension_and_a_status_are_the_official_clients(
    url: str, sdk: genai.Client, fake: VertexFake, storage: str
) -> None:
    source = finished(sdk, **({"output_gcs_uri": storage} if storage else {}))
    theirs = sdk.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(prompt="on", video=clip_of(source)),
        config=types.GenerateVideosConfig(duration_seconds=7, number_of_videos=1, generate_audio=True),
    )
    asked_by_them = fake.requests[-1]
    flow = at(url).create(wanted(operation="extend", prompt="on", source_id=source.name, seconds="7"))
    sent(flow)
    assert differences(asked_by_them, fake.requests[-1]) == {}
    sdk.operations.get(theirs)
    sent(at(url).retrieve(theirs.name or ""))
    assert differences(*statuses(fake)[-2:]) == {}


def at(url: str) -> VertexAI:
    return provider(f"{url}/v1/projects/p/locations/us-central1")


def statuses(fake: VertexFake) -> list[Recorded]:
    return fake.asked("POST", ":fetchPredictOperation")


# --- the status ---


def test_an_operation_without_done_is_running() -> None:
    assert read({"name": ID}).status == "in_progress"
    assert read({"name": ID, "done": False, "metadata": {}}).status == "in_progress"


def test_a_filtered_clip_is_a_refusal_with_googles_reasons(url: str) -> None:
    video = read(done(raiMediaFilteredCount=2, raiMediaFilteredReasons=["Celebrity.", "Violence."]))
    assert video.error
    assert (video.status, video.error.code) == ("failed", "moderation_blocked")
    assert (video.error.provider_code, video.error.message) == ("rai_filtered", "Celebrity. Violence.")
    job = make("[moderation]")
    with pytest.raises(errors.Refused, match="issue with the audio"):
        job.wait()
    assert cost_of(job) == 0


def test_a_filter_without_reasons_is_a_refusal_all_the_same() -> None:
    video = read(done(raiMediaFilteredCount=1))
    assert video.error
    assert (video.error.code, bool(video.error.message)) == ("moderation_blocked", True)


def test_of_several_clips_those_that_were_let_through_count(url: str, fake: VertexFake) -> None:
    fake.filters_in_part = True
    assert make(extra_body={"parameters": {"sampleCount": 3}}).wait().path.exists()


def test_a_prompt_that_is_refused_by_the_status_is_a_refusal() -> None:
    video = read({"name": ID, "done": True, "error": {"code": 3, "message": NOT_RESPONSIBLE}})
    assert video.error
    assert (video.status, video.error.code, video.error.provider_code) == (
        "failed",
        "moderation_blocked",
        "rai_filtered",
    )


def test_a_wrong_duration_is_told_by_the_status_only(url: str) -> None:
    job = make(extra_body={"parameters": {"durationSeconds": 5}})
    with pytest.raises(errors.GenerationFailed, match=r"supported durations are \[8,4,6\]") as failed:
        job.wait()
    assert (failed.value.provider_code, cost_of(job)) == ("3", 0)


def test_a_clip_too_large_for_an_answer_says_what_it_needs(url: str, fake: VertexFake) -> None:
    fake.largest = 100
    with pytest.raises(errors.GenerationFailed, match="an output storage uri is required"):
        make("large").wait()
    assert make("large", extra_body=BUCKET).wait().path.exists()


def test_done_without_a_clip_or_a_reason_has_failed() -> None:
    for body in ({"name": ID, "done": True}, done(videos=[]), done(raiMediaFilteredCount=0)):
        video = read(body)
        assert video.error
        assert (video.status, video.error.code) == ("failed", "no_clip")


@pytest.mark.parametrize("denies", [403, 404])
def test_an_operation_that_nobody_has_is_not_found(url: str, fake: VertexFake, denies: int) -> None:
    fake.denies = denies
    with pytest.raises(errors.NotFound) as caught:
        soravid.video_status(ID, model=f"vertex_ai/{MODEL}")
    assert ID in caught.value.message


def test_another_403_is_a_matter_of_rights() -> None:
    flow = provider().retrieve(ID)
    next(flow)
    body = b'{"error":{"code":403,"message":"The API has not been used.","status":"PERMISSION_DENIED"}}'
    with pytest.raises(errors.AuthenticationFailed, match="Vertex AI User") as caught:
        flow.send(Response(403, {}, body))
    assert caught.value.provider_code == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    "name", ["", "6f0f2b5e", f"{ID}?x=1", f"{ID}/../x", ID.replace("/p/", "/../"), f"https://evil/{ID}"]
)
def test_what_is_no_operation_is_not_asked_for(name: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        next(provider().retrieve(name))


def test_an_operation_is_asked_of_its_own_model_and_place() -> None:
    name = ID.replace(MODEL, "veo-3.1-fast-generate-001").replace("us-central1", "europe-west4")
    request = next(provider().retrieve(name))
    assert request.url == (
        "https://us-central1-aiplatform.googleapis.com/v1/"
        f"{name.partition('/operations/')[0]}:fetchPredictOperation"
    )
    assert (request.json, request.billable) == ({"operationName": name}, False)


def test_a_status_is_asked_again_when_the_server_stumbles(url: str, fake: VertexFake) -> None:
    video = soravid.video_generation("[flaky]", f"vertex_ai/{MODEL}")
    assert soravid.video_status(video.id).status == "processing"
    assert len(statuses(fake)) == 3  # two answers of 503 came before


# --- the clip ---


def content(*clips: Any, base: str = BASE, **credential: Any) -> Download:
    return ended(provider(base, **credential).content(ID, "video"), done(videos=list(clips)))


def test_a_clip_inside_the_answer_is_handed_over() -> None:
    data = base64.b64encode(clips.small_clip()).decode()
    assert content({"bytesBase64Encoded": data, "mimeType": "video/mp4"}).data == clips.small_clip()


@pytest.mark.parametrize(
    "clip", [{"bytesBase64Encoded": "A"}, {}, {"gcsUri": "gs://b"}, {"gcsUri": "/etc/x"}]
)
def test_a_clip_that_is_nowhere_is_the_servers_fault(clip: dict[str, str]) -> None:
    flow = provider().content(ID, "video")
    next(flow)
    with pytest.raises(errors.ServerError):
        flow.send(Response(200, {}, json.dumps(done(videos=[clip])).encode()))


def test_an_object_is_fetched_from_cloud_storage_with_the_token() -> None:
    source = content({"gcsUri": "gs://my.bucket/a b/c#1/sample_0.mp4"})
    assert source.url == (
        "https://storage.googleapis.com/storage/v1/b/my.bucket/o/a%20b%2Fc%231%2Fsample_0.mp4"
    )
    assert (dict(source.params), dict(source.headers)) == (
        {"alt": "media"},
        {"authorization": f"Bearer {KEY}"},
    )
    assert KEY not in repr(source)


def test_a_server_of_ones_own_has_the_objects_too() -> None:
    for base in ("http://127.0.0.1:8080/v1/projects/p/locations/l", "https://notgoogleapis.com/v1"):
        url = content({"gcsUri": "gs://b/o"}, base=base).url
        assert url == f"{base.partition('/v1')[0]}/storage/v1/b/b/o/o"


def test_a_token_that_has_to_be_fetched_goes_with_each_request() -> None:
    calls: list[str] = []

    def token() -> str:
        calls.append("asked")
        return KEY

    request = next(provider(bearer=token).create(wanted()))
    source = content({"gcsUri": "gs://b/o"}, bearer=token)
    assert (request.bearer, source.bearer, calls) == (token, token, [])
    assert "authorization" not in {**request.headers, **source.headers}


def test_a_clip_in_a_bucket_is_stored(url: str, fake: VertexFake) -> None:
    clip = make(extra_body=BUCKET).wait()
    assert clip.path.read_bytes() == fake.bytes_of(next(iter(fake.jobs)))
    (call,) = fake.asked("GET")
    assert (call.headers["authorization"], call.query) == (f"Bearer {KEY}", {"alt": "media"})


def test_a_bucket_that_may_not_be_read_is_no_expired_clip(url: str, fake: VertexFake) -> None:
    fake.reads_bucket = False
    with pytest.raises(errors.AuthenticationFailed, match=r"storage\.objects\.get"):
        make(extra_body=BUCKET).wait()


def test_a_job_without_a_clip_says_so() -> None:
    flow = provider().content(ID, "video")
    next(flow)
    with pytest.raises(errors.NotFound, match="in progress"):
        flow.send(Response(200, {}, json.dumps({"name": ID}).encode()))


# --- what can be made ---


@pytest.mark.parametrize("extra", [{}, BUCKET])
def test_a_clip_is_extended_by_seven_seconds(url: str, fake: VertexFake, extra: dict[str, Any]) -> None:
    source = make(extra_body=extra).wait()
    longer = make("on", operation="extend", video_id=source.job_id, seconds=7, extra_body=extra).wait()
    _, second = fake.asked("POST", ":predictLongRunning")
    assert list(second.fields["instances"][0]["video"]) == [
        "mimeType",
        "gcsUri" if extra else "bytesBase64Encoded",
    ]
    assert clips.seconds_of(longer.path.read_bytes()) == 11
    assert (source.cost, longer.cost) == (Decimal("1.6"), Decimal("2.8"))


def test_an_extension_has_one_duration(url: str, fake: VertexFake) -> None:
    source = make().wait()
    asked = len(fake.requests)
    with pytest.raises(errors.InvalidRequest, match="seconds of 7, not 8"):
        make("on", operation="extend", video_id=source.job_id, seconds=8)
    with pytest.raises(errors.InvalidRequest, match="seconds of 4, 6 or 8, not 7"):
        make(seconds=7)
    assert len(fake.requests) == asked


def test_reference_pictures_want_eight_seconds(url: str, fake: VertexFake, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(picture_bytes())
    assert make(references=[picture], seconds=8).wait().path.exists()
    with pytest.raises(errors.InvalidRequest, match="8 seconds, not 4"):
        make(references=[picture]).wait()
    assert fake.creates == 1


def test_references_and_frames_do_not_go_together(url: str, tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(picture_bytes())
    job = make(references=[picture], input_reference=picture, seconds=8)
    with pytest.raises(errors.BadRequest, match="no other image") as caught:
        job.wait()
    assert caught.value.provider_code == "INVALID_ARGUMENT"


def test_silence_is_cheaper(url: str) -> None:
    assert make(audio=False).wait().cost == Decimal("0.8")


def test_a_remix_and_a_list_are_not_to_be_had(url: str, fake: VertexFake) -> None:
    with pytest.raises(errors.UnsupportedOperation):
        next(provider().create(wanted(operation="remix", source_id=ID)))
    with pytest.raises(errors.UnsupportedOperation):
        soravid.Client().videos.list(model=f"vertex_ai/{MODEL}")
    assert fake.requests == []


def test_a_model_that_is_closed_is_told_in_googles_words(url: str, fake: VertexFake, home: Path) -> None:
    fake.retired = True
    with pytest.raises(errors.NotFound, match=r"Publisher model .* was not found"):
        make().wait()
    assert kinds(home) == ["hold", "void"]


# --- where it is ---


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("", "us-central1-aiplatform.googleapis.com"),
    ],
)
def test_the_environment_says_the_project_and_the_place(
    monkeypatch: pytest.MonkeyPatch, location: str, host: str
) -> None:
    for name, value in CASE.environment("").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VERTEXAI_PROJECT")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "kites")
    monkeypatch.setenv("VERTEXAI_LOCATION", location)
    deployment = settings.deployment(VertexAI.profile, MODEL)
    place = location or "us-central1"
    request = next(VertexAI(deployment).create(wanted()))
    assert deployment.own_host
    assert request.url == (
        f"https://{host}/v1/projects/kites/locations/{place}/publishers/google/models/{MODEL}:predictLongRunning"
    )


def test_a_project_is_needed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERTEXAI_PROJECT")
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    for base in (url, ""):
        monkeypatch.setenv("VERTEX_AI_API_BASE", base)
        with pytest.raises(errors.InvalidRequest, match="set VERTEXAI_PROJECT or GOOGLE_CLOUD_PROJECT"):
            make()


@pytest.mark.parametrize(
    "base",
    [
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/other/locations/europe-west4",
        BASE,
    ],
)
def test_the_token_is_for_every_place_of_googles(url: str, base: str) -> None:
    deployment = settings.deployment(VertexAI.profile, MODEL, {"api_base": base})
    assert (deployment.bearer, deployment.own_host) == (KEY, True)


@pytest.mark.parametrize(
    "base",
    [
        "https://evil.example/v1/projects/p/locations/l",
        "https://evil.example/-aiplatform.googleapis.com/v1/projects/p/locations/l",
        "https://x.evil-aiplatform.googleapis.com.example/v1/projects/p/locations/l",
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/more",
    ],
)
def test_the_token_is_for_nobody_else(url: str, base: str) -> None:
    with pytest.raises(errors.MissingKey, match="is not known: pass api_key"):
        settings.deployment(VertexAI.profile, MODEL, {"api_base": base})


def test_a_job_is_found_after_the_environment_has_moved_on(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    video = soravid.video_generation("a kite", f"vertex_ai/{MODEL}")
    planning.pipeline.cache_clear()
    monkeypatch.setenv("VERTEXAI_LOCATION", "europe-west4")
    monkeypatch.setenv("VERTEX_AI_API_BASE", f"{url}/v1/projects/p/locations/us-central1")
    assert soravid.video_status(video.id).status == "processing"


def test_what_is_sent_shows_no_secret() -> None:
    request: Request = next(provider().create(wanted(input_reference=JPEG)))
    assert KEY not in repr(request)
    assert JPEG.base64[:40] not in repr(request)
