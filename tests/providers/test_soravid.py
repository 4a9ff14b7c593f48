"""A proxy of soravid's own: OpenAI's client beside ours, and what the proxy adds to the dialect."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

import soravid
from soravid import catalog, errors
from soravid.providers.base import Response
from soravid.providers.soravid import Soravid
from soravid.types import Video
from tests.core.helpers import jobs, kinds
from tests.fakes.server import serve
from tests.fakes.soravid import BUDGET, FACTS, MODEL, SoravidFake
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
    wanted,
)
from tests.providers.parity import differences

pytestmark = pytest.mark.filterwarnings(SHUT_DOWN)
NAME = f"soravid/{MODEL}"
JOB = {"id": "video_1", "object": "video", "status": "completed", "model": MODEL, "created_at": 1}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoravidFake]:
    monkeypatch.setenv("SORAVID_API_KEY", KEY)
    catalog._catalogue.cache_clear()
    yield SoravidFake(api_key=KEY, retry_after="7")
    catalog._catalogue.cache_clear()


@pytest.fixture
def url(fake: SoravidFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(fake) as address:
        monkeypatch.setenv("SORAVID_PROXY_URL", address)  # the /v1 that people leave out is added
        yield address


def provider(url: str = "https://host") -> Any:
    return adapter(Soravid, MODEL, f"{url}/v1")


def told(**job: Any) -> Video:
    """What a status answer is read as."""
    video: Video = answered(provider().retrieve("video_1"), JOB | job)
    return video


# --- OpenAI's client ---


def test_openais_client_makes_a_clip(fake: SoravidFake, url: str) -> None:
    with client(url) as sdk:
        video = sdk.videos.create_and_poll(prompt="a kite", model=MODEL, seconds="4", size="1280x720")
        assert (video.status, getattr(video, "cost", None)) == ("completed", "0.40")
        assert sdk.videos.download_content(video.id).read() == fake.bytes_of(video.id)


@pytest.mark.parametrize(
    ("prompt", "error", "code"),
    [
        ("[refuse]", openai.BadRequestError, "moderation_blocked"),
        ("[429]", openai.RateLimitError, "rate_limit_exceeded"),
    ],
)
def test_openais_client_is_told_of_errors(
    url: str, prompt: str, error: type[openai.APIStatusError], code: str
) -> None:
    with client(url) as sdk, pytest.raises(error) as caught:
        sdk.videos.create(prompt=prompt, model=MODEL)
    assert caught.value.code == code


def test_openais_client_needs_the_key(url: str) -> None:
    with client(url, "another") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.videos.list()


# --- the same requests ---


def test_a_create_is_the_client_s(fake: SoravidFake, url: str) -> None:
    own = {"seed": 7, "negative_prompt": "blur", "audio": False, "user": "me"}
    with client(url) as sdk:
        theirs, ours = both(
            fake,
            lambda: sdk.videos.create(
                prompt="a kite",
                model=MODEL,
                seconds="8",
                size="1280x720",
                input_reference=UPLOAD,
                extra_body=own,
                extra_headers={"Idempotency-Key": "one"},
            ),
            provider(url).create(
                wanted(
                    "a kite",
                    seconds="8",
                    size="1280x720",
                    input_reference=PICTURE,
                    seed=7,
                    negative_prompt="blur",
                    audio=False,
                    user="me",
                ),
                idempotency_key="two",
            ),
        )
    assert differences(theirs, ours) == {}


def test_a_remix_is_the_client_s(fake: SoravidFake, url: str) -> None:
    source = drive(provider(url).create(wanted())).id
    with client(url) as sdk:
        theirs, ours = both(
            fake,
            lambda: sdk.videos.remix(source, prompt="at night"),
            provider(url).create(wanted("at night", operation="remix", source_id=source)),
        )
    assert differences(theirs, ours) == {}


def test_status_list_content_and_delete_are_the_client_s(fake: SoravidFake, url: str) -> None:
    one, two = (drive(provider(url).create(wanted(prompt))).id for prompt in ("one", "two"))
    with client(url) as sdk:
        status = both(fake, lambda: sdk.videos.retrieve(one), provider(url).retrieve(one))
        page = both(
            fake, lambda: sdk.videos.list(limit=1, order="asc"), provider(url).list(limit=1, order="asc")
        )
        fake.jobs[one].finish()
        sdk.videos.download_content(one)
        content, source = fake.requests[-1], drive(provider(url).content(one, "video"))
        delete = both(fake, lambda: sdk.videos.delete(one), provider(url).delete(two))
    assert {**differences(*status), **differences(*page)} == {}
    assert (source.url, source.params) == (f"{url}{content.path}", content.query)
    assert list(differences(*delete)) == ["path"]  # of the two jobs


@pytest.mark.parametrize(("operation", "path"), [("edit", "edits"), ("extend", "extensions")])
def test_an_edit_and_an_extension_are_by_id(fake: SoravidFake, url: str, operation: Any, path: str) -> None:
    """OpenAI's client cannot send an id here: it takes a file only."""
    source = soravid.generate("a kite", model=NAME, seconds=4).wait()
    more = {"seconds": 4} if operation == "extend" else {}
    made = soravid.generate("in snow", operation=operation, video_id=source.job_id, **more).wait()  # type: ignore[arg-type]
    call = fake.asked("POST", path)[0]
    assert (call.fields["video"], made.model) == ({"id": source.video.id}, NAME)


# --- names, models, pictures ---


def test_a_model_is_named_as_the_proxy_names_it(fake: SoravidFake, url: str) -> None:
    clip = soravid.generate("a kite", model=NAME).wait()
    assert (clip.model, fake.asked("POST")[0].fields["model"]) == (NAME, MODEL)


def test_the_proxy_s_models_are_those_of_the_catalogue(url: str) -> None:
    rows = drive(provider(url).models())
    facts = {name: fact for name, fact in FACTS.items() if name != "upstream_state"}
    assert rows == [{**facts, "id": NAME}]  # a row without `soravid` says nothing
    (model,) = catalog.add(*rows)
    assert (model.price("8", "1280x720"), model.references) == (800_000_000, 6)


@pytest.mark.parametrize("body", [{"data": [{"id": "m"}, {"soravid": {}}, "m"]}, {"data": []}])
def test_a_server_that_says_nothing_of_its_models_has_none(body: Any) -> None:
    assert answered(provider().models(), body) == []


def test_a_model_cannot_be_given_another_name() -> None:
    row = {"id": "m", "soravid": {"id": "openai/sora-2", "like": "openai/sora-2", "title": "M"}}
    assert answered(provider().models(), {"data": [row]}) == [{"title": "M", "id": "soravid/m"}]


def test_a_wrong_duration_is_told_by_what_the_proxy_says(fake: SoravidFake, url: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"4 or 8, not 5"):
        soravid.generate("a kite", model=NAME, seconds=5)
    assert fake.asked("POST") == []


def test_an_estimate_is_the_proxy_s_price(url: str) -> None:
    assert soravid.estimate("a kite", model=NAME, seconds=8).usd == Decimal("0.8")


def test_every_picture_has_a_part_of_its_own(fake: SoravidFake, url: str) -> None:
    pictures: dict[str, Any] = {
        "input_reference": PICTURE,
        "last_frame": OTHER,
        "references": (OTHER, PICTURE),
    }
    assert files_of(first_request(provider().create(wanted(**pictures)))) == [
        ("input_reference", "kite.png"),
        ("last_frame", "tail.png"),
        ("references", "tail.png"),
        ("references", "kite.png"),
    ]


def test_an_address_is_needed(fake: SoravidFake) -> None:
    with pytest.raises(errors.InvalidRequest, match="SORAVID_PROXY_URL"):
        soravid.generate("a kite", model=NAME)


# --- money ---


def test_what_the_proxy_says_it_cost_is_what_it_cost(
    url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FACTS, "prices", {"720p": "0.25"})  # a price that is not what it charges
    assert soravid.generate("a kite", model=NAME, seconds=4).wait().cost == Decimal("0.4")
    assert jobs(home)[0]["held"] == 1_000_000_000


@pytest.mark.parametrize(
    ("said", "bill"),
    [
        ({"cost": "0.40"}, 400_000_000),
        ({"cost": 0.1}, 100_000_000),
        ({"cost_nano_usd": 7, "cost": "0.40"}, 7),
        ({"cost_nano_usd": 0}, 0),
        ({"cost": None}, None),
        ({"cost": "a lot"}, None),
        ({}, None),
        ({"status": "failed", "cost": "0"}, 0),
        ({"status": "in_progress", "cost": "0.40"}, None),  # an estimate
    ],
)
def test_a_cost_is_read_where_it_is_one(said: dict[str, Any], bill: int | None) -> None:
    video = told(**said)
    assert video._bill == bill
    assert "cost" not in video.model_dump_json()


@pytest.mark.parametrize("status", [402, 429])
def test_a_key_without_budget_is_told_with_its_budget(
    fake: SoravidFake, url: str, home: Path, status: int
) -> None:
    fake.over_budget = status
    with pytest.raises(errors.InsufficientCredits, match=r"whoever runs the proxy") as caught:
        soravid.generate("a kite", model=NAME).wait()
    assert (caught.value.message, caught.value.provider_code) == (BUDGET, "budget_exceeded")
    assert (kinds(home), len(fake.asked("POST"))) == (["hold", "void"], 1)


# --- creates that are lost ---


def test_a_lost_create_is_asked_for_again_by_its_key(fake: SoravidFake, url: str) -> None:
    assert soravid.generate("a kite [lost]", model=NAME).wait()
    (create,), (replay,) = fake.asked("POST"), fake.replays
    key = create.headers["idempotency-key"]
    assert (replay.headers["idempotency-key"], replay.fields, fake.creates) == (key, create.fields, 1)


def test_a_refusal_keeps_the_provider_s_own_code(url: str) -> None:
    with pytest.raises(errors.Refused) as caught:
        soravid.generate("[moderation]", model=NAME).wait()
    assert (caught.value.code, caught.value.provider_code) == ("moderation_blocked", "SAFETY.OUTPUT")


def test_the_proxy_s_pace_is_kept() -> None:
    flow = provider().retrieve("video_1")
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Response(200, {"openai-poll-after-ms": "2500"}, b'{"id":"video_1"}'))
    assert end.value.value._poll_after == 2.5
