"""OpenRouter's wire beside its official SDK; its own list of models; and its traps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openrouter
import pytest
from openrouter import components
from openrouter import errors as sdk_errors

import soravid
from soravid import catalog, errors
from soravid.catalog import Model
from soravid.deployments import Deployment
from soravid.providers.base import Request, Response
from soravid.providers.openrouter import OpenRouter
from soravid.types import Video, VideoRequest
from tests.core.flows import PNG, answered, asked
from tests.core.helpers import kinds, query
from tests.fakes.openrouter import OpenRouterFake, listed
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.providers.cases import KEY
from tests.providers.cases.openrouter import forget
from tests.providers.parity import differences

VEO = "openrouter/google/veo-3.1"
FLUX = "openrouter/black-forest-labs/flux-3-video"
JOB = "gen-vid-1790983457-BXyYqhSkuztnVdDoZpef"


@pytest.fixture(autouse=True)
def unlearnt() -> Iterator[None]:
    """A process that has not yet asked for the list, before and after."""
    forget()
    yield
    forget()


@pytest.fixture
def fake() -> OpenRouterFake:
    return OpenRouterFake(api_key=KEY)


@pytest.fixture
def url(fake: OpenRouterFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The fake at OpenRouter's own address, where only the models that it lists are known."""
    with serve(fake) as address:
        own = replace(OpenRouter.profile, default_base=f"{address}/api/v1")
        monkeypatch.setattr(OpenRouter, "profile", own)
        monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
        yield own.default_base


@pytest.fixture
def sdk(url: str) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key=KEY, server_url=url, retry_config=None) as client:
        yield client


def provider(model: str = "google/veo-3.1") -> OpenRouter:
    base = "https://openrouter.ai/api/v1"
    return OpenRouter(
        Deployment(provider="openrouter", model=model, api_base=base, own_host=True, api_key=KEY)
    )


def told(status: str, **more: Any) -> Video:
    """What a status answer is read as."""
    body = {"id": JOB, "polling_url": f"/api/v1/videos/{JOB}", "status": status, **more}
    video: Video = answered(provider().retrieve(JOB), 200, body)
    return video


def failed(status: int, body: Any) -> errors.ProviderError:
    """What an error answer is read as."""
    with pytest.raises(errors.ProviderError) as caught:
        answered(provider().retrieve(JOB), status, body)
    return caught.value


def rows(*models: Any) -> list[Model]:
    """The models of a list, as the catalogue takes them up."""
    return catalog.add(*answered(provider().models(), 200, {"data": list(models)}))


# --- the official SDK ---


def finished(sdk: openrouter.OpenRouter, **wanted: Any) -> components.VideoGenerationResponse:
    job = sdk.video_generation.generate(**wanted)
    while (now := sdk.video_generation.get_generation(job_id=job.id)).status in ("pending", "in_progress"):
        pass
    return now


def test_the_official_sdk_makes_a_clip(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    fake.polls_to_finish = 2
    job = sdk.video_generation.generate(model="google/veo-3.1", prompt="a kite", duration=4)
    assert job.status == "pending"
    assert sdk.video_generation.get_generation(job_id=job.id).status == "pending"
    done = sdk.video_generation.get_generation(job_id=job.id)
    assert done.usage
    assert (done.status, done.usage.cost, done.usage.is_byok) == ("completed", 1.6, False)
    assert done.unsigned_urls == [f"{done.polling_url}/content?index=0"]
    assert sdk.video_generation.get_video_content(job_id=job.id).read() == fake.bytes_of(job.id)


def test_the_official_sdk_reads_the_list(sdk: openrouter.OpenRouter) -> None:
    names = [model.id for model in sdk.video_generation.list_videos_models().data]
    assert names[0] == "google/veo-3.1"


def test_the_official_sdk_sees_its_errors(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    wanted: dict[str, Any] = {"model": "google/veo-3.1", "prompt": "a kite"}
    with pytest.raises(sdk_errors.ForbiddenResponseError, match="flagged"):
        sdk.video_generation.generate(**wanted | {"prompt": "[refuse]"})
    with pytest.raises(sdk_errors.TooManyRequestsResponseError):
        sdk.video_generation.generate(**wanted | {"prompt": "[429]"})
    with pytest.raises(sdk_errors.InternalServerResponseError):
        sdk.video_generation.generate(**wanted | {"prompt": "[500]"})
    with pytest.raises(sdk_errors.BadRequestResponseError, match="Supported durations: 4, 6, 8s"):
        sdk.video_generation.generate(**wanted, duration=5)
    with pytest.raises(sdk_errors.BadRequestResponseError, match="not a valid model"):
        sdk.video_generation.generate(**wanted | {"model": "openai/no-such"})
    with pytest.raises(sdk_errors.NotFoundResponseError):
        sdk.video_generation.get_generation(job_id=JOB)
    fake.api_key = "another"
    with pytest.raises(sdk_errors.UnauthorizedResponseError):
        sdk.video_generation.generate(**wanted)


def test_the_official_sdk_sees_a_refused_clip_and_one_that_is_gone(sdk: openrouter.OpenRouter) -> None:
    refused = finished(sdk, model="google/veo-3.1", prompt="[moderation]")
    assert (refused.status, refused.error, refused.usage) == ("failed", "Content policy violation", None)
    gone = finished(sdk, model="google/veo-3.1", prompt="[gone]")
    with pytest.raises(sdk_errors.GoneResponseError):
        sdk.video_generation.get_video_content(job_id=gone.id)


# --- the same requests by both ---


def posted(fake: OpenRouterFake) -> Recorded:
    return fake.asked("POST")[-1]


def pictures() -> list[str]:
    """Two pictures by which a clip goes, as the data URLs that they are sent as."""
    found = []
    for name in ("one.png", "two.png"):
        Path(name).write_bytes(PNG.data)
        found.append(PNG.data_url)
    return found


def test_a_create_with_everything_is_the_sdks(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    first, last = pictures()
    frames: list[Any] = [
        {"type": "image_url", "image_url": {"url": first}, "frame_type": "first_frame"},
        {"type": "image_url", "image_url": {"url": last}, "frame_type": "last_frame"},
    ]
    sdk.video_generation.generate(
        model="google/veo-3.1",
        prompt="a kite",
        duration=8,
        resolution="4K",
        aspect_ratio="9:16",
        seed=7,
        generate_audio=False,
        frame_images=frames,
        user="someone",
        provider={"options": {"google_vertex": {"parameters": {"negativePrompt": "rain"}}}},
    )
    theirs = posted(fake)
    soravid.generate(
        "a kite",
        model=VEO,
        seconds=8,
        resolution="4k",
        aspect_ratio="9:16",
        seed=7,
        audio=False,
        input_reference="one.png",
        last_frame="two.png",
        user="someone",
        extra_body={"provider": {"options": {"google-vertex": {"parameters": {"negativePrompt": "rain"}}}}},
    ).wait()
    assert differences(theirs, posted(fake)) == {}


def test_a_create_by_references_is_the_sdks(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    references: list[Any] = [{"type": "image_url", "image_url": {"url": url}} for url in pictures()]
    sdk.video_generation.generate(
        model="google/veo-3.1",
        prompt="a kite",
        duration=4,
        resolution="720p",
        aspect_ratio="16:9",
        input_references=references,
    )
    theirs = posted(fake)
    soravid.generate("a kite", model=VEO, references=["one.png", "two.png"]).wait()
    assert differences(theirs, posted(fake)) == {}


def test_a_size_to_the_pixel_is_the_sdks(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    fake.listing.append(listed("bytedance/seedance-2.5", [5], supported_sizes=["1280x720", "960x960"]))
    sdk.video_generation.generate(model="bytedance/seedance-2.5", prompt="a kite", duration=5, size="960x960")
    theirs = posted(fake)
    soravid.generate("a kite", model="openrouter/bytedance/seedance-2.5", size="960x960").wait()
    assert differences(theirs, posted(fake)) == {}


def test_a_continuation_is_the_sdks(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    source = soravid.generate("a kite", model=FLUX).wait()
    catalog.add({"id": FLUX, "abilities": ["text", "extend"]})  # the list does not say who can
    soravid.generate("it lands", operation="extend", video_id=source.job_id, seconds=5).wait()
    ours = posted(fake)
    sdk.video_generation.generate(
        model="black-forest-labs/flux-3-video",
        prompt="it lands",
        duration=5,
        previous_job_id=ours.fields["previous_job_id"],
    )
    assert differences(posted(fake), ours) == {}


def test_what_is_asked_and_fetched_is_the_sdks(sdk: openrouter.OpenRouter, fake: OpenRouterFake) -> None:
    soravid.generate("a kite", model=VEO).wait()
    (job,) = fake.jobs
    ours = {call.path: call for call in fake.asked("GET")}
    sdk.video_generation.list_videos_models()
    sdk.video_generation.get_generation(job_id=job)
    sdk.video_generation.get_video_content(job_id=job).read()
    for theirs in fake.asked("GET")[-3:]:
        assert differences(theirs, ours[theirs.path]) == {}


# --- its own list ---


def test_the_list_is_asked_for_once_and_its_durations_hold(url: str, fake: OpenRouterFake) -> None:
    for _ in range(2):
        with pytest.raises(errors.InvalidRequest, match="takes seconds of 4, 6 or 8, not 5"):
            soravid.generate("a kite", model=VEO, seconds=5)
    soravid.generate("a kite", model=VEO, seconds=6).wait()
    assert len(fake.asked("GET", "/videos/models")) == 1
    assert posted(fake).fields["duration"] == 6


def test_a_model_that_is_not_listed_is_unknown(url: str, fake: OpenRouterFake) -> None:
    with pytest.raises(errors.UnknownModel, match=r"Did you mean .*openrouter/google/veo-3\.1"):
        soravid.generate("a kite", model="openrouter/google/veo-31")
    assert fake.asked("POST") == []


def test_a_clip_is_held_by_the_list_and_settled_by_the_answer(
    url: str, fake: OpenRouterFake, home: Path
) -> None:
    estimate = soravid.estimate("a kite", model=VEO, seconds=4)
    assert [estimate.low, estimate.expected, estimate.upper] == [
        Decimal(usd) for usd in ("1.44", "1.6", "1.76")
    ]
    fake.fee = 0.088
    assert soravid.generate("a kite", model=VEO, seconds=4).wait().cost == Decimal("1.688")
    assert kinds(home) == ["hold", "spend"]
    assert query(home, "SELECT amount FROM entries")[0]["amount"] == 1_760_000_000


def test_a_silent_clip_is_cheaper(url: str, fake: OpenRouterFake) -> None:
    assert soravid.estimate("a kite", model=VEO, seconds=4, audio=False).expected == Decimal("0.8")
    assert soravid.generate("a kite", model=VEO, seconds=4, audio=False).wait().cost == Decimal("0.8")


def test_ones_own_key_at_the_maker_is_charged_there(url: str, fake: OpenRouterFake) -> None:
    fake.byok, fake.fee = True, -1.52  # OpenRouter's share of it
    assert soravid.generate("a kite", model=VEO, seconds=4).wait().cost == Decimal("1.6")


def test_the_list_says_what_a_model_can_do(url: str) -> None:
    soravid.estimate("a kite", model=VEO)
    veo, flux = catalog.find(VEO), catalog.find(FLUX)
    assert veo
    assert flux
    assert veo.abilities == {"text", "image", "last_frame", "references", "seed", "audio", "audio_off"}
    assert flux.abilities == veo.abilities - {"seed"}
    assert (veo.default_seconds, veo.default_size, veo.seconds) == ("4", "1280x720", ("4", "6", "8"))
    assert (flux.default_seconds, flux.default_size, len(flux.sizes)) == ("5", "1280x720", 12)  # type: ignore[arg-type]
    assert catalog.find("openrouter/black-forest-labs/flux-video-upscale") is None


@pytest.mark.parametrize(
    ("skus", "sounds", "prices", "silent"),
    [
        ({"duration_seconds": "0.0817"}, False, {"720p": "0.0817", "1080p": "0.0817"}, {}),
        (
            {"duration_seconds_720p": "0.1", "duration_seconds_1080p": "0.2"},
            True,
            {"720p": "0.1", "1080p": "0.2"},
            {"720p": "0.1", "1080p": "0.2"},
        ),
        (
            # Veo 3.1 Fast: the line without a class is for 1080p.
            {
                "duration_seconds_with_audio": "0.12",
                "duration_seconds_without_audio": "0.10",
                "duration_seconds_with_audio_720p": "0.10",
                "duration_seconds_without_audio_720p": "0.08",
            },
            True,
            {"720p": "0.10", "1080p": "0.12"},
            {"720p": "0.08", "1080p": "0.10"},
        ),
        (
            # Kling 3: sound costs more in every class, whatever the lines for a class say.
            {
                "duration_seconds": "0.112",
                "duration_seconds_with_audio": "0.168",
                "text_to_video_duration_seconds_720p": "0.112",
                "image_to_video_duration_seconds_720p": "0.112",
            },
            True,
            {"720p": "0.168", "1080p": "0.168"},
            {"720p": "0.112", "1080p": "0.112"},
        ),
        (
            {"cents_per_video_output_second_720p": "7", "cents_per_image_input": "0.2"},
            False,
            {"720p": "0.07"},
            {},
        ),
        (
            {"cents_per_second_output": "17", "cents_per_second_output_1080p": "29"},
            False,
            {"720p": "0.17", "1080p": "0.29"},
            {},
        ),
        (
            {"per-video-second": "0.50", "per-video-second-1080p": "0.75"},
            False,
            {"720p": "0.5", "1080p": "0.75"},
            {},
        ),
        (
            # Seedance 2.0: tokens of 1024 pixels, 24 frames a second.
            {
                "video_tokens": "0.000007",
                "video_tokens_1080p": "0.0000077",
                "video_tokens_without_audio": "0.000007",
                "video_tokens_with_video_input": "0.0000043",
            },
            True,
            {"720p": "0.1512", "1080p": "0.37422"},
            {"720p": "0.1512", "1080p": "0.3402"},
        ),
    ],
)
def test_its_price_lists_are_read(
    skus: dict[str, str], sounds: bool, prices: dict[str, str], silent: dict[str, str]
) -> None:
    model = listed(
        "a/b", [5], supported_resolutions=["720p", "1080p"], generate_audio=sounds, pricing_skus=skus
    )
    (row,) = rows(model)
    for table, expected in ((row.prices, prices), (row.silent_prices, silent)):
        assert table == {name: int(Decimal(usd) * 10**9) for name, usd in expected.items()}


def test_a_picture_may_have_a_price() -> None:
    for sku, usd in (("cents_per_image_input", "0.2"), ("reference_images", "0.002")):
        (row,) = rows(listed("a/b", [1], pricing_skus={"duration_seconds": "0.05", sku: usd}))
        assert row.price("1", "1280x720", pictures=1) == 52_000_000


def test_a_clip_from_pictures_may_be_dearer_and_the_hold_covers_it() -> None:
    skus = {"text_to_video_duration_seconds_720p": "0.08", "image_to_video_duration_seconds_720p": "0.10"}
    (row,) = rows(listed("a/b", [5], pricing_skus=skus))
    quote = row.quote("5", "1280x720")
    assert quote
    assert (quote.expected, quote.upper) == (400_000_000, 500_000_000)


def test_tokens_go_by_the_pixels_of_the_size() -> None:
    sizes = ["854x480", "640x640", "1280x720", "960x960"]
    (row,) = rows(
        listed("bytedance/s", [4], supported_sizes=sizes, pricing_skus={"video_tokens": "0.0000035"})
    )
    quote = row.quote("4", "640x640")
    assert quote
    assert quote.low < 135_800_000 < quote.upper  # what such a clip was billed
    assert row.prices.keys() == {"480p", "640p", "720p", "960p"}


@pytest.mark.parametrize(
    "skus",
    [
        None,
        {},
        [],
        "free",
        {"duration_seconds": "free"},
        {"duration_seconds": "-1"},
        {"duration_seconds": None},
        {"cents_per_megapixel_second_precise": "7.5"},
        {"duration_seconds": "0.1", "minimum_cents_per_generation": "56"},
    ],
)
def test_a_price_that_is_not_understood_is_unknown(skus: Any) -> None:
    (row,) = rows(listed("a/b", [5], pricing_skus=skus))
    assert row.price("5", "1280x720") is None


@pytest.mark.parametrize(
    "strange",
    [
        None,
        "a/b",
        [],
        {},
        {"id": "a/b"},
        listed("a/b", None),
        listed("a/b", []),
        listed("a/b", ["auto"]),  # type: ignore[list-item]
        listed("a/b", [5]) | {"id": None},
        listed("a/b", [5], supported_resolutions=None),
        listed("a/b", [5], supported_resolutions=["1K"]),
        listed("a/b", [5], supported_aspect_ratios=["adaptive"]),
        listed("a/b", [5], supported_frame_images=7),
        listed("a/b", [5], supported_sizes=[720]),
    ],
)
def test_a_strange_row_is_left_out(strange: Any) -> None:
    assert [row.id for row in rows(strange, listed("good/one", [5]))] == ["openrouter/good/one"]


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}])
def test_a_list_that_is_none_is_empty(body: Any) -> None:
    assert answered(provider().models(), 200, body) == []


@pytest.mark.parametrize("listing", [None, [None], [listed("a/b", None)]])
def test_where_nothing_is_listed_no_model_is_known(url: str, fake: OpenRouterFake, listing: Any) -> None:
    fake.listing = listing
    with pytest.raises(errors.UnknownModel):
        soravid.estimate("a kite", model=VEO)


def test_a_word_that_is_not_known_is_left_out_of_a_row() -> None:
    known = {"supported_resolutions": ["720p", "8K"], "supported_aspect_ratios": ["16:9", "adaptive"]}
    (row,) = rows(listed("a/b", [5, "auto", 0], **known))  # type: ignore[list-item]
    assert (row.sizes, row.seconds) == (("1280x720",), ("5",))


# --- its traps ---


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ("1280x720", {"resolution": "720p", "aspect_ratio": "16:9"}),
        ("2160x3840", {"resolution": "4K", "aspect_ratio": "9:16"}),
        ("2560x1440", {"resolution": "2K", "aspect_ratio": "16:9"}),
        ("854x480", {"resolution": "480p", "aspect_ratio": "16:9"}),
        ("1366x768", {"resolution": "768p", "aspect_ratio": "16:9"}),
        ("1112x834", {"size": "1112x834"}),
        ("960x960", {"size": "960x960"}),
        ("848x480", {"size": "848x480"}),
    ],
)
def test_a_size_goes_as_class_and_shape_where_it_is_one(size: str, sent: dict[str, str]) -> None:
    request = asked(provider().create(VideoRequest(model=VEO, prompt="a kite", size=size)))
    assert {name: request.json.get(name) for name in ("resolution", "aspect_ratio", "size")} == {
        "resolution": None,
        "aspect_ratio": None,
        "size": None,
    } | sent


def test_references_beside_a_frame_are_refused_not_ignored(url: str, fake: OpenRouterFake) -> None:
    pictures()
    with pytest.raises(errors.InvalidRequest, match="ignores references beside") as caught:
        soravid.generate("a kite", model=VEO, input_reference="one.png", references=["two.png"])
    assert (caught.value.param, fake.asked("POST")) == ("references", [])


def test_a_remix_is_refused(url: str, fake: OpenRouterFake) -> None:
    source = soravid.generate("a kite", model=VEO).wait()
    catalog.add({"id": VEO, "abilities": ["text", "remix"]})
    with pytest.raises(errors.UnsupportedOperation, match="openrouter cannot remix"):
        soravid.generate("in snow", operation="remix", video_id=source.job_id).wait()
    assert fake.creates == 1


def test_a_model_that_continues_nothing_says_so(url: str, fake: OpenRouterFake, home: Path) -> None:
    source = soravid.generate("a kite", model=VEO).wait()
    catalog.add({"id": VEO, "abilities": ["text", "edit"]})
    with pytest.raises(errors.BadRequest, match="does not support previous_job_id"):
        soravid.generate("in snow", operation="edit", video_id=source.job_id).wait()
    assert kinds(home)[-1] == "void"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", "queued"),
        ("in_progress", "in_progress"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("expired", "failed"),
    ],
)
def test_its_words_for_a_status(word: str, status: str) -> None:
    assert told(word).status == status


def test_an_expired_job_says_so() -> None:
    error = told("expired").error
    assert error
    assert (error.code, error.message) == ("expired", "The job is expired.")


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Content policy violation", "moderation_blocked"),
        ("Video generation completed with no output (content may have been filtered)", "moderation_blocked"),
        ("The output video may contain sensitive information.", "moderation_blocked"),
        ("Provider timed out", "failed"),
    ],
)
def test_a_failure_is_a_sentence(sentence: str, code: str) -> None:
    video = told("failed", error=sentence)
    assert video.error
    assert (video.error.code, video.error.message, video._bill) == (code, sentence, None)


@pytest.mark.parametrize(
    ("usage", "bill"),
    [
        ({"cost": 0.052, "is_byok": False}, 52_000_000),
        ({"cost": 0.1358}, 135_800_000),
        ({"cost": 0}, 0),
        ({"cost": None}, None),
        ({"cost": 0.0026, "is_byok": True}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_was_charged_is_read_without_a_float_between(usage: Any, bill: int | None) -> None:
    assert told("completed", usage=usage)._bill == bill


def test_how_long_the_clip_is_kept_is_told() -> None:
    assert told("completed", expires_at=1790990000).expires_at == 1790990000
    assert told("completed", expires_at="soon").expires_at is None


def test_the_key_goes_to_its_own_address_alone() -> None:
    flow = provider().content(JOB, "video")
    with pytest.raises(StopIteration) as end:
        next(flow)
    source = end.value.value
    assert source.url == f"https://openrouter.ai/api/v1/videos/{JOB}/content"
    elsewhere = {"unsigned_urls": ["https://evil.example/x"], "urls": ["https://cdn.example/?signature=s"]}
    shown = told("completed", polling_url="https://evil.example/", **elsewhere)
    assert "example" not in shown.model_dump_json()
    request: Request = asked(provider().retrieve(shown.id))
    assert request.url == f"https://openrouter.ai/api/v1/videos/{JOB}"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, errors.Expired),
        (410, errors.Expired),
        (409, errors.NotFound),
        (401, errors.AuthenticationFailed),
        (502, errors.ServerError),
    ],
)
def test_why_there_is_no_content(status: int, kind: type[errors.ProviderError]) -> None:
    flow = provider().content(JOB, "video")
    with pytest.raises(StopIteration) as end:
        next(flow)
    body = json.dumps({"error": {"message": "No.", "code": status}}).encode()
    assert type(end.value.value.explain(Response(status, {}, body))) is kind


@pytest.mark.parametrize(
    ("status", "metadata", "kind", "code"),
    [
        (403, {"reasons": ["sexual"], "flagged_input": "..."}, errors.Refused, "content_policy_violation"),
        (403, {"error_type": "content_policy_violation"}, errors.Refused, "content_policy_violation"),
        (403, {"error_type": "refusal"}, errors.Refused, "refusal"),
        (403, {"error_type": "permission_denied"}, errors.AuthenticationFailed, "permission_denied"),
        (403, None, errors.AuthenticationFailed, "403"),
        (402, {"reason": "in_flight_budget_exhausted"}, errors.InsufficientCredits, "402"),
        (400, {"failed_routing_step": "Validate Video Parameters"}, errors.BadRequest, "400"),
        (502, {"error_type": "provider_unavailable"}, errors.ServerError, "provider_unavailable"),
    ],
)
def test_its_errors(status: int, metadata: Any, kind: type[errors.ProviderError], code: str) -> None:
    error = failed(status, {"error": {"message": "No.", "code": status, "metadata": metadata}})
    assert (type(error), error.message, error.provider_code) == (kind, "No.", code)


@pytest.mark.parametrize("body", [b"<html>", [], {"error": "No."}, {"error": {"message": "No."}}])
def test_an_error_of_another_shape_is_read_all_the_same(body: Any) -> None:
    assert type(failed(400, body)) is errors.BadRequest


def test_a_wrong_type_is_the_providers_own_complaint(url: str, fake: OpenRouterFake) -> None:
    job = soravid.generate("a kite", model=VEO, extra_body={"user": 7})
    with pytest.raises(errors.BadRequest, match="expected str"):
        job.wait()
    assert fake.creates == 0


def test_there_is_no_list_of_videos_and_none_is_deleted(url: str, fake: OpenRouterFake) -> None:
    clip = soravid.generate("a kite", model=VEO).wait()
    with pytest.raises(errors.UnsupportedOperation, match="openrouter cannot list"):
        soravid.video_list(model=VEO)
    with pytest.raises(errors.UnsupportedOperation, match="openrouter cannot delete"):
        soravid.video_delete(clip.job_id)
