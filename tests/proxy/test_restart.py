"""A proxy that ends, as it should or as it should not, loses nothing: the next one goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from soravid.ledger.journal import Journal
from tests.core.helpers import jobs
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.proxy.operated import COST, MODEL, Proxy, config, good, running, until


@pytest.fixture
def fake() -> OpenAIFake:
    return OpenAIFake(polls_to_finish=100_000, slow_seconds=1.0)


@pytest.fixture
def settings(fake: OpenAIFake) -> Iterator[dict[str, Any]]:
    with serve(fake) as upstream:
        yield config(upstream)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def finish(fake: OpenAIFake) -> None:
    for video_id in list(fake.videos):
        fake.finish(video_id)


def adds_up(home: Path) -> bool:
    journal = Journal(home)
    wrong = journal.verify()
    journal.close()
    return wrong == []


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_job_is_gone_on_with_by_the_next_one(
    fake: OpenAIFake, settings: dict[str, Any], home: Path, how: str
) -> None:
    with running(home, settings) as proxy:
        key = proxy.key(max_budget=2)["key"]
        client = proxy.client(key)
        clips = [proxy.make(client, f"Clip {number}") for number in range(3)]
        getattr(proxy, how)()
    finish(fake)
    with running(home, settings) as proxy:
        client = proxy.client(key)
        for clip in clips:
            assert proxy.ended(client, clip)["status"] == "completed"
            assert client.get(f"/v1/videos/{clip}/content").content[4:8] == b"ftyp"
        told = good(client.get("/key/info"))["info"]
        assert (told["spend"], told["held"]) == (pytest.approx(3 * COST), 0)
    assert fake.creates == 3
    assert adds_up(home)


def test_a_clip_that_was_done_and_not_fetched_is_fetched_by_the_next_one(
    fake: OpenAIFake, settings: dict[str, Any], home: Path
) -> None:
    with running(home, settings) as proxy:
        key = proxy.key()["key"]
        clip = proxy.make(proxy.client(key))
        proxy.kill()
    finish(fake)
    with running(home, settings) as proxy:
        until(lambda: jobs(home)[0]["clip"], bool)  # nobody has asked for it
        fake.videos.clear()
        assert proxy.client(key).get(f"/v1/videos/{clip}/content").status_code == 200


def test_a_create_under_way_has_its_answer_before_the_proxy_ends(
    fake: OpenAIFake, settings: dict[str, Any], home: Path
) -> None:
    answers: list[httpx2.Response] = []
    with running(home, settings) as proxy:
        client = proxy.client(proxy.key()["key"])

        def ask() -> None:
            body = {"model": MODEL, "prompt": "A kite [slow]"}
            answers.append(client.post("/v1/videos", json=body))

        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: fake.creates, bool)
        stop(proxy)
        asking.join(20)
    assert good(answers[0])["status"] == "queued"
    (row,) = jobs(home)
    assert row["video_id"] == next(iter(fake.videos))


def stop(proxy: Proxy) -> None:
    """Tell it to end while a client of ours still waits."""
    proxy._process.terminate()
    proxy._process.wait(30)


def test_a_create_whose_answer_a_kill_lost_is_found_by_the_next_one(
    fake: OpenAIFake, settings: dict[str, Any], home: Path
) -> None:
    with running(home, settings) as proxy:
        key = proxy.key()["key"]
        client = proxy.client(key)
        asking = threading.Thread(target=ask_in_vain, args=(client,))
        asking.start()
        until(lambda: fake.creates, bool)
        proxy.kill()
        asking.join(20)
    finish(fake)
    with running(home, settings) as proxy:
        client = proxy.client(key)
        (video,) = good(client.get("/v1/videos"))["data"]
        assert proxy.ended(client, video["id"])["status"] == "completed"
    assert fake.creates == 1
    assert adds_up(home)


def ask_in_vain(client: httpx2.Client) -> None:
    with pytest.raises(httpx2.TransportError):
        client.post("/v1/videos", json={"model": MODEL, "prompt": "A kite [slow]"})


def test_a_failed_job_that_another_account_makes_keeps_its_id(home: Path) -> None:
    """``on_failed_job``: the clip comes from the next choice, under the id that the caller has."""
    fake = OpenAIFake(polls_to_finish=1, seconds=("1",), sizes=("128x128",))
    with serve(fake) as upstream:
        settings = config(upstream)
        tiny = {"seconds": ["1"], "sizes": ["128x128"], "default_seconds": "1", "default_size": "128x128"}
        settings["soravid_settings"]["models"][0] |= tiny
        settings["model_list"].append({"model_name": "draft", "litellm_params": {"model": "local/animatic"}})
        settings["router_settings"] = {"on_failed_job": True, "fallbacks": [{MODEL: ["draft"]}]}
        with running(home, settings) as proxy:
            client = proxy.client(proxy.key()["key"])
            clip = proxy.make(client, "A kite [error]")  # by which it fails at the first
            video = proxy.ended(client, clip)
            assert video["status"] == "completed"  # that the first has failed was never told
            assert (video["id"], video["model"]) == (clip, MODEL)
            (listed,) = good(client.get("/v1/videos"))["data"]
            assert (listed["id"], listed["status"]) == (clip, "completed")
            assert client.get(f"/v1/videos/{clip}/content").content[4:8] == b"ftyp"
            told = good(client.get("/key/info"))["info"]
            assert (told["spend"], told["held"]) == (0, 0)
            assert good(client.delete(f"/v1/videos/{clip}"))["deleted"]
            assert client.get(f"/v1/videos/{clip}").status_code == 404
    assert fake.creates == 1
    assert adds_up(home)
