"""The official openai client and our own, unchanged, over a proxy: to a provider and to the local engine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openai
import pytest

import soravid
from soravid import catalog, listings
from soravid.errors import InsufficientCredits, InvalidRequest, NotFound, Refused
from tests.core import conftest as of_core
from tests.core.helpers import picture_bytes
from tests.providers.dialect import SHUT_DOWN
from tests.proxy.conftest import Shared
from tests.proxy.operated import COST, MODEL

pytestmark = pytest.mark.filterwarnings(SHUT_DOWN)
TINY = {"size": "64x64", "seconds": "1"}
surroundings = of_core.surroundings


@pytest.fixture
def sdk(shared: Shared) -> Iterator[openai.OpenAI]:
    """The official client with a key of the proxy's."""
    key = shared.proxy.key(max_budget=2)["key"]
    with openai.OpenAI(api_key=key, base_url=f"{shared.proxy.url}/v1") as sdk:
        yield sdk


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Our own journal's, not the proxy's."""
    return tmp_path / "home"


@pytest.fixture
def ours(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a notebook that goes through the proxy."""
    monkeypatch.setenv("SORAVID_PROXY_URL", shared.proxy.url)
    monkeypatch.setenv("SORAVID_API_KEY", shared.proxy.key(max_budget=2)["key"])
    monkeypatch.setattr(listings, "_asked", {})
    catalog._catalogue.cache_clear()
    yield
    catalog._catalogue.cache_clear()


# --- OpenAI's ---


def test_openais_client_makes_polls_and_fetches(sdk: openai.OpenAI) -> None:
    video = sdk.videos.create_and_poll(prompt="A kite", model=MODEL, seconds="8", size="720x1280")
    assert (video.status, video.progress, video.model, video.seconds) == ("completed", 100, MODEL, "8")
    content = sdk.videos.download_content(video.id).read()
    assert content[4:8] == b"ftyp"
    thumbnail = sdk.videos.download_content(video.id, variant="thumbnail").read()
    assert thumbnail[:4] == b"RIFF"


def test_openais_client_remixes_lists_and_deletes(sdk: openai.OpenAI) -> None:
    source = sdk.videos.create_and_poll(prompt="A kite", model=MODEL)
    remix = sdk.videos.remix(source.id, prompt="at night")
    assert remix.remixed_from_video_id == source.id
    assert [video.id for video in sdk.videos.list()] == [remix.id, source.id]
    assert [video.id for video in sdk.videos.list(limit=1, order="asc")] == [source.id, remix.id]
    assert sdk.videos.delete(source.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.videos.retrieve(source.id)


def test_openais_client_sends_a_picture(shared: Shared, sdk: openai.OpenAI) -> None:
    picture = ("kite.png", io.BytesIO(picture_bytes(720, 1280)), "image/png")
    sdk.videos.create(prompt="With a picture", model=MODEL, size="720x1280", input_reference=picture)
    (call,) = [call for call in shared.fake.asked("POST") if call.fields["prompt"] == "With a picture"]
    assert call.files["input_reference"].data == picture_bytes(720, 1280)


def test_openais_client_has_the_local_engine_s_clips(sdk: openai.OpenAI) -> None:
    video = sdk.videos.create_and_poll(prompt="A kite", model="draft", extra_body=TINY)
    assert (video.status, video.model) == ("completed", "draft")
    assert sdk.videos.download_content(video.id).read()[4:8] == b"ftyp"


def test_openais_client_sees_the_models(sdk: openai.OpenAI) -> None:
    assert [model.id for model in sdk.models.list()] == [MODEL, "draft"]
    assert sdk.models.retrieve(MODEL).id == MODEL


def test_openais_client_does_not_repeat_what_no_repeating_cures(shared: Shared, sdk: openai.OpenAI) -> None:
    """It repeats 429 and 5xx twice by itself: a create whose outcome is unknown would be paid twice."""
    with pytest.raises(openai.InternalServerError) as caught:
        sdk.videos.create(prompt="Once only [500]", model=MODEL)
    assert (caught.value.code, shared.creates("Once only [500]")) == ("outcome_unknown", 1)
    for _ in range(2):
        sdk.videos.create(prompt="Under budget", model=MODEL, seconds="8")
    with pytest.raises(openai.APIStatusError) as over:
        sdk.videos.create(prompt="Over budget", model=MODEL, seconds="8")
    assert (over.value.status_code, over.value.code) == (402, "budget_exceeded")


# --- ours ---


def test_our_client_makes_a_clip_and_pays_what_the_proxy_says(ours: None) -> None:
    clip = soravid.generate("A kite", model=f"soravid/{MODEL}", seconds=4, size="1280x720").wait(20)
    assert (clip.cost, clip.model) == (Decimal(str(COST)), f"soravid/{MODEL}")
    assert clip.path.read_bytes()[4:8] == b"ftyp"


def test_our_client_knows_the_proxy_s_models_and_prices(ours: None) -> None:
    assert soravid.estimate("A kite", model=f"soravid/{MODEL}", seconds=8).usd == Decimal("0.8")
    with pytest.raises(InvalidRequest, match="4 or 8, not 5"):
        soravid.generate("A kite", model=f"soravid/{MODEL}", seconds=5)
    assert soravid.estimate("A kite", model="soravid/draft").usd == 0


def test_our_client_is_told_that_the_budget_is_gone(shared: Shared, ours: None) -> None:
    for _ in range(2):
        soravid.video_generation("A kite", model=f"soravid/{MODEL}", seconds=8)
    with pytest.raises(InsufficientCredits, match=r"budget of \$2.00 would be exceeded.*Ask whoever runs"):
        soravid.video_generation("A kite", model=f"soravid/{MODEL}", seconds=8)


def test_our_client_finds_a_create_whose_answer_is_lost_here(shared: Shared, ours: None) -> None:
    """What the provider did not answer is asked for again by its key, here and there: one clip, paid once."""
    clip = soravid.generate("Lost and found [lost]", model=f"soravid/{MODEL}", seconds=4).wait(20)
    assert clip.path.is_file()
    assert shared.creates("Lost and found [lost]") == 1


def test_our_client_remixes_cancels_and_deletes(ours: None) -> None:
    source = soravid.generate("A kite", model=f"soravid/{MODEL}", seconds=4).wait(20)
    assert soravid.generate("at night", operation="remix", video_id=source.job_id).wait(20).path.is_file()
    soravid.video_delete(source.video.id)
    with pytest.raises(NotFound):
        soravid.video_status(source.video.id)
    job = soravid.generate("Slow", model="soravid/draft", seconds=4, size="64x64")
    job.cancel()
    assert job.status in {"cancelled", "completed"}


def test_our_client_is_told_of_refusals(ours: None) -> None:
    with pytest.raises(Refused):
        soravid.generate("A kite [refuse]", model=f"soravid/{MODEL}").wait(20)
    with pytest.raises(Refused):
        soravid.generate("A kite [moderation]", model=f"soravid/{MODEL}").wait(20)


def test_our_client_sends_pictures_by_name(ours: None) -> None:
    picture = picture_bytes(64, 64)
    clip = soravid.generate(
        "A kite", model="soravid/draft", seconds=1, size="64x64", input_reference=picture
    ).wait(20)
    assert clip.size == "64x64"
