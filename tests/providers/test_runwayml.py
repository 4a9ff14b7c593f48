"""Runway's wire: its official client beside ours, the fields of every model, and its traps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import runwayml
from runwayml import RunwayML as Client
from runwayml.lib import polling

import soravid
from soravid import catalog, errors, planning
from soravid.deployments import Deployment
from soravid.providers.base import Flow, Request, Response
from soravid.providers.runwayml import RunwayML
from soravid.types import Operation, Reference, Video, VideoRequest
from tests.core.helpers import kinds, picture_bytes
from tests.fakes.recorder import Recorded
from tests.fakes.runwayml import RunwayMLFake
from tests.fakes.runwayml_bodies import PARAMS, credits_of, issues_of, variants
from tests.fakes.server import serve
from tests.providers.cases import KEY
from tests.providers.parity import differences

MODEL = "runwayml/gen4.5"
ID = "5a3e7c1e-0c2f-4f5e-9a4e-0d8f3c1b2a90"
PICTURE = Reference(picture_bytes(64, 36), "image/png", "kite.png")
VERSION = ("x-runway-version", "content-type")
TASK = {"id": ID, "createdAt": "2026-11-22T07:00:00.000Z"}


@pytest.fixture
def fake() -> RunwayMLFake:
    return RunwayMLFake(api_key=KEY, retry_after="7")


@pytest.fixture
def url(fake: RunwayMLFake, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serve(fake) as address:
        monkeypatch.setenv("RUNWAYML_API_SECRET", KEY)
        monkeypatch.setenv("RUNWAYML_BASE_URL", address)  # the official client's variable
        yield address


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(polling, "POLL_TIME", 0.01)
    monkeypatch.setattr(polling, "POLL_JITTER", 0.0)
    with Client(api_key=KEY, base_url=url, max_retries=0) as made:
        yield made


def provider(model: str = "gen4.5") -> RunwayML:
    values: dict[str, Any] = {"api_base": "https://api.dev.runwayml.com", "own_host": True, "api_key": KEY}
    return RunwayML(Deployment(provider="runwayml", model=model, **values))


def answered(flow: Flow[Any], body: Any, status: int = 200) -> Any:
    """What a flow makes of one answer."""
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Response(status, {}, json.dumps(body).encode()))
    return end.value.value


def told(**task: Any) -> Video:
    """What a task is read as."""
    video: Video = answered(provider().retrieve(ID), TASK | task)
    return video


def wrong(status: int, body: Any) -> errors.ProviderError:
    """What an error answer is raised as."""
    flow = provider().retrieve(ID)
    next(flow)
    with pytest.raises(errors.ProviderError) as caught:
        flow.send(Response(status, {}, json.dumps(body).encode()))
    return caught.value


def sent(model: str, operation: Operation = "create", **wanted: Any) -> Request:
    """The billable request for what is wanted."""
    source = ID if operation != "create" else None
    name = f"runwayml/{model}"
    request = VideoRequest(model=name, prompt="a kite", operation=operation, source_id=source, **wanted)
    flow = provider(model).create(request)
    asked = next(flow)
    if source:
        output = TASK | {"status": "SUCCEEDED", "output": ["https://cdn.example/a.mp4?_jwt=x"]}
        asked = flow.send(Response(200, {}, json.dumps(output).encode()))
    flow.close()
    assert asked.billable
    return asked


def path_of(request: Request) -> str:
    return request.url.rpartition("/")[2]


# --- the official client ---


def test_the_official_client_makes_a_clip_and_fetches_it(fake: RunwayMLFake, client: Client) -> None:
    made = client.text_to_video.create(model="gen4.5", prompt_text="a kite", ratio="1280:720", duration=4)
    task = made.wait_for_task_output()
    assert task.status == "SUCCEEDED"
    assert task.cost.credits == 48
    clip = httpx.get(task.output[0])
    assert clip.content == fake.bytes_of(task.id)
    client.tasks.delete(task.id)
    with pytest.raises(runwayml.NotFoundError, match="Could not find Task"):
        client.tasks.retrieve(task.id)
    assert httpx.get(task.output[0]).status_code == 404


def test_the_official_client_sees_a_task_wait_run_and_end(fake: RunwayMLFake, client: Client) -> None:
    fake.concurrent = 1
    first, second = (
        client.text_to_video.create(model="gen4.5", prompt_text=text, ratio="1280:720", duration=4).id
        for text in ("a kite", "a boat")
    )
    seen = [client.tasks.retrieve(name) for name in (first, second, first)]
    assert [task.status for task in seen] == ["PENDING", "THROTTLED", "RUNNING"]
    assert seen[2].status == "RUNNING"
    assert 0 < seen[2].progress < 1
    assert client.tasks.retrieve(first).status == "SUCCEEDED"
    assert client.tasks.retrieve(second).status == "PENDING"


@pytest.mark.parametrize(
    ("prompt", "code", "charged"),
    [
        ("[refuse]", "SAFETY.INPUT.TEXT", 0),
        ("[moderation]", "SAFETY.OUTPUT.VIDEO", 48),
        ("[error]", "INTERNAL.BAD_OUTPUT.CODE01", 0),
    ],
)
def test_the_official_client_raises_a_failed_task(
    client: Client, prompt: str, code: str, charged: int
) -> None:
    made = client.text_to_video.create(model="gen4.5", prompt_text=prompt, ratio="1280:720", duration=4)
    with pytest.raises(runwayml.TaskFailedError) as caught:
        made.wait_for_task_output()
    task = caught.value.task_details
    assert task.status == "FAILED"
    assert (task.failure_code, task.cost.credits) == (code, charged)


def test_the_official_client_raises_what_is_refused_at_once(client: Client, url: str) -> None:
    def make(client: Client = client, prompt: str = "a kite", duration: int = 4) -> Any:
        return client.text_to_video.create(
            model="gen4.5", prompt_text=prompt, ratio="1280:720", duration=duration
        )

    with pytest.raises(runwayml.RateLimitError, match="daily task limit"):
        make(prompt="[429]")
    with pytest.raises(runwayml.InternalServerError):
        make(prompt="[500]")
    with pytest.raises(runwayml.BadRequestError, match="Validation of body failed"):
        make(duration=11)
    with (
        Client(api_key="another", base_url=url, max_retries=0) as stranger,
        pytest.raises(runwayml.AuthenticationError),
    ):
        make(client=stranger)
    with (
        Client(api_key=KEY, base_url=url, max_retries=0, runway_version="2023-01-01") as outdated,
        pytest.raises(runwayml.BadRequestError, match="X-Runway-Version"),
    ):
        make(client=outdated)


# --- the same on the wire ---


def both(fake: RunwayMLFake, method: str = "POST") -> tuple[Recorded, Recorded]:
    theirs, ours = fake.asked(method)[-2:]
    return theirs, ours


def test_text_to_video_is_asked_for_as_the_official_client_asks(fake: RunwayMLFake, client: Client) -> None:
    client.text_to_video.create(
        model="veo3.1",
        prompt_text="a kite",
        ratio="1920:1080",
        duration=6,
        audio=False,
        seed=7,
        negative_prompt="rain",
    )
    soravid.generate(
        "a kite",
        model="runwayml/veo3.1",
        size="1920x1080",
        seconds=6,
        audio=False,
        seed=7,
        negative_prompt="rain",
    ).wait()
    assert differences(*both(fake), headers=VERSION) == {}


def test_image_to_video_is_asked_for_as_the_official_client_asks(fake: RunwayMLFake, client: Client) -> None:
    places: tuple[Literal["first", "last"], ...] = ("first", "last")
    client.image_to_video.create(
        model="seedance2",
        prompt_text="a kite",
        prompt_image=[{"uri": PICTURE.data_url, "position": place} for place in places],
        ratio="834:1112",
        duration=4,
        reference_audio=[{"type": "audio", "uri": "https://example.com/a.mp3"}],
    )
    soravid.generate(
        "a kite",
        model="runwayml/seedance2",
        size="834x1112",
        seconds=4,
        input_reference=PICTURE.data,
        last_frame=PICTURE.data,
        extra_body={"referenceAudio": [{"type": "audio", "uri": "https://example.com/a.mp3"}]},
    ).wait()
    assert differences(*both(fake), headers=VERSION) == {}


def test_a_first_frame_is_told_with_its_place(fake: RunwayMLFake, client: Client) -> None:
    """Bare, as people mostly give it to the official client, some models may take it as a reference."""
    client.image_to_video.create(
        model="gen4_turbo", prompt_text="a kite", prompt_image=PICTURE.data_url, ratio="1584:672", duration=4
    )
    soravid.generate(
        "a kite", model="runwayml/gen4_turbo", size="1584x672", seconds=4, input_reference=PICTURE.data
    ).wait()
    picture = json.dumps(PICTURE.data_url)
    assert differences(*both(fake), headers=VERSION) == {
        "field.promptImage": (picture, None),
        "field.promptImage.0.uri": (None, picture),
        "field.promptImage.0.position": (None, '"first"'),
    }


def test_references_are_asked_for_as_the_official_client_asks(fake: RunwayMLFake, client: Client) -> None:
    client.text_to_video.create(
        model="hailuo3",
        prompt_text="a kite",
        ratio="9:16",
        resolution="2k",
        duration=5,
        references=[{"uri": PICTURE.data_url}] * 2,
    )
    soravid.generate(
        "a kite",
        model="runwayml/hailuo3",
        aspect_ratio="9:16",
        resolution="2k",
        references=[PICTURE.data, PICTURE.data],
    ).wait()
    assert differences(*both(fake), headers=VERSION) == {}


def test_an_edit_is_asked_for_as_the_official_client_asks(fake: RunwayMLFake, client: Client) -> None:
    source = soravid.generate("a kite", model=MODEL, seconds=4).wait()
    task = client.tasks.retrieve(next(iter(fake.jobs)))
    assert task.status == "SUCCEEDED"
    client.video_to_video.create(
        model="aleph2",
        prompt_text="in snow",
        video_uri=task.output[0],
        seed=7,
        target_aspect_ratio="9:16",
        content_moderation={"public_figure_threshold": "low"},
    )
    soravid.generate(
        "in snow",
        model="runwayml/aleph2",
        operation="edit",
        video_id=source.job_id,
        size="720x1280",
        seed=7,
        extra_body={"contentModeration": {"publicFigureThreshold": "low"}},
    ).wait()
    found = differences(*both(fake), headers=VERSION)
    signed = found.pop("field.videoUri")  # each look at a task gives a link with a new signature
    assert [uri.partition("?")[0] for uri in signed] == [f'"{task.output[0].partition("?")[0]}'] * 2
    assert found == {}


def test_a_task_is_asked_for_and_deleted_as_by_the_official_client(
    fake: RunwayMLFake, client: Client
) -> None:
    first, second = (soravid.generate(text, model=MODEL).wait() for text in ("a kite", "a boat"))
    name, other = fake.jobs
    client.tasks.retrieve(name)
    soravid.video_status(first.job_id)
    assert differences(*both(fake, "GET"), headers=VERSION) == {}
    client.tasks.delete(name)
    soravid.Client().videos.delete(second.job_id)
    found = differences(*both(fake, "DELETE"), headers=VERSION)
    assert found == {
        "path": (f"/v1/tasks/{name}", f"/v1/tasks/{other}"),  # one cannot be deleted twice
        "header.content-type": (
            "application/json",
            None,
        ),  # theirs names the type of a body that is not there
    }
    assert fake.jobs == {}


# --- the fields of every model ---


def pixels_of(path: str, model: str) -> list[str]:
    """The sizes that a model's own type names; none where it names none, or shapes."""
    found = issues_of(path, {"model": model, "ratio": "none"})
    allowed = next((issue["message"] for issue in found if issue["path"] == ["ratio"]), "")
    words = [word.strip('"') for word in allowed.rpartition(" ")[2].split("|")]
    return [word.replace(":", "x") for word in words if len(word) > 5 and word[0].isdigit()]


@pytest.mark.parametrize(
    ("path", "model"), [(path, model) for path in PARAMS for model in variants(path)], ids=str
)
def test_every_model_of_runway_is_asked_for_in_its_own_fields(path: str, model: str) -> None:
    size = next(iter(pixels_of(path, model)), None)
    if path == "video_to_video" and model == "seedance2_5":
        size = None  # only `mode: reference` takes a ratio; an edit is as large as its source
    picture = PICTURE if path == "image_to_video" else None
    operation: Operation = "edit" if path == "video_to_video" else "create"
    request = sent(model, operation, size=size, input_reference=picture)
    assert path_of(request) == path
    assert issues_of(path, request.json) == []


CATALOGUED = [model for model in catalog.models() if model.provider == "runwayml"]


@pytest.mark.parametrize("model", CATALOGUED, ids=lambda model: model.id)
def test_what_the_catalogue_says_of_a_model_is_what_its_wire_takes_and_costs(model: catalog.Model) -> None:
    name, can = model.id.partition("/")[2], model.abilities
    ways: list[tuple[str, dict[str, Any]]] = [
        ("text", {}),
        ("image", {"input_reference": PICTURE}),
        ("last_frame", {"input_reference": PICTURE, "last_frame": PICTURE}),
        ("references", {"references": (PICTURE,) * model.references}),
        ("edit", {"operation": "edit"}),
    ]
    more: dict[str, Any] = {
        "seed": {"seed": 2**32 - 1},
        "negative_prompt": {"negative_prompt": "rain"},
        "audio": {"audio": True},
    }
    given = {name: value for ability in more if ability in can for name, value in more[ability].items()}
    sizes = model.sizes if isinstance(model.sizes, tuple) else ("1280x720",)
    seconds = model.seconds if isinstance(model.seconds, tuple) else (None,)
    tried = 0
    for way, wanted in ways:
        for size in sizes if way in can else ():
            if name == "gen4.5" and way == "text" and size not in {"1280x720", "720x1280"}:
                continue  # the catalogue's note says so
            for length in seconds:
                request = sent(name, size=size, seconds=length, **given, **wanted)
                path = path_of(request)
                assert issues_of(path, request.json) == []
                tried += 1
                pictures = len(wanted) if way != "references" else model.references
                for audio in (True, False) if "audio_off" in can else (None,):
                    body = request.json | ({} if audio is None else {"audio": audio})
                    price = model.price(length or "5", size, audio=audio, pictures=pictures * (way != "edit"))
                    assert price == credits_of(path, body, 5) * 10_000_000
    assert tried


@pytest.mark.parametrize("model", CATALOGUED, ids=lambda model: model.id)
def test_the_catalogue_leaves_out_nothing_that_a_model_takes(model: catalog.Model) -> None:
    name = model.id.partition("/")[2]
    sizes = {size for path in PARAMS if name in variants(path) for size in pixels_of(path, name)}
    if sizes:
        assert sizes == set(model.sizes)


def test_what_is_not_said_is_said_for_it() -> None:
    """A default of Runway's may change, and with it the price."""
    assert sent("gen4.5").json == {
        "model": "gen4.5",
        "promptText": "a kite",
        "ratio": "1280:720",
        "duration": 5,
    }
    assert sent("veo3.1").json["duration"] == 8
    hailuo = sent("hailuo3").json
    assert (hailuo["ratio"], hailuo["resolution"], hailuo["duration"]) == ("16:9", "768p", 5)


def test_a_clip_is_named_to_each_model_in_its_own_way() -> None:
    link = "https://cdn.example/a.mp4?_jwt=x"
    assert sent("aleph2", "edit").json == {"model": "aleph2", "promptText": "a kite", "videoUri": link}
    assert sent("hailuo3", "edit").json == {"model": "hailuo3", "promptText": "a kite", "promptVideo": link}
    edit, extension = sent("seedance2_5", "edit").json, sent("seedance2_5", "extend", seconds="6").json
    assert (edit["mode"], edit["duration"], edit["promptVideo"]) == ("edit", "auto", link)
    assert (extension["mode"], extension["duration"]) == ("extend", 6)
    assert issues_of("video_to_video", edit) == issues_of("video_to_video", extension) == []


def test_the_size_of_a_frame_decides_where_no_shape_can_be_asked_for() -> None:
    assert sent("grok_imagine_1_5", size="1080x1920").json["ratio"] == "9:16"
    pictured = sent("grok_imagine_1_5", size="1080x1920", input_reference=PICTURE).json
    assert pictured["resolution"] == "1080p"
    assert "ratio" not in pictured
    assert sent("wan3", size="1920x1080", input_reference=PICTURE).json["ratio"] == "auto_1080p"


def test_sound_that_is_always_there_is_not_asked_for() -> None:
    assert "audio" not in sent("gemini_omni_flash", audio=True).json
    assert sent("veo3.1", audio=True).json["audio"] is True


@pytest.mark.parametrize(
    ("model", "operation", "wanted", "param"),
    [
        ("aleph2", "edit", {"seconds": "5"}, "seconds"),
        ("seedance2_5", "edit", {"size": "1280x720"}, "size"),
        ("kling2.5_turbo_pro", "create", {"size": "1280x720", "input_reference": PICTURE}, "size"),
        ("seedance2", "create", {"input_reference": PICTURE, "references": (PICTURE,)}, "references"),
        (
            "gen4.5",
            "create",
            {"input_reference": Reference(bytes(4_000_000), "image/png", "x")},
            "input_reference",
        ),
    ],
)
def test_what_a_model_has_no_field_for_is_told_before_anything_is_sent(
    model: str, operation: Operation, wanted: dict[str, Any], param: str
) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        sent(model, operation, **wanted)
    assert caught.value.param == param


@pytest.mark.parametrize(("model", "operation"), [("seedance2_5", "remix"), ("aleph2", "extend")])
def test_what_no_model_or_this_one_cannot_do_is_told(model: str, operation: Operation) -> None:
    with pytest.raises(errors.UnsupportedOperation, match=f"cannot {operation} a video with {model}"):
        sent(model, operation, seconds="5")


# --- traps ---


def test_a_throttled_task_waits() -> None:
    assert told(status="THROTTLED", estimatedCost={"credits": 60}).status == "queued"
    assert told(status="PENDING").status == "queued"


def test_progress_is_told_in_percent() -> None:
    video = told(status="RUNNING", progress=0.426, estimatedCost={"credits": 60})
    assert (video.status, video.progress, video._bill) == ("in_progress", 43, None)


def test_what_was_charged_is_read_from_the_credits() -> None:
    done = told(status="SUCCEEDED", output=["https://x/a.mp4"], cost={"credits": 61})
    assert (done.status, done._bill) == ("completed", 610_000_000)
    assert told(status="CANCELLED", cost={"credits": 36})._bill == 360_000_000
    assert told(status="FAILED", failure="It broke.", failureCode="INTERNAL", cost={"credits": 0})._bill == 0


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("SAFETY.INPUT.TEXT", "SAFETY.INPUT"),  # of a task without a text, perhaps
        ("SAFETY.OUTPUT.VIDEO", "SAFETY.OUTPUT"),
        ("INPUT_PREPROCESSING.SAFETY.THIRD_PARTY", "INPUT_PREPROCESSING.SAFETY"),
    ],
)
def test_a_refusal_names_no_input_that_is_only_guessed(code: str, shown: str) -> None:
    video = told(status="FAILED", failure="Not accepted.", failureCode=code, cost={"credits": 60})
    assert video.error is not None
    assert (video.error.code, video.error.provider_code) == ("moderation_blocked", shown)
    assert (video.error.message, video._bill) == ("Not accepted.", 600_000_000)


@pytest.mark.parametrize(
    "code", ["INTERNAL.BAD_OUTPUT.CODE01", "ASSET.INVALID", "INPUT_PREPROCESSING.INTERNAL", "INTERNAL", None]
)
def test_another_failure_keeps_its_code(code: str | None) -> None:
    video = told(status="FAILED", failure="It broke.", failureCode=code, cost={"credits": 0})
    assert video.error is not None
    assert (video.status, video.error.code, video.error.message) == ("failed", code, "It broke.")


def test_a_refused_prompt_is_a_failed_task_that_was_made(fake: RunwayMLFake, url: str, home: Path) -> None:
    with pytest.raises(errors.Refused) as caught:
        soravid.generate("[refuse]", model=MODEL).wait()
    assert caught.value.provider_code == "SAFETY.INPUT"
    assert kinds(home) == ["hold", "void"]
    assert len(fake.asked("POST")) == len(fake.jobs) == 1


def test_a_refused_clip_costs_what_the_task_says(url: str, home: Path) -> None:
    with pytest.raises(errors.Refused):
        soravid.generate("[moderation]", model=MODEL, seconds=4).wait()
    assert kinds(home) == ["hold", "spend"]
    assert planning.current().journal.recent()[0].cost == 480_000_000


def test_an_error_names_the_field_that_is_wrong() -> None:
    error = wrong(
        400, {"error": "Validation of body failed", "issues": issues_of("text_to_video", {"model": "x"})}
    )
    assert type(error) is errors.BadRequest
    assert (error.param, error.provider_code) == ("model", "invalid_union")
    assert error.message == "Validation of body failed; model Invalid input"
    both = wrong(
        400,
        {
            "error": "Validation of body failed",
            "issues": issues_of("video_to_video", {"model": "aleph2", "fps": 1}),
        },
    )
    assert (both.param, both.provider_code) == ("videoUri", "invalid_type")
    assert 'Unrecognized key: "fps"' in both.message


@pytest.mark.parametrize("issues", [None, [], "ratio", [{}], ["ratio"], {"path": ["ratio"]}])
def test_an_error_without_such_a_list_is_told_all_the_same(issues: Any) -> None:
    error = wrong(400, {"error": "Validation of body failed", "issues": issues})
    assert error.message.startswith("Validation of body failed")


def test_a_field_that_the_model_does_not_know_is_refused_and_costs_nothing(url: str, home: Path) -> None:
    with pytest.raises(errors.BadRequest, match='Unrecognized key: "fps"') as caught:
        soravid.generate("a kite", model=MODEL, extra_body={"fps": 60}).wait()
    assert caught.value.provider_code == "unrecognized_keys"
    assert kinds(home) == ["hold", "void"]


def test_an_empty_account_is_told_as_one(fake: RunwayMLFake, url: str) -> None:
    fake.poor = True
    with pytest.raises(errors.InsufficientCredits) as caught:
        soravid.generate("a kite", model=MODEL).wait()
    assert caught.value.status_code == 400


@pytest.mark.parametrize("path", ["", "/v1"])
def test_the_address_may_be_given_with_and_without_its_version(url: str, path: str) -> None:
    made = soravid.generate("a kite", model=MODEL, api_base=f"{url}{path}", api_key=KEY).wait()
    assert made.path.exists()


def test_another_version_of_the_api_may_be_asked_for(fake: RunwayMLFake, url: str) -> None:
    fake.versions = ("2027-01-01",)
    with pytest.raises(errors.BadRequest, match="X-Runway-Version"):
        soravid.generate("a kite", model=MODEL).wait()
    assert soravid.generate("a kite", model=MODEL, api_version="2027-01-01").wait().path.exists()


def test_a_model_that_is_not_in_the_catalogue_works_at_an_address_of_ones_own(url: str) -> None:
    clip = soravid.generate("a kite", model="runwayml/wan3", api_base=url, api_key=KEY).wait()
    assert clip.cost == Decimal("0.50")  # the task says it
    with pytest.raises(errors.UnknownModel):
        soravid.estimate(
            "a kite", model="runwayml/wan3", api_base="https://api.dev.runwayml.com", api_key=KEY
        )


def test_an_edit_is_of_the_sources_present_link(fake: RunwayMLFake, url: str) -> None:
    source = soravid.generate("a kite", model=MODEL, seconds=4).wait()
    job = next(iter(fake.jobs.values()))
    job.dead_links = job.links  # a day later
    made = soravid.generate(
        "in snow", model="runwayml/aleph2", operation="edit", video_id=source.job_id
    ).wait()
    assert made.cost == Decimal("1.12")
    assert fake.creates == 2


def test_an_edit_of_what_has_no_clip_is_not_paid_for(fake: RunwayMLFake, url: str, home: Path) -> None:
    source = soravid.generate("a kite", model=MODEL, seconds=4).wait()
    fake.jobs.clear()
    with pytest.raises(errors.NotFound):
        soravid.generate("in snow", model="runwayml/aleph2", operation="edit", video_id=source.job_id).wait()
    assert (fake.creates, kinds(home)[-1]) == (1, "void")


def test_a_deleted_clip_is_not_found(fake: RunwayMLFake, url: str) -> None:
    clip = soravid.generate("a kite", model=MODEL).wait()
    videos = soravid.Client().videos
    videos.delete(clip.job_id)
    with pytest.raises(errors.NotFound, match="Could not find Task"):
        videos.retrieve(clip.job_id)
    with pytest.raises(errors.NotFound):
        videos.delete(clip.job_id)


def test_a_second_try_of_a_delete_finds_it_done() -> None:
    for end in (provider().delete, provider().cancel):
        flow = end(ID)
        assert next(flow).method == "DELETE"
        with pytest.raises(StopIteration):
            flow.send(Response(404, {}, b'{"error":"Could not find Task"}', attempt=2))


def test_a_live_task_is_stopped_by_the_same_delete(fake: RunwayMLFake, url: str) -> None:
    fake.polls_to_finish = 10**6
    job = soravid.generate("a kite", model=MODEL)
    job.cancel()
    assert job.status == "cancelled"
    assert len(fake.asked("DELETE")) == 1
    assert fake.jobs == {}


def test_what_is_not_finished_has_no_clip() -> None:
    for status in ("RUNNING", "FAILED"):
        flow = provider().content(ID, "video")
        next(flow)
        with pytest.raises(errors.NotFound):
            flow.send(Response(200, {}, json.dumps(TASK | {"status": status}).encode()))


def test_there_is_no_list(url: str) -> None:
    with pytest.raises(errors.UnsupportedOperation, match="cannot list"):
        soravid.Client().videos.list(model=MODEL)
