"""The catalogue as people use it: the table, its filters, and models and prices of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import soravid
from soravid import catalog, errors, providers, settings
from soravid.abilities import ABILITIES
from soravid.catalog import Model, Span
from soravid.providers import provider_class
from soravid.types import parse_size
from tests.core.helpers import MODEL
from tests.fakes.openai import OpenAIFake

GEMINI = "gemini/gemini-omni-1.2-flash"


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """What a test adds to the catalogue is gone after it."""
    yield
    catalog._catalogue.cache_clear()


def ids(table: object) -> list[str]:
    return [row["Model"] for row in table]  # type: ignore[attr-defined]


# --- the catalogue itself ---


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.id)
def test_a_row_of_the_catalogue_is_whole(model: Model) -> None:
    assert model.provider in providers.names()
    assert model.source
    assert model.as_of is not None
    assert model.abilities <= {*ABILITIES, "remix_fields"}
    assert bool(model.references) == ("references" in model.abilities)
    for other in model.replaced_by:
        found = catalog.find(other)
        assert found is not None
        assert not found.retired(datetime.now(UTC).date())
    if isinstance(model.seconds, tuple):
        assert model.default_seconds in model.seconds
    if isinstance(model.sizes, tuple):
        assert model.default_size in model.sizes
        assert all(parse_size(size) for size in model.sizes)
    if model.default_seconds and model.default_size:
        assert model.price(model.default_seconds, model.default_size) is not None


def test_prices_are_not_what_a_float_makes_of_them() -> None:
    model = catalog.find(GEMINI)
    assert model is not None
    assert model.price("3", "1280x720") == 3 * 101_360_000
    assert model.token_cost(17_376) == 304_080_000


def test_an_unknown_price_is_unknown_and_never_nothing(openai: OpenAIFake) -> None:
    one = soravid.estimate(model="openai/sora-2-pro", size="1920x1080")
    assert (one.low, one.expected, one.upper, one.usd) == (None, None, None, None)
    assert "price unknown" in str(one)


def test_an_estimate_has_a_span_where_the_price_is_not_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    one = soravid.estimate(model=GEMINI, seconds=10)
    assert (one.low, one.expected, one.upper) == (Decimal("0.96292"), Decimal("1.0136"), Decimal("1.06428"))
    assert str(one) == f"{GEMINI} 10 s 1280x720: $1.0136 ($0.9629 to $1.0643)"


def test_an_estimate_over_fallbacks_spans_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    monkeypatch.setenv("XAI_API_KEY", "k")
    one = soravid.estimate(model="xai/grok-imagine-video-1.5-lite", seconds=10, fallbacks=[GEMINI])
    assert (one.low, one.expected, one.upper) == (Decimal("0.285"), Decimal("0.3"), Decimal("1.06428"))


# --- the table ---


def test_models_are_found_by_name_ability_and_price() -> None:
    assert GEMINI in ids(soravid.models("gemini"))
    assert {row.partition("/")[0] for row in ids(soravid.models("seedance", can=["seed", "last_frame"]))} > {
        "fal_ai"
    }
    cheap = soravid.models(under="0.03", can="image", alive=True)
    assert "xai/grok-imagine-video-1.5-lite" in ids(cheap)
    assert "openai/sora-2" not in ids(soravid.models(alive=True))
    assert "openai/sora-2" in ids(soravid.models("sora"))


def test_only_what_can_be_used_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in providers.names():
        for variable in provider_class(name).profile.key_vars:
            monkeypatch.delenv(variable, raising=False)
    assert ids(soravid.models(ready=True)) == ["local/animatic"]
    monkeypatch.setenv("XAI_API_KEY", "k")
    assert set(ids(soravid.models(ready=True))) == {"local/animatic", *ids(soravid.models("xai"))}


def test_a_model_without_a_key_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    monkeypatch.delenv("HOSTED_VLLM_API_BASE", raising=False)
    assert soravid.models("xai")[0]["State"] == "set XAI_API_KEY"
    assert soravid.models("hosted_vllm")[0]["State"] == "set HOSTED_VLLM_API_BASE"


def test_an_ability_that_there_is_not_is_told() -> None:
    with pytest.raises(errors.InvalidRequest, match=r"no ability 'sound'"):
        soravid.models(can="sound")
    with pytest.raises(errors.InvalidRequest, match=r"Did you mean .*seed"):
        soravid.models(can="seeds")


def test_sizes_are_told_as_shapes() -> None:
    (row,) = soravid.models(GEMINI)
    assert row["Shape and size"] == "16:9, 9:16 in 360p, 720p, 1080p, 4k"
    assert row["Seconds"] == "3 to 15"


# --- what a model cannot do ---


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"negative_prompt": "rain"}, r"takes no negative prompt\. .*vertex_ai/veo-3.1"),
        ({"audio": False}, r"always makes sound\. .* can"),
        (
            {"operation": "remix", "video_id": "v", "model": "xai/grok-imagine-video"},
            r"cannot remix a video\. .* can",
        ),
        ({"seconds": 2}, r"takes seconds of 3 to 15, not 2"),
        ({"size": "1280x721"}, r"takes a size of .*1280x720.*, not 1280x721"),
        ({"aspect_ratio": "1:1"}, r"no 1:1 here; the model has 16:9 360p"),
        ({"resolution": "2k"}, r"no 16:9 at 2k here"),
        ({"aspect_ratio": "wide"}, r"aspect_ratio must be W:H such as 16:9, not 'wide'"),
        ({"resolution": "huge"}, r"resolution must be a class such as 720p"),
        ({"size": "1280x720", "resolution": "720p"}, r"leave aspect_ratio and resolution out"),
        ({"audio": "yes"}, r"audio must be True or False, not 'yes'"),
        ({"fit": "stretch"}, r"fit must be cover or contain, not 'stretch'"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_sent(
    wanted: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("GEMINI_API_KEY", "XAI_API_KEY"):
        monkeypatch.setenv(key, "k")
    with pytest.raises(errors.InvalidRequest, match=words):
        soravid.estimate("a kite", **{"model": GEMINI, **wanted})  # type: ignore[arg-type]


def test_a_shape_or_a_class_stands_for_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    assert soravid.estimate(model=GEMINI, aspect_ratio="9:16").size == "720x1280"
    assert soravid.estimate(model=GEMINI, resolution="1080p").size == "1920x1080"
    assert soravid.estimate(model=GEMINI, aspect_ratio="9:16", resolution="4K").size == "2160x3840"
    # Of a shape that the model has in no class like the default's, the nearest in pixels.
    assert soravid.estimate(model="runwayml/gen4.5", aspect_ratio="1:1").size == "960x960"


# --- models of one's own ---


def test_a_retired_model_goes_out_where_somebody_still_speaks_for_it(openai: OpenAIFake) -> None:
    assert soravid.video_generation("a kite", MODEL).status == "queued"


def test_a_model_is_added_in_one_line(openai: OpenAIFake) -> None:
    soravid.add_models(
        {"id": "openai/mine", "like": MODEL, "prices": {"720p": "0.0125"}, "seconds": ["4", "6"]}
    )
    assert soravid.estimate(model="openai/mine", seconds=6).usd == Decimal("0.075")
    added = catalog.find("openai/mine")
    assert added is not None
    assert (added.retires_on, added.replaced_by, added.title) == (None, (), "openai/mine")


def test_a_price_is_changed_in_one_line(openai: OpenAIFake) -> None:
    soravid.add_models({"id": MODEL, "prices": {"720p": "0.02"}})
    changed = catalog.find(MODEL)
    assert changed is not None
    assert (changed.prices, changed.retires_on) == ({"720p": 20_000_000}, date(2026, 9, 24))


MINE = """
[[models]]
id = "openai/mine"
title = "Mine"
abilities = ["text"]
seconds = ["5"]
shapes = ["16:9", "1:1"]
resolutions = ["720p"]
default_seconds = "5"
default_size = "1280x720"
prices = { any = "0.01" }
"""


def test_models_are_read_from_a_file(openai: OpenAIFake) -> None:
    Path("mine.toml").write_text(MINE)
    (model,) = soravid.load_models("mine.toml")
    assert (model.sizes, model.price("5", "720x720")) == (("1280x720", "720x720"), 50_000_000)


def test_models_are_read_from_the_file_that_the_environment_names(
    openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.toml").write_text(MINE)
    monkeypatch.setenv("SORAVID_MODELS", "mine.toml")
    catalog._catalogue.cache_clear()
    assert soravid.estimate(model="openai/mine").usd == Decimal("0.05")


def test_models_are_read_from_config_yaml(openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine.toml").write_text(MINE)
    monkeypatch.setenv("MY_PRICE", "0.03")
    Path("config.yaml").write_text(
        "model_list: []\n"
        "soravid_settings:\n"
        "  models_file: mine.toml\n"
        "  models:\n"
        "    - {id: openai/yours, like: openai/mine, prices: {any: os.environ/MY_PRICE}}\n"
    )
    assert [model.id for model in soravid.load_config("config.yaml")] == ["openai/mine", "openai/yours"]
    assert soravid.estimate(model="openai/yours").usd == Decimal("0.15")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "mine"}, "named provider/model, not 'mine'"),
        ({"id": "openai/mine"}, "openai/mine has a wrong seconds: Field required"),
        ({"id": "openai/mine", "like": "openai/yours"}, "no model 'openai/yours' for openai/mine to be like"),
        ({"id": MODEL, "prices": {"720p": "cheap"}}, "price 720p must be an amount in USD"),
        ({"id": MODEL, "colour": "red"}, "wrong colour"),
    ],
)
def test_a_wrong_row_is_told_and_changes_nothing(row: dict[str, object], words: str) -> None:
    before = catalog.models()
    with pytest.raises(errors.InvalidRequest, match=re.escape(words)):
        soravid.add_models({"id": "openai/other", "like": MODEL}, row)
    assert catalog.models() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: [", "cannot be read as YAML"),
        ("- a list", "has no settings in it"),
        ("soravid_settings: {models: 3}", "must be a list of models"),
        ("soravid_settings: {models_file: os.environ/NOT_SET}", "The variable NOT_SET"),
        ("soravid_settings: {models_file: away.toml}", "away.toml cannot be read as TOML"),
    ],
)
def test_a_wrong_configuration_is_told(text: str, words: str) -> None:
    Path("config.yaml").write_text(text)
    with pytest.raises(errors.InvalidRequest, match=words):
        soravid.load_config("config.yaml")


def test_a_self_hosted_model_is_anything_and_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", "http://127.0.0.1:1")
    one = soravid.estimate(model="hosted_vllm/Wan-AI/Wan2.2-T2V-A14B", size="832x480")
    assert one.usd == 0
    entry = catalog.find("hosted_vllm/anything")
    assert entry is not None
    assert isinstance(entry.sizes, Span)
    assert settings.missing(provider_class("hosted_vllm").profile) == ""
