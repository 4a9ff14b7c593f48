"""A finished clip comes from the proxy's own store: in ranges, by its tag, and after its link has ended."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.proxy.conftest import Shared
from tests.proxy.operated import MODEL, good, until


@pytest.fixture(scope="module")
def client(shared: Shared) -> httpx2.Client:
    return shared.key()


@pytest.fixture(scope="module")
def clip(shared: Shared, client: httpx2.Client) -> str:
    video_id = shared.proxy.make(client, "A harbour at dawn")
    assert shared.proxy.ended(client, video_id)["status"] == "completed"
    return video_id


@pytest.fixture(scope="module")
def whole(shared: Shared, clip: str) -> bytes:
    """What the provider has of it."""
    (upstream,) = [video for video in shared.fake.videos.values() if video.prompt == "A harbour at dawn"]
    return shared.fake.bytes_of(upstream.id)


def stored(shared: Shared) -> list[Path]:
    return [path for path in (shared.proxy.home / "clips").rglob("*") if path.is_file()]


def test_it_is_the_provider_s_to_the_byte(client: httpx2.Client, clip: str, whole: bytes) -> None:
    answer = client.get(f"/v1/videos/{clip}/content")
    assert (answer.status_code, answer.content) == (200, whole)
    headers = answer.headers
    assert (headers["content-type"], headers["content-length"]) == ("video/mp4", str(len(whole)))
    assert headers["accept-ranges"] == "bytes"
    assert 'inline; filename="harbour-at-dawn-' in headers["content-disposition"]


def test_the_provider_is_asked_for_it_once(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "Asked for once")
    shared.proxy.ended(client, clip)
    (upstream,) = [video for video in shared.fake.videos.values() if video.prompt == "Asked for once"]
    for _ in range(3):
        assert client.get(f"/v1/videos/{clip}/content").status_code == 200
    assert upstream.downloads == 1


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=100-", 100, None), ("bytes=-50", -50, None)],
)
def test_a_part_of_it(
    client: httpx2.Client, clip: str, whole: bytes, wanted: str, first: int, last: int | None
) -> None:
    answer = client.get(f"/v1/videos/{clip}/content", headers={"range": wanted})
    assert (answer.status_code, answer.content) == (206, whole[first:last])
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=x-y"])
def test_a_part_that_there_is_not(client: httpx2.Client, clip: str, whole: bytes, wanted: str) -> None:
    answer = client.get(f"/v1/videos/{clip}/content", headers={"range": wanted})
    assert (answer.status_code, answer.json()["error"]["code"]) == (416, "invalid_range")
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"


def test_who_has_it_is_not_sent_it_again(client: httpx2.Client, clip: str) -> None:
    tag = client.get(f"/v1/videos/{clip}/content").headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        answer = client.get(f"/v1/videos/{clip}/content", headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert client.get(f"/v1/videos/{clip}/content", headers={"if-none-match": '"x"'}).status_code == 200
    part = {"range": "bytes=0-9"}
    assert client.get(f"/v1/videos/{clip}/content", headers=part | {"if-range": tag}).status_code == 206
    assert client.get(f"/v1/videos/{clip}/content", headers=part | {"if-range": '"x"'}).status_code == 200


@pytest.mark.parametrize(("variant", "kind"), [("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")])
def test_its_stills(client: httpx2.Client, clip: str, variant: str, kind: str) -> None:
    answer = client.get(f"/v1/videos/{clip}/content", params={"variant": variant})
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["content-disposition"].endswith(f'-{variant}.{kind.removeprefix("image/")}"')
    wrong = client.get(f"/v1/videos/{clip}/content", params={"variant": "poster"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "variant")


def test_it_is_here_when_the_provider_has_it_no_more(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "Gone at the provider")
    shared.proxy.ended(client, clip)
    (upstream,) = [video for video in shared.fake.videos.values() if video.prompt == "Gone at the provider"]
    del shared.fake.videos[upstream.id]
    assert client.get(f"/v1/videos/{clip}/content").status_code == 200
    assert good(client.get(f"/v1/videos/{clip}"))["status"] == "completed"


def test_one_that_is_not_here_any_more_is_fetched_again(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "Swept away")
    shared.proxy.ended(client, clip)
    (path,) = [each for each in stored(shared) if clip.removeprefix("video_")[:16] in each.name]
    path.unlink()
    answer = client.get(f"/v1/videos/{clip}/content")
    assert answer.status_code == 200
    assert path.read_bytes() == answer.content


def test_one_that_is_nowhere_any_more_is_not_found(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "A kite [gone]")
    video = until(
        lambda: good(client.get(f"/v1/videos/{clip}")), lambda video: video["status"] == "completed"
    )
    assert video["cost"] == "0.4"
    answer = client.get(f"/v1/videos/{clip}/content")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "content_expired")


def test_a_cut_download_is_gone_on_with(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "A kite [cut]")
    shared.proxy.ended(client, clip)
    (upstream,) = [video for video in shared.fake.videos.values() if video.prompt == "A kite [cut]"]
    assert client.get(f"/v1/videos/{clip}/content").content == shared.fake.bytes_of(upstream.id)


def test_whoever_hears_that_it_is_completed_has_it_at_once(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "Ready when it says so")
    shared.proxy.ended(client, clip)
    assert any(clip.removeprefix("video_")[:16] in path.name for path in stored(shared))


def test_deleting_it_removes_it_here_and_there(shared: Shared, client: httpx2.Client) -> None:
    clip = shared.proxy.make(client, "To be deleted")
    shared.proxy.ended(client, clip)
    assert good(client.delete(f"/v1/videos/{clip}")) == {
        "id": clip,
        "object": "video.deleted",
        "deleted": True,
    }
    assert client.get(f"/v1/videos/{clip}").status_code == 404
    assert client.get(f"/v1/videos/{clip}/content").status_code == 404
    assert clip not in {video["id"] for video in good(client.get("/v1/videos?limit=100"))["data"]}
    assert not [path for path in stored(shared) if clip.removeprefix("video_")[:16] in path.name]
    assert not [video for video in shared.fake.videos.values() if video.prompt == "To be deleted"]
    told = good(client.get("/key/info"))["info"]
    assert told["spend"] > 0  # it was made, and is paid for


def test_a_job_that_runs_is_stopped_by_deleting_it(shared: Shared, client: httpx2.Client) -> None:
    body = {"model": "draft", "prompt": "Slow", "seconds": "4", "size": "64x64", "pace": 20}
    clip = good(shared.proxy.master.post("/v1/videos", json=body))["id"]
    assert good(shared.proxy.master.delete(f"/v1/videos/{clip}"))["deleted"]
    assert shared.proxy.master.get(f"/v1/videos/{clip}").status_code == 404


def test_a_job_that_its_provider_does_not_stop_stays(shared: Shared, client: httpx2.Client) -> None:
    shared.fake.polls_to_finish = 1000
    try:
        clip = shared.proxy.make(client, "Not to be stopped")
        answer = client.delete(f"/v1/videos/{clip}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "invalid_state")
        assert client.get(f"/v1/videos/{clip}").status_code == 200
    finally:
        shared.fake.polls_to_finish = 2
        (upstream,) = [v for v in shared.fake.videos.values() if v.prompt == "Not to be stopped"]
        shared.fake.finish(upstream.id)
    assert shared.proxy.ended(client, clip)["status"] == "completed"


def test_a_list_is_turned_page_by_page(shared: Shared) -> None:
    client = shared.key()
    made = [shared.proxy.make(client, f"Page {number}") for number in range(5)]
    for order, expected in (("desc", made[::-1]), ("asc", made)):
        seen: list[str] = []
        after: dict[str, str] = {}
        for more in (True, True, False):
            page = good(client.get("/v1/videos", params={"limit": 2, "order": order, **after}))
            assert (page["object"], page["has_more"]) == ("list", more)
            ids = [video["id"] for video in page["data"]]
            assert (page["first_id"], page["last_id"]) == (ids[0], ids[-1])
            seen += ids
            after = {"after": ids[-1]}
        assert seen == expected
    assert good(client.get("/v1/videos", params={"limit": 0}))["data"] == []


def test_jobs_go_on_when_their_caller_has_left(shared: Shared) -> None:
    key = shared.proxy.key()["key"]
    client = shared.proxy.client(key)
    body = {"model": MODEL, "prompt": "A kite [slow]"}
    with pytest.raises(httpx2.TimeoutException):
        client.post("/v1/videos", json=body, timeout=0.2)
    until(lambda: good(client.get("/v1/videos"))["data"], bool, patience=10)
    (video,) = good(client.get("/v1/videos"))["data"]
    assert shared.proxy.ended(client, video["id"])["status"] == "completed"
    assert shared.creates("A kite [slow]") == 1


def test_a_large_clip_does_not_fill_the_memory(shared: Shared) -> None:
    """200 MiB, first into the store and then to the caller, in a fifth of that."""
    client = shared.key()
    shared.fake.content_size = 200 << 20
    try:
        clip = shared.proxy.make(client, "A long clip")
        before = shared.proxy.memory()
        shared.proxy.ended(client, clip)
        with client.stream("GET", f"/v1/videos/{clip}/content") as answer:
            assert sum(len(chunk) for chunk in answer.iter_raw()) == 200 << 20
        assert shared.proxy.memory() - before < 40 << 20
    finally:
        shared.fake.content_size = None
