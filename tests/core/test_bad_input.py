"""What cannot work is said in one clear line, before anything is sent, held or paid."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid.errors import InvalidRequest, SoravidError, UnknownModel
from tests.core.helpers import KEY, MODEL, jobs
from tests.fakes.openai import OpenAIFake

SECONDS = [-5, 0, True, "abc", "", float("nan"), float("inf"), 1e9, "8s", "8,0", b"8", [8], "1e999"]
SIZES = ["banana", "1280", "1280x", "x720", "1280x720x3", "0x0", "-1280x720", "1280 x 720", (1280, 720), ""]

# What is wrong: the keywords, the argument that is named, and words that the line must hold.
WRONG: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    *[({"seconds": value}, "seconds", (repr(value),)) for value in SECONDS],
    *[({"size": value}, "size", (str(value), "1280x720")) for value in SIZES],
    ({"seconds": "5"}, "seconds", ("4, 8, 12", "5")),
    ({"seconds": 8.5}, "seconds", ("4, 8, 12", "8.5")),
    ({"size": "1920x1080"}, "size", ("720x1280 or 1280x720", "1920x1080")),
    ({"size": "1281x720"}, "size", ("720x1280 or 1280x720", "1281x720")),
    ({"seed": "x"}, "seed", ("whole number", "'x'")),
    ({"seed": 1.5}, "seed", ("whole number", "1.5")),
    ({"seed": True}, "seed", ("whole number", "True")),
    ({"seed": "--5"}, "seed", ("whole number", "'--5'")),
    ({"seed": 7}, "seed", (MODEL, "seed")),
    ({"negative_prompt": "rain"}, "negative_prompt", (MODEL, "negative")),
    ({"max_cost": "0.10"}, "max_cost", ("$0.40", "$0.10")),
    ({"max_cost": "abc"}, "max_cost", ("'abc'", "USD")),
    ({"max_cost": float("nan")}, "max_cost", ("nan", "USD")),
    ({"max_cost": -1}, "max_cost", ("-1", "USD")),
    ({"max_cost": Decimal("Infinity")}, "max_cost", ("Infinity", "USD")),
    ({"model": "openai/other", "max_cost": 5}, "max_cost", ("unknown", "$5.00")),
    ({"max_cost": "0.50", "extra_body": {"seconds": "12"}}, "seconds", ("extra_body", "seconds")),
    ({"fallbacks": "azure/sora-2"}, "fallbacks", ("fallbacks",)),
    ({"fallbacks": ["nope/sora-2"]}, "model", ("'nope'",)),
    ({"timeout": "soon"}, "timeout", ("'soon'",)),
    ({"timeout": -1}, "timeout", ("-1",)),
    ({"extra_body": {"picture": b"123"}}, "extra_body", ("picture",)),
    ({"extra_body": {"when": {1, 2}}}, "extra_body", ("when",)),
    ({"extra_body": ["fps"]}, "extra_body", ("list",)),
    ({"metadata": {"who": object()}}, "metadata", ("who",)),
    ({"extra_headers": {"x-team": 5}}, "extra_headers", ("x-team",)),
    ({"api_base": "127.0.0.1:8000"}, "api_base", ("http", "127.0.0.1:8000")),
    ({"api_base": "ftp://127.0.0.1"}, "api_base", ("http", "ftp://127.0.0.1")),
    ({"api_base": "http://127.0.0.1:port"}, "api_base", ("127.0.0.1:port",)),
    ({"api_base": "http://[broken"}, "api_base", ("http://[broken",)),
    ({"prompt": ""}, "prompt", ("empty",)),
    ({"prompt": " \n\t"}, "prompt", ("empty",)),
    ({"prompt": None}, "prompt", ("text", "NoneType")),
    ({"prompt": b"a kite"}, "prompt", ("text", "bytes")),
    ({"prompt": "a" * 32_001}, "prompt", ("32001", "32000")),
    ({"prompt": "a kite \ud800"}, "prompt", ("prompt",)),
    ({"model": "sora-2"}, "model", ("provider/model", "openai/sora-2")),
    ({"model": "openai/"}, "model", ("provider/model",)),
    ({"model": ""}, "model", ("provider/model",)),
    ({"model": "opneai/sora-2"}, "model", ("opneai", "openai")),
    ({"model": "midjourney/v9"}, "model", ("midjourney", "azure, ", "openai")),
]


def names(case: tuple[dict[str, Any], str, tuple[str, ...]]) -> str:
    return ", ".join(f"{name}={value!r:.24}" for name, value in case[0].items())


@pytest.fixture
def nothing_happened(openai: OpenAIFake, home: Path) -> Callable[[], bool]:
    return lambda: not openai.requests and not jobs(home)


def one_clear_line(error: BaseException) -> str:
    assert isinstance(error, (SoravidError, ValueError))
    assert isinstance(error, SoravidError), f"{type(error).__name__} came through: {error}"
    assert isinstance(error, ValueError)
    text = str(error)
    assert "\n" not in text
    assert len(text) < 400
    return text


@pytest.mark.parametrize("case", WRONG, ids=names)
def test_a_wrong_argument_is_named_and_costs_nothing(
    case: tuple[dict[str, Any], str, tuple[str, ...]], nothing_happened: Callable[[], bool]
) -> None:
    keywords, param, words = case
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is, is looked at below
        soravid.video_generation(**{"prompt": "a kite", "model": MODEL, **keywords})
    text = one_clear_line(caught.value)
    for word in words:
        assert word in text
    assert isinstance(caught.value, InvalidRequest)
    assert caught.value.param == param
    assert nothing_happened()


def generate(**keywords: Any) -> object:
    return soravid.generate(**keywords)


def client(**keywords: Any) -> object:
    return soravid.Client().videos.create(**keywords)


def async_client(**keywords: Any) -> object:
    return asyncio.run(soravid.AsyncClient().videos.create(**keywords))


def async_function(**keywords: Any) -> object:
    return asyncio.run(soravid.avideo_generation(**keywords))


FACES = [generate, client, async_client, async_function, soravid.video_generation]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("wrong", [{"seconds": "5"}, {"prompt": ""}, {"model": "opneai/sora-2"}], ids=str)
def test_every_face_checks_alike(
    face: Callable[..., object], wrong: dict[str, Any], nothing_happened: Callable[[], bool]
) -> None:
    with pytest.raises(InvalidRequest):
        face(**{"prompt": "a kite", "model": MODEL, **wrong})
    assert nothing_happened()


@pytest.mark.parametrize("face", FACES)
def test_an_unknown_keyword_is_named_with_the_nearest(
    face: Callable[..., object], nothing_happened: Callable[[], bool]
) -> None:
    with pytest.raises(TypeError, match=r"no argument 'secnds'.*Did you mean seconds") as caught:
        face(prompt="a kite", model=MODEL, secnds="8")
    one_clear_line(caught.value)
    assert nothing_happened()


def test_a_forgotten_prompt_names_the_function_that_was_called() -> None:
    with pytest.raises(TypeError, match=r"video_generation\(\)"):
        soravid.video_generation(model=MODEL)  # type: ignore[call-arg]


@pytest.mark.parametrize("face", FACES)
def test_a_missing_key_names_the_variable(
    face: Callable[..., object], nothing_happened: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "  ")
    with pytest.raises(InvalidRequest, match="OPENAI_API_KEY"):
        face(prompt="a kite", model=MODEL)
    assert nothing_happened()


def test_azure_without_a_key_or_an_address_names_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequest, match="AZURE_OPENAI_API_BASE"):
        soravid.video_generation("a kite", "azure/sora-2")
    monkeypatch.setenv("AZURE_OPENAI_API_BASE", "https://resource.example")
    with pytest.raises(InvalidRequest, match=r"AZURE_OPENAI_API_KEY.*AZURE_AD_TOKEN"):
        soravid.video_generation("a kite", "azure/sora-2")


def test_a_price_is_told_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert soravid.estimate(model="xai/grok-imagine-video", seconds=6).usd == Decimal("0.42")


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(
    nothing_happened: Callable[[], bool],
) -> None:
    for key in ("sk-ключ", "sk-canary\nx: y"):
        with pytest.raises(SoravidError) as caught:
            soravid.video_generation("a kite", MODEL, api_key=key)
        assert key not in one_clear_line(caught.value)
        assert nothing_happened()


# --- at the provider's own address, which these tests only ask for a price ---


@pytest.fixture
def own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.mark.usefixtures("own_host")
def test_a_model_that_was_shut_down_is_refused_at_its_own_address() -> None:
    with pytest.raises(
        InvalidRequest, match=r"openai/sora-2 was shut down on 2026-09-24.*gemini/gemini-omni"
    ):
        soravid.estimate(model=MODEL)


@pytest.mark.usefixtures("own_host")
def test_naming_the_own_address_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1/")
    with pytest.raises(InvalidRequest, match="was shut down"):
        soravid.estimate(model=MODEL)


@pytest.mark.usefixtures("own_host")
def test_an_unknown_model_at_the_own_address_names_the_nearest() -> None:
    with pytest.raises(UnknownModel, match=r"openai/sora-3.*Did you mean .*openai/sora-2"):
        soravid.estimate(model="openai/sora-3")


def test_any_model_is_taken_at_an_address_of_ones_own(openai: OpenAIFake) -> None:
    assert soravid.video_generation("a kite", "openai/my-model").status == "queued"


# --- sizes and durations that are right, however they are written ---


@pytest.mark.parametrize("seconds", [8, 8.0, "8", " 8 ", "8.0", "8.00", "８", "0.8e1", Decimal(8)], ids=repr)
def test_one_duration_may_be_written_in_many_ways(openai: OpenAIFake, seconds: Any) -> None:
    soravid.video_generation("a kite", MODEL, seconds=seconds)
    assert openai.asked("POST")[0].fields["seconds"] == "8"


@pytest.mark.parametrize("size", ["1280X720", " 1280x720 ", "01280x0720", "١٢٨٠x٧٢٠"])
def test_one_size_goes_out_in_one_spelling(openai: OpenAIFake, size: str) -> None:
    soravid.video_generation("a kite", MODEL, size=size)
    assert openai.asked("POST")[0].fields["size"] == "1280x720"


def test_the_longest_prompt_is_taken(openai: OpenAIFake) -> None:
    assert soravid.video_generation("a" * 32_000, MODEL).status == "queued"


# --- operations ---


def test_edit_and_extend_need_a_video(nothing_happened: Callable[[], bool]) -> None:
    for operation in ("remix", "edit", "extend"):
        with pytest.raises(InvalidRequest, match=f"To {operation} a video, say which: video_id"):
            soravid.generate("brighter", model=MODEL, operation=operation, seconds="4")
    with pytest.raises(InvalidRequest, match="video_id"):
        soravid.video_remix("brighter", model=MODEL)
    assert nothing_happened()


def test_an_operation_that_there_is_not_is_named(nothing_happened: Callable[[], bool]) -> None:
    with pytest.raises(InvalidRequest, match=r"operation.*remiks"):
        soravid.generate("brighter", model=MODEL, operation="remiks", video_id="video_1")  # type: ignore[arg-type]
    assert nothing_happened()


def test_what_a_model_cannot_do_is_refused_here(nothing_happened: Callable[[], bool], url: str) -> None:
    with pytest.raises(InvalidRequest, match="azure/sora-2 cannot extend"):
        soravid.video_extension("on", "video_1", "4", "azure/sora-2", api_key=KEY, api_base=url)
    with pytest.raises(InvalidRequest, match=r"A remix by openai/sora-2 takes a prompt only, no seconds"):
        soravid.video_remix("at night", "video_1", MODEL, seconds="8")
    assert nothing_happened()


def test_a_remix_of_an_old_job_is_refused_where_the_model_was_shut_down(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job was made at the provider's own address, and nobody has set another one."""
    from soravid import catalog, planning, settings
    from soravid.providers.openai import OpenAI
    from soravid.types import VideoRequest

    monkeypatch.delenv("OPENAI_BASE_URL")
    deployment = settings.deployment(OpenAI.profile, "sora-2")
    request = VideoRequest(model=MODEL, prompt="a kite")
    row = planning.current().journal.open(request, deployment, catalog.price(MODEL, "4", "720x1280"))[0]
    video = soravid.Video(id="video_old", status="completed", prompt="a kite")
    planning.current().journal.submitted(row.id, video)
    with pytest.raises(InvalidRequest, match="was shut down"):
        asyncio.run(_plan_only("at night", "video_old"))


async def _plan_only(prompt: str, video_id: str) -> None:
    from soravid import planning

    await planning.make_plan(planning.current(), prompt, None, operation="remix", source_id=video_id)


def test_a_variant_that_there_is_not_is_refused_here(openai: OpenAIFake) -> None:
    with pytest.raises(InvalidRequest, match="video, thumbnail or spritesheet, not 'poster'"):
        soravid.video_retrieval("video_1", MODEL, variant="poster")
    assert not openai.requests


def test_an_id_that_nobody_knows_asks_for_the_model(openai: OpenAIFake) -> None:
    for call in (soravid.video_status, soravid.video_retrieval, soravid.video_delete):
        with pytest.raises(InvalidRequest, match=r"no video 'video_1'.*model="):
            call("video_1")
    assert not openai.requests
