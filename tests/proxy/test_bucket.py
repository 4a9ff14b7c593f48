"""Clips in a bucket: sent there, read from there in parts, for every replica, and for as long as told."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from soravid.errors import InvalidRequest
from soravid.ledger import JobRow
from soravid.ledger.journal import Journal
from soravid.proxy.bucket import Blob
from soravid.proxy.media import MediaOptions, read_media
from soravid.proxy.options import seconds_of
from soravid.proxy.store import Store, open_store
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.ledger.helpers import hold
from tests.proxy.operated import MASTER, Proxy, bearer, config, good, running

MEBIBYTE = 1 << 20
SIZE = 64 * MEBIBYTE
SECRET = "canary-secret-access-key-7731"


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, Any]]:
    """A configuration's ``media_store``, for a bucket on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx2.put(f"http://{host}:{port}/clips").raise_for_status()
    yield {
        "path": "s3://clips/proxy",
        "endpoint_url": f"http://{host}:{port}",
        "region": "us-east-1",
        "access_key_id": "canary-id",
        "secret_access_key": SECRET,
    }
    server.stop()


def bucket(told: dict[str, Any]) -> S3Store:
    """The bucket as another program sees it."""
    return S3Store(
        "clips",
        endpoint=told["endpoint_url"],
        region="us-east-1",
        access_key_id="x",
        secret_access_key="y",
        client_options={"allow_http": True},
    )


def keys_in(told: dict[str, Any]) -> set[str]:
    return {meta["path"] for batch in obstore.list(bucket(told)) for meta in batch}


def test_a_clip_is_sent_to_the_bucket_and_read_from_it(told: dict[str, Any], tmp_path: Path) -> None:
    fake = OpenAIFake(polls_to_finish=1, content_size=SIZE)
    with serve(fake) as upstream:
        settings = config(upstream, {"media_store": told})
        with running(tmp_path / "home", settings) as proxy:
            passing = tmp_path / "home" / "clips"
            clip = _through(proxy, fake, passing)
            (name,) = keys_in(told)
            assert name.startswith("proxy/")
            before = proxy.memory()
            good(proxy.master.delete(f"/v1/videos/{_through(proxy, fake, passing)}"))
            assert proxy.memory() - before < SIZE / 2
            video_id = next(iter(fake.videos))
            _ask_for_parts(proxy.master, f"/v1/videos/{clip}/content", fake.bytes_of(video_id))
            assert fake.videos[video_id].downloads == 1
            good(proxy.master.delete(f"/v1/videos/{clip}"))
            assert keys_in(told) == set()
            assert SECRET not in "".join(proxy.said)


def _through(proxy: Proxy, fake: OpenAIFake, passing: Path) -> str:
    """Make a clip and read it, as at another replica or an hour later; returns its id."""
    clip = proxy.make(proxy.master, "Ein Drache über Köln")
    assert proxy.ended(proxy.master, clip)["status"] == "completed"
    shutil.rmtree(passing)
    assert _is_whole(proxy, clip, fake.bytes_of(list(fake.videos)[-1]))
    return clip


def _is_whole(proxy: Proxy, clip: str, expected: bytes) -> bool:
    """Compare as it comes, so that no second copy is held."""
    place = 0
    with httpx2.stream("GET", f"{proxy.url}/v1/videos/{clip}/content", headers=bearer(MASTER)) as answer:
        assert answer.headers["content-type"] == "video/mp4"
        assert "%C3%B6ln" in answer.headers["content-disposition"]
        for chunk in answer.iter_bytes():
            assert expected[place : place + len(chunk)] == chunk
            place += len(chunk)
    return place == len(expected)


def _ask_for_parts(client: httpx2.Client, path: str, data: bytes) -> None:
    for asked, expected in (
        ("bytes=0-99", data[:100]),
        ("bytes=100-149", data[100:150]),
        (f"bytes={SIZE - 10}-", data[SIZE - 10 :]),
        ("bytes=-7", data[-7:]),
        (f"bytes={SIZE - 5}-{SIZE + 99}", data[SIZE - 5 :]),
    ):
        answer = client.get(path, headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, expected)
        assert answer.headers["content-range"].endswith(f"/{len(data)}")
    assert client.get(path, headers={"range": f"bytes={SIZE}-"}).status_code == 416
    head = client.head(path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(data)))
    again = client.get(path, headers={"if-none-match": head.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    changed = client.get(path, headers={"if-range": '"another"', "range": "bytes=0-9"})
    assert changed.status_code == 200


# --- the store itself ---


@pytest.fixture
def row(tmp_path: Path) -> Iterator[JobRow]:
    journal = Journal(tmp_path / "home")
    yield hold(journal, None)
    journal.close()


def opened(told: dict[str, Any], tmp_path: Path, **more: Any) -> Store:
    return open_store(replace(read_media(told, tmp_path, seconds_of), path=tmp_path / "passing", **more))


def put(store: Store, row: JobRow, size: int = 1000, variant: str = "video") -> Path:
    path = store.path(row, variant)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_what_is_made_from_a_clip_finds_it_here_again(
    told: dict[str, Any], tmp_path: Path, row: JobRow
) -> None:
    async def brought() -> bytes:
        await store.keep(row)
        path.unlink()
        assert isinstance(await store.look(row), Blob)
        assert await store.look(row, "thumbnail") is None
        await store.bring(row)
        return path.read_bytes()

    store = opened(told, tmp_path)
    path = put(store, row)
    assert asyncio.run(brought()) == bytes(1000)
    assert list(path.parent.iterdir()) == [path]
    store.remove(row)


def test_the_folder_s_copy_goes_once_the_bucket_has_it(
    told: dict[str, Any], tmp_path: Path, row: JobRow
) -> None:
    """Also one that could not be sent when it came."""
    store = opened(told, tmp_path)
    path = put(store, row)
    store.sweep()
    assert (path.exists(), keys_in(told)) == (True, set())
    os.utime(path, (time.time() - 4000,) * 2)
    store.sweep()
    assert (path.exists(), store.measured()) == (False, (1, 1000))
    store.remove(row)
    assert keys_in(told) == set()


@pytest.mark.parametrize(("limit", "left"), [({"max_age": -1.0}, 0), ({"max_bytes": 2500}, 2), ({}, 3)])
def test_what_is_old_or_too_much_goes_and_nothing_of_others(
    told: dict[str, Any], tmp_path: Path, row: JobRow, limit: dict[str, Any], left: int
) -> None:
    store = opened(told, tmp_path, **limit)
    obstore.put(bucket(told), "proxy/README", b"mine")
    for variant in ("video", "thumbnail", "spritesheet"):
        put(store, row, variant=variant)
        asyncio.run(store.keep(row, variant))
    assert store.sweep() == 3 - left
    assert store.measured()[0] == left
    assert "proxy/README" in keys_in(told)
    store.remove(row)
    obstore.delete(bucket(told), "proxy/README")


def test_a_bucket_that_cannot_be_used_is_told_at_the_start(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be used: The specified bucket does not exist"):
        opened(told | {"path": "s3://nobodys/clips"}, tmp_path)
    with pytest.raises(InvalidRequest, match=r"GET http://127\.0\.0\.1:1/\w+: ") as caught:
        opened(told | {"endpoint_url": "http://127.0.0.1:1"}, tmp_path)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"path": "/srv/clips", "region": "eu"}, "region is for a bucket, and path is none"),
        ({"path": "s3://"}, "path must be s3://BUCKET"),
        ({"path": "s3://a/b?x=1"}, "path must be s3://BUCKET"),
        ({"path": "s3://a", "access_key_id": "x"}, "belong together"),
        ({"path": "s3://a", "endpoint_url": "minio:9000"}, "endpoint_url must be an address"),
        ({"path": "s3://a", "endpoint": "http://x"}, "Did you mean endpoint_url"),
    ],
)
def test_a_mistake_in_the_configuration_is_told(given: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_media(given, tmp_path, seconds_of)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_no_options_show_the_secret(told: dict[str, Any], tmp_path: Path) -> None:
    assert SECRET not in repr(read_media(told, tmp_path, seconds_of))
    assert isinstance(read_media(None, tmp_path, seconds_of), MediaOptions)
