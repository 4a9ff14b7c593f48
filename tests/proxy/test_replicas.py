"""Three replicas over one PostgreSQL and one media folder: any may die or be replaced; nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiohttp
import httpx2
import pytest

from soravid.ledger.journal import Journal
from soravid.ledger.leases import Leases
from soravid.proxy import names
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.ledger import conftest as of_ledger
from tests.ledger.postgresql import Server
from tests.proxy.operated import COST, MODEL, Proxy, bearer, config, good, running, until

postgresql = of_ledger.postgresql

NAMES = ("a", "b", "c")
LEASE = 6


class Fleet:
    """Replicas that share a database and a media folder, each in a home of its own, as machines are."""

    def __init__(self, folder: Path, database: str, upstream: str, fake: OpenAIFake) -> None:
        self.fake, self._database, self.upstream = fake, database, upstream
        self._folder = folder
        self.journal = Journal(folder / "home", url=database)
        self._homes = itertools.count()
        self.replicas: list[Proxy] = []

    def start(self) -> list[Proxy]:
        """Start three more."""
        with ThreadPoolExecutor(len(NAMES)) as hands:
            started = list(hands.map(self._one, NAMES))
        self.replicas += started
        return started

    def _one(self, name: str) -> Proxy:
        more = {"media_store": str(self._folder / "clips"), "lease_seconds": LEASE}
        settings = config(self.upstream, more)
        settings["general_settings"]["database_url"] = self._database
        account = settings["model_list"][0]
        account["model_info"] = {"id": "the-account"}
        account["litellm_params"]["extra_headers"] = {"x-replica": name}
        home = self._folder / f"machine-{next(self._homes)}"
        return Proxy(home, settings, {"SORAVID_POLL_SECONDS": "0.5"})

    def kill(self, replica: Proxy) -> None:
        self.replicas.remove(replica)
        replica.kill()

    def drain(self, replica: Proxy) -> None:
        """Tell one to end, while its clients do not know yet."""
        replica._process.terminate()
        replica._process.wait(30)
        self.replicas.remove(replica)
        replica.stop()

    def stop(self) -> None:
        with ThreadPoolExecutor(len(self.replicas)) as hands:
            list(hands.map(Proxy.stop, self.replicas))
        self.journal.close()

    def finish(self) -> None:
        """Have the provider end all that it has."""
        for video_id in list(self.fake.videos):
            self.fake.finish(video_id)

    def adds_up(self) -> bool:
        return self.journal.verify() == []

    def leases(self) -> int:
        return len(Leases.of(self.journal).names())


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, postgresql: Server) -> Iterator[Fleet]:
    fake = OpenAIFake(polls_to_finish=1_000_000, slow_seconds=0.5)
    with serve(fake) as upstream, ExitStack() as stack:
        fleet = Fleet(tmp_path_factory.mktemp("fleet"), postgresql.new(), upstream, fake)
        stack.callback(fleet.stop)
        fleet.start()
        yield fleet


class Caller:
    """A client that goes to another replica where one does not answer, with the same idempotency key."""

    def __init__(self, fleet: Fleet, **limits: Any) -> None:
        self._fleet = fleet
        self.key = fleet.replicas[0].key(**limits)["key"]
        self._http = httpx2.Client(headers=bearer(self.key), timeout=30)
        self._turn = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def create(self, prompt: str, first: Proxy | None = None) -> str:
        body, once = {"model": MODEL, "prompt": prompt}, {"idempotency-key": uuid.uuid4().hex}
        while True:
            replicas = self._fleet.replicas
            replica = first or replicas[next(self._turn) % len(replicas)]
            first = None
            try:
                answer = self._http.post(f"{replica.url}/v1/videos", json=body, headers=once)
            except httpx2.TransportError:
                continue
            return str(good(answer)["id"])

    def see(self, replica: Proxy, path: str) -> httpx2.Response:
        return self._http.get(f"{replica.url}{path}")

    def status(self, replica: Proxy, clip: str) -> str:
        return str(good(self.see(replica, f"/v1/videos/{clip}"))["status"])

    def has(self, clips: list[str]) -> None:
        """See that each clip is completed and there, at a replica that may have nothing to do with it."""
        for clip, replica in zip(clips, itertools.cycle(self._fleet.replicas), strict=False):
            until(partial(self.status, replica, clip), lambda status: status == "completed")
            assert self.see(replica, f"/v1/videos/{clip}/content").content[4:8] == b"ftyp"

    def money(self) -> tuple[float, float]:
        told = good(self.see(self._fleet.replicas[0], "/key/info"))["info"]
        return told["spend"], told["held"]


@pytest.fixture
def caller(fleet: Fleet) -> Iterator[Caller]:
    with Caller(fleet, max_budget=1000 * COST) as caller:
        yield caller


def test_a_killed_replicas_jobs_are_gone_on_with_by_the_others(fleet: Fleet, caller: Caller) -> None:
    fake, before, doomed = fleet.fake, fleet.fake.creates, fleet.replicas[2]
    with ThreadPoolExecutor(10) as hands:
        clips = list(hands.map(caller.create, [f"Clip {number}" for number in range(49)]))
        until(lambda: {replica for _, replica in asked(fake)}, lambda askers: len(askers) == 3)
        # Of one the provider has taken the create, and its answer is lost with the replica.
        late = hands.submit(caller.create, "Clip 49 [slow]", doomed)
        until(lambda: fake.creates - before, lambda made: made == 50)
        fleet.kill(doomed)
        since = len(fake.requests)
        clips.append(late.result())
    videos = list(fake.videos)[-50:]
    fleet.finish()
    caller.has(clips)
    assert len(set(clips)) == fake.creates - before == 50
    assert [fake.videos[video].downloads for video in videos] == [1] * 50
    askers = Counter(video for video, _ in set(asked(fake, since)))
    assert set(askers.values()) == {1}  # each has been looked at by one of the two
    assert caller.money() == pytest.approx((50 * COST, 0))
    assert fleet.adds_up()


def test_a_replica_that_slept_longer_than_its_lease_lets_go(fleet: Fleet, caller: Caller) -> None:
    fake, sleeper = fleet.fake, fleet.replicas[0]
    clips = [caller.create(f"Clip {number}", sleeper) for number in range(3)]
    videos = set(list(fake.videos)[-3:])
    name = until(lambda: dict(asked(fake)).get(max(videos)), bool)

    def askers() -> set[str]:
        """Who looks at them from now on, until each has been looked at."""
        since = len(fake.requests)
        until(lambda: {video for video, _ in asked(fake, since)}, lambda seen: seen >= videos)
        return {replica for video, replica in asked(fake, since) if video in videos}

    assert askers() == {name}
    sleeper._process.send_signal(signal.SIGSTOP)
    until(askers, lambda others: name not in others)
    sleeper._process.send_signal(signal.SIGCONT)
    until(fleet.leases, lambda leases: leases == len(fleet.replicas))  # it has heard of it
    askers()
    assert name not in askers()
    assert caller.status(sleeper, clips[0]) in {"queued", "in_progress"}
    fleet.finish()
    caller.has(clips)
    assert [fake.videos[video].downloads for video in videos] == [1] * 3


def test_a_clip_on_its_way_to_one_replica_is_fetched_by_no_other(fleet: Fleet, caller: Caller) -> None:
    maker, other = fleet.replicas[:2]
    clip = caller.create("A long one", maker)
    (video,) = list(fleet.fake.videos)[-1:]
    fleet.fake.content_size = 64 << 20
    fleet.fake.finish(video)
    job = str(names.job_of(clip))
    until(lambda: fleet.journal.get(job).status, lambda status: status == "completed")
    assert caller.see(other, f"/v1/videos/{clip}/content").status_code in {409, 200}  # it may have come
    until(partial(caller.status, other, clip), lambda status: status == "completed")
    assert len(caller.see(other, f"/v1/videos/{clip}/content").content) == fleet.fake.content_size
    fleet.fake.content_size = None
    assert fleet.fake.videos[video].downloads == 1


def asked(fake: OpenAIFake, since: int = 0) -> list[tuple[str, str]]:
    """Which job was looked at by which replica, where it was not one of a list."""
    looks = [call for call in fake.requests[since:] if call.method == "GET"]
    jobs = [(call.path.rpartition("/")[2], call.headers["x-replica"]) for call in looks]
    return [(job, replica) for job, replica in jobs if job.startswith("video_")]


def test_a_rolling_restart_loses_nothing(fleet: Fleet, caller: Caller) -> None:
    fake, before, rolled = fleet.fake, fleet.fake.creates, threading.Event()
    clips: list[str] = []

    def ask() -> None:
        while not rolled.wait(0.5):
            clips.append(caller.create(f"Clip {uuid.uuid4()}"))

    with ThreadPoolExecutor(4) as hands:
        asking = [hands.submit(ask) for _ in range(4)]
        try:
            old = fleet.replicas[:]
            fleet.start()
            for replica in old:
                fleet.drain(replica)
        finally:
            rolled.set()
        for each in asking:
            each.result()
    fleet.finish()
    caller.has(clips)
    assert len(set(clips)) == fake.creates - before > len(NAMES)
    assert caller.money() == pytest.approx((len(clips) * COST, 0))
    assert fleet.adds_up()


@pytest.mark.parametrize("where", ["three replicas", "one proxy with a file"])
def test_of_five_hundred_creates_at_once_as_many_are_let_in_as_fit(
    fleet: Fleet, tmp_path: Path, where: str
) -> None:
    before = fleet.fake.creates
    with ExitStack() as stack:
        replicas = fleet.replicas
        if where == "one proxy with a file":
            settings = config(fleet.upstream)
            replicas = [stack.enter_context(running(tmp_path / "home", settings))]
        key = replicas[0].key(max_budget=10)["key"]
        answers = asyncio.run(at_once(key, [replica.url for replica in replicas], 500))
        assert sorted(set(answers)) == [200, 402]
        assert answers.count(200) == fleet.fake.creates - before == 25  # at $0.40 of $10
        told = good(replicas[-1].client(key).get("/key/info"))["info"]
        assert told["spend"] + told["held"] == pytest.approx(10)
        fleet.finish()


async def at_once(key: str, urls: list[str], count: int) -> list[int]:
    """What so many creates are answered with that come at the same moment."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=bearer(key), connector=connector) as http:

        async def create(number: int) -> int:
            body = {"model": MODEL, "prompt": f"At once {number}"}
            async with http.post(f"{urls[number % len(urls)]}/v1/videos", json=body) as answer:
                return answer.status

        return await asyncio.gather(*map(create, range(count)))
