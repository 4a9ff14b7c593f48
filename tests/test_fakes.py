"""The fake of OpenAI and Azure satisfies the official client, and goes wrong in the ways it promises."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Iterator

import av
import httpx2
import openai
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI
from PIL import Image

from tests.fakes import clips
from tests.fakes.cdn import CDNFake
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

# The client marks each of its video methods so since OpenAI announced the end of Sora.
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")

KEY = "sk-test"


@pytest.fixture
def fake() -> OpenAIFake:
    return OpenAIFake(retry_after="0.01")


@pytest.fixture
def url(fake: OpenAIFake) -> Iterator[str]:
    with serve(fake) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def http(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{url}/v1", headers={"authorization": f"Bearer {KEY}"}) as client:
        yield client


def finished(client: OpenAI, prompt: str = "a kite") -> str:
    return client.videos.create_and_poll(prompt=prompt, poll_interval_ms=1).id


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


# --- the official client ---


def test_a_video_is_made_watched_and_downloaded(fake: OpenAIFake, client: OpenAI) -> None:
    made = client.videos.create(prompt="a kite", model="sora-2", seconds="8", size="1280x720")
    assert (made.status, made.progress, made.seconds, made.size) == ("queued", 0, "8", "1280x720")
    seen = [client.videos.retrieve(made.id) for _ in range(3)]
    assert [(video.status, video.progress) for video in seen] == [
        ("in_progress", 33),
        ("in_progress", 66),
        ("completed", 100),
    ]
    assert seen[-1].expires_at == (seen[-1].completed_at or 0) + 3600
    assert not seen[-1].model_extra  # nothing that OpenAI does not send, such as usage
    content = client.videos.download_content(made.id)
    assert content.response.headers["content-type"] == "video/mp4"
    assert content.read() == fake.bytes_of(made.id)
    with av.open(io.BytesIO(content.content), "r") as clip:
        assert clip.streams.video[0].codec.name == "h264"
        assert sum(1 for _ in clip.decode(video=0)) == 12


def test_the_polling_helper_obeys_the_interval_of_the_server(fake: OpenAIFake, client: OpenAI) -> None:
    fake.poll_after_ms = 1
    assert client.videos.create_and_poll(prompt="a kite").status == "completed"
    assert len(fake.asked("GET")) == 3


def test_the_async_client_gets_the_same(fake: OpenAIFake, url: str) -> None:
    async def main() -> bytes:
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
            video = await client.videos.create_and_poll(prompt="a kite", poll_interval_ms=1)
            assert [each.id async for each in client.videos.list()] == [video.id]
            return (await client.videos.download_content(video.id)).content

    assert asyncio.run(main()) == fake.bytes_of(next(iter(fake.videos)))


def test_a_list_is_read_page_by_page_newest_first(fake: OpenAIFake, client: OpenAI) -> None:
    ids = [client.videos.create(prompt=f"take {number}").id for number in range(5)]
    assert [video.id for video in client.videos.list(limit=2)] == ids[::-1]
    assert [call.query.get("after") for call in fake.asked("GET")] == [None, ids[3], ids[1]]
    assert [video.id for video in client.videos.list(order="asc")] == ids
    with pytest.raises(openai.BadRequestError, match="limit"):
        client.videos.list(limit=101)


def test_only_a_finished_video_can_be_deleted(fake: OpenAIFake, client: OpenAI) -> None:
    made = client.videos.create(prompt="a kite")
    with pytest.raises(openai.BadRequestError, match="completed or failed"):
        client.videos.delete(made.id)
    fake.finish(made.id)
    assert client.videos.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError, match=made.id):
        client.videos.retrieve(made.id)


def test_a_finished_video_can_be_remixed_edited_and_extended(fake: OpenAIFake, client: OpenAI) -> None:
    source = finished(client)
    remix = client.videos.remix(source, prompt="at night")
    assert (remix.remixed_from_video_id, remix.seconds, remix.prompt) == (source, "4", "at night")
    clip = ("clip.mp4", clips.small_clip(), "video/mp4")
    assert client.videos.edit(prompt="in snow", video=clip).seconds == "1"
    assert client.videos.extend(prompt="it lands", seconds="8", video=clip).seconds == "9"
    assert fake.requests[-1].files["video"].data == clips.small_clip()
    assert fake.creates == 4


def test_an_edit_or_extension_may_name_its_source(
    fake: OpenAIFake, client: OpenAI, http: httpx2.Client
) -> None:
    last = finished(client)
    edit = http.post("/videos/edits", json={"prompt": "in snow", "video": {"id": last}}).json()
    assert edit["seconds"] == "4"
    for total in ("24", "44", "64", "84", "104"):
        body = {"prompt": "on", "seconds": "20", "video": {"id": last}}
        made = http.post("/videos/extensions", json=body).json()
        assert made["seconds"] == total
        last = made["id"]
        fake.finish(last)
    assert http.post("/videos/extensions", json=body | {"video": {"id": last}}).status_code == 400  # 124 s


@pytest.mark.parametrize("version", ["2025-03-01-preview", "preview"])
def test_azures_own_client_finds_its_path(fake: OpenAIFake, url: str, version: str) -> None:
    with AzureOpenAI(azure_endpoint=url, api_key=KEY, api_version=version, max_retries=0) as client:
        video = client.videos.create_and_poll(prompt="a kite", model="my-deployment", poll_interval_ms=1)
        assert client.videos.download_content(video.id).content == fake.bytes_of(video.id)
    assert video.expires_at == video.created_at + 86_400
    first = fake.requests[0]
    assert (first.path, first.headers["api-key"]) == ("/openai/videos", KEY)
    assert all(call.query == {"api-version": version} for call in fake.requests)


@pytest.mark.parametrize("credential", [KEY, "entra-test"])
def test_the_plain_client_works_on_azures_v1_path(fake: OpenAIFake, url: str, credential: str) -> None:
    with OpenAI(base_url=f"{url}/openai/v1/", api_key=credential, max_retries=0) as client:
        finished(client)
    assert fake.requests[0].path == "/openai/v1/videos"


def test_azure_refuses_a_path_hidden_in_the_version(url: str) -> None:
    answer = httpx2.get(
        f"{url}/openai/v1/videos?api-version=2024-02-15-preview/video_1", headers={"api-key": KEY}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


# --- what is refused, and as which exception ---


def test_a_wrong_key_and_a_missing_one_are_refused(fake: OpenAIFake, url: str) -> None:
    with (
        OpenAI(base_url=f"{url}/v1", api_key="sk-other", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.videos.create(prompt="a kite")
    assert caught.value.code == "invalid_api_key"
    for path in ("/v1/videos", "/openai/videos"):
        assert httpx2.post(url + path, json={"prompt": "a kite"}).status_code == 401
    assert fake.creates == 0


@pytest.mark.parametrize(
    ("values", "param", "words"),
    [
        ({"seconds": "5"}, "seconds", "Invalid value: '5'. Supported values are: '4', '8', and '12'."),
        ({"seconds": 8}, "seconds", "but got an integer instead"),
        ({"size": "1x1"}, "size", "Supported values are: '720x1280' and '1280x720'."),
        ({"prompt": ""}, "prompt", "empty string"),
        ({"prompt": "x" * 32_001}, "prompt", "string too long"),
        ({"prompt": None}, "prompt", "Missing required parameter: 'prompt'."),
        ({"seed": 7}, "seed", "Unknown parameter: 'seed'."),
        ({"input_reference": {"image_url": "a", "file_id": "b"}}, "input_reference", "exactly one"),
    ],
)
def test_a_bad_argument_is_named(
    http: httpx2.Client, values: dict[str, object], param: str, words: str
) -> None:
    answer = http.post("/videos", json={"prompt": "a kite"} | values)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["type"]) == (400, param, "invalid_request_error")
    assert words in error["message"]


def test_a_reference_picture_must_have_the_size_of_the_video(fake: OpenAIFake, client: OpenAI) -> None:
    fits = ("a.png", png(1280, 720), "image/png")
    client.videos.create(prompt="a kite", size="1280x720", input_reference=fits)
    assert fake.requests[-1].files["input_reference"].filename == "a.png"
    with pytest.raises(openai.BadRequestError, match="Inpaint image must match"):
        client.videos.create(prompt="a kite", size="720x1280", input_reference=fits)
    with pytest.raises(openai.BadRequestError, match="unsupported mimetype"):
        client.videos.create(prompt="a kite", input_reference=("a.txt", b"text", "text/plain"))


def test_a_reference_picture_may_be_a_data_url(http: httpx2.Client) -> None:
    data = f"data:image/png;base64,{base64.b64encode(png(720, 1280)).decode()}"
    body = {"prompt": "a kite", "size": "720x1280", "input_reference": {"image_url": data}}
    assert http.post("/videos", json=body).status_code == 200
    assert http.post("/videos", json=body | {"size": "1280x720"}).status_code == 400


def test_a_retired_model_is_not_found(fake: OpenAIFake, client: OpenAI, url: str) -> None:
    fake.retired = 404
    with pytest.raises(openai.NotFoundError) as caught:
        client.videos.create(prompt="a kite")
    assert caught.value.code == "model_not_found"
    assert (
        httpx2.get(f"{url}/openai/videos", headers={"api-key": KEY}).json()["error"]["code"]
        == "DeploymentNotFound"
    )


# --- triggers ---


def test_moderation_fails_the_job_or_refuses_the_prompt(fake: OpenAIFake, client: OpenAI) -> None:
    failed = client.videos.create_and_poll(prompt="[moderation]", poll_interval_ms=1)
    assert failed.error is not None
    assert (failed.status, failed.error.code) == ("failed", "moderation_blocked")
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="[refuse]")
    assert caught.value.code == "moderation_blocked"
    assert fake.creates == 1


def test_a_rate_limit_lifts_once_or_never(fake: OpenAIFake, client: OpenAI) -> None:
    assert client.with_options(max_retries=1).videos.create(prompt="[429]").status == "queued"
    with pytest.raises(openai.RateLimitError) as caught:
        client.with_options(max_retries=1).videos.create(prompt="[429 always]")
    assert caught.value.response.headers["retry-after"] == "0.01"
    assert (fake.creates, len(fake.asked("POST"))) == (1, 4)


def test_a_broken_server_makes_nothing(fake: OpenAIFake, client: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError):
        client.videos.create(prompt="[500]")
    assert fake.creates == 0


def test_a_late_or_lost_answer_leaves_a_video_behind(fake: OpenAIFake, client: OpenAI) -> None:
    with pytest.raises(openai.APIConnectionError):
        client.videos.create(prompt="[lost]")
    with pytest.raises(openai.APITimeoutError):
        client.videos.create(prompt="[slow]", timeout=0.1)
    assert [video.prompt for video in client.videos.list(order="asc")] == ["[lost]", "[slow]"]
    assert fake.creates == 2


def test_a_status_may_be_unknown_or_unavailable_for_a_while(client: OpenAI) -> None:
    odd = client.videos.create(prompt="[weird]").id
    assert [client.videos.retrieve(odd).status for _ in range(2)] == ["thinking", "in_progress"]
    flaky = client.videos.create(prompt="[flaky]").id
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            client.videos.retrieve(flaky)
    assert client.videos.retrieve(flaky).status == "in_progress"


# --- content ---


def test_each_variant_has_its_type(client: OpenAI, http: httpx2.Client) -> None:
    video = finished(client)
    for variant, kind in (("video", "video/mp4"), ("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")):
        answer = http.get(f"/videos/{video}/content", params={"variant": variant})
        assert answer.headers["content-type"] == kind
        assert (clips.size_of(answer.content) is None) == (variant == "video")
    assert http.get(f"/videos/{video}/content", params={"variant": "gif"}).status_code == 400


def test_content_is_there_only_between_completion_and_expiry(fake: OpenAIFake, client: OpenAI) -> None:
    video = client.videos.create(prompt="a kite").id
    with pytest.raises(openai.NotFoundError, match="not ready"):
        client.videos.download_content(video)
    fake.finish(video)
    client.videos.download_content(video)
    fake.advance(3600)
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(video)


def test_a_cut_download_can_be_resumed(fake: OpenAIFake, client: OpenAI, http: httpx2.Client) -> None:
    path = f"/videos/{finished(client, '[cut]')}/content"
    got: list[int] = []
    with http.stream("GET", path) as answer, pytest.raises(httpx2.RemoteProtocolError):
        got.extend(byte for chunk in answer.iter_raw() for byte in chunk)
    whole = fake.bytes_of(path.split("/")[2])
    assert bytes(got) == whole[: len(whole) // 2]
    tag = answer.headers["etag"]
    rest = http.get(path, headers={"range": f"bytes={len(got)}-", "if-range": tag})
    assert (rest.status_code, bytes(got) + rest.content) == (206, whole)
    assert http.get(path, headers={"range": "bytes=-8"}).content == whole[-8:]
    assert http.get(path, headers={"range": f"bytes={len(whole)}-"}).status_code == 416
    assert http.get(path, headers={"range": "bytes=1-", "if-range": '"other"'}).status_code == 200
    fake.ranges = False
    assert http.get(path, headers={"range": "bytes=1-"}).content == whole


def test_content_may_be_no_video(client: OpenAI) -> None:
    answer = client.videos.download_content(finished(client, "[notvideo]"))
    assert answer.response.status_code == 200
    assert answer.content.startswith(b"<!doctype html>")


def test_a_redirect_leads_to_an_origin_that_sees_what_it_is_sent(fake: OpenAIFake, client: OpenAI) -> None:
    with serve(cdn := CDNFake()) as fake.cdn_url:
        video = finished(client, "[redirect]")
        assert client.videos.download_content(video).content == fake.bytes_of(video)
        assert cdn.credentials == {}  # the official client drops its key on the way
        httpx2.get(f"{fake.cdn_url}/{video}", headers={"api-key": KEY})
        assert cdn.credentials == {"api-key": KEY}


def test_a_clip_may_be_of_any_size(fake: OpenAIFake, client: OpenAI, http: httpx2.Client) -> None:
    fake.content_size = 3_000_000
    with http.stream("GET", f"/videos/{finished(client)}/content") as answer:
        content = answer.read()
    assert len(content) == fake.content_size
    assert clips.seconds_of(content) == 1
