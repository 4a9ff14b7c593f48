"""Whoever wants to hears of each end: signed, once it is true, also after a crash; and nobody else does."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from standardwebhooks import Webhook
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from soravid.errors import InvalidRequest
from soravid.ledger.deliveries import Deliveries
from soravid.ledger.journal import Journal
from soravid.ledger.schema import jobs, webhook_deliveries
from soravid.proxy.operating import read_operating
from soravid.webhooks import read_event, signature
from tests.fakes.server import serve
from tests.proxy.operated import Proxy, config, fake, good, running, until

SECRET = f"whsec_{base64.b64encode(b'for tests, and nothing else').decode()}"


class Heard(NamedTuple):
    """One webhook as it came."""

    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What it says, by the standard's own library."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """Takes webhooks; a path may have answers that it gives before it is well."""

    def __init__(self) -> None:
        self.heard: dict[str, list[Heard]] = defaultdict(list)
        self.answers: dict[str, list[int]] = defaultdict(list)
        self.release = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = request.url.path
        self.heard[path].append(Heard(dict(request.headers), await request.body()))
        status = self.answers[path].pop(0) if self.answers[path] else 204
        answer = RedirectResponse("/elsewhere", 302) if status == 302 else Response(status_code=status)
        await answer(scope, receive, send)

    def wait(self, path: str, count: int = 1) -> list[Heard]:
        """What came to a path, once it is so many."""
        return until(lambda: self.heard[path], lambda found: len(found) >= count)


class Stage(NamedTuple):
    """A proxy, whoever listens to it, and where."""

    proxy: Proxy
    receiver: Receiver
    url: str


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    receiver = Receiver()
    with serve(fake()) as upstream, serve(receiver) as url:
        hooks = [
            {"url": f"{url}/all", "secret": "os.environ/HOOK_SECRET"},
            {"url": f"{url}/failures", "secret": SECRET, "events": ["video.failed"]},
        ]
        # Whoever has a key may name this machine as localhost, and by no other name.
        settings = config(upstream, {"webhooks": hooks, "references": {"allow": ["localhost"]}})
        home = tmp_path_factory.mktemp("webhooks") / "home"
        with running(home, settings, {"HOOK_SECRET": SECRET}) as proxy:
            yield Stage(proxy, receiver, url)


def test_ends_are_told_to_whom_they_matter_and_the_signature_is_the_standards(stage: Stage) -> None:
    proxy, receiver = stage.proxy, stage.receiver
    client = proxy.client(proxy.key()["key"])
    clip, refused = proxy.make(client, "A kite"), proxy.make(client, "Nothing [moderation]")
    told = {heard.verified(SECRET)["data"]["id"]: heard for heard in receiver.wait("/all", 2)}
    event = told[clip].verified(SECRET)
    assert (event["type"], event["object"]) == ("video.completed", "event")
    assert event["id"] == told[clip].headers["webhook-id"]
    assert event["data"] == good(client.get(f"/v1/videos/{clip}"))
    assert told[refused].verified(SECRET)["data"]["error"]["code"] == "moderation_blocked"
    # Our own client reads it as it reads a provider's.
    assert read_event(told[clip].body, told[clip].headers, SECRET) == ("video.completed", clip)
    assert client.get(f"/v1/videos/{clip}/content").is_success  # what is told is true already
    (failure,) = receiver.wait("/failures")
    assert failure.verified(SECRET)["data"]["id"] == refused
    with pytest.raises(Exception, match="No matching signature"):
        failure.verified(f"whsec_{base64.b64encode(b'another secret that is long').decode()}")


def test_a_key_has_an_address_and_a_secret_of_its_own(stage: Stage) -> None:
    proxy, receiver = stage.proxy, stage.receiver
    port = stage.url.rpartition(":")[2]
    there = {"webhook_url": f"http://localhost:{port}/own", "webhook_events": ["video.completed"]}
    key = proxy.key(key_alias="told", metadata=there)
    client = proxy.client(key["key"])
    secret = good(client.get("/webhooks/secret"))["secret"]
    clip = proxy.make(client, "A kite")
    proxy.ended(client, proxy.make(client, "Nothing [moderation]"))
    (heard,) = receiver.wait("/own")
    assert heard.verified(secret)["data"]["id"] == clip
    for wrong in ({"webhook_url": "host/path"}, there | {"webhook_events": ["done"]}):
        refused = proxy.master.post("/key/update", json={"key": "told", "metadata": wrong})
        assert "metadata.webhook_" in refused.json()["error"]["message"]
    other = proxy.client(proxy.key()["key"])
    assert good(other.get("/webhooks/secret"))["secret"] != secret
    assert good(proxy.master.get("/webhooks/secret", params={"key": "told"}))["secret"] == secret
    proxy.master.post("/key/regenerate", json={"key": key["token"]})
    assert good(proxy.master.get("/webhooks/secret", params={"key": "told"}))["secret"] != secret


def test_nobody_with_a_key_reaches_this_network(stage: Stage) -> None:
    proxy, receiver = stage.proxy, stage.receiver
    inside = proxy.key(metadata={"webhook_url": f"{stage.url}/inside"})  # 127.0.0.1: not by that name
    client = proxy.client(inside["key"])
    proxy.ended(client, proxy.make(client, "A kite"))
    tried = until(
        lambda: [each for each in _webhooks(proxy) if each["to"] == "key" and not each["delivered"]],
        lambda found: any(each["tries"] and each["again_at"] for each in found),
    )
    assert [each["status"] for each in tried] == [None]
    assert receiver.heard["/inside"] == []


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    stage.receiver.answers["/all"] = [302]
    before = len(stage.receiver.heard["/all"])
    client = stage.proxy.client(stage.proxy.key()["key"])
    stage.proxy.ended(client, stage.proxy.make(client, "A kite"))
    first, again = stage.receiver.wait("/all", before + 2)[before:]
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert stage.receiver.heard["/elsewhere"] == []


def test_what_was_not_taken_arrives_after_a_crash_and_once_taken_never_again(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.answers["/hook"] = [500]
    with serve(fake()) as upstream, serve(receiver) as url:
        settings = config(upstream, {"webhooks": [{"url": f"{url}/hook", "secret": SECRET}]})
        proxy = Proxy(tmp_path / "home", settings)
        clip = proxy.make(proxy.master)
        (failed,) = receiver.wait("/hook")
        until(lambda: _webhooks(proxy), lambda found: found[0]["status"] == 500)
        proxy.kill()
        with running(tmp_path / "home", settings) as proxy:
            arrived = receiver.wait("/hook", 2)[1]
            assert arrived.headers["webhook-id"] == failed.headers["webhook-id"]
            assert arrived.verified(SECRET)["data"]["id"] == clip
            until(lambda: _webhooks(proxy), lambda found: found[0]["delivered"])
        _forget_all_but_the_job(tmp_path / "home")
        # A process that was killed before it had written anything down: a later one finds the end.
        with running(tmp_path / "home", settings) as proxy:
            assert receiver.wait("/hook", 3)[2].verified(SECRET)["data"]["id"] == clip
            until(lambda: _webhooks(proxy), lambda found: found[0]["delivered"])
        assert len(receiver.heard["/hook"]) == 3


def test_a_providers_webhook_has_its_job_looked_at_at_once(tmp_path: Path) -> None:
    provider = fake()
    with serve(provider) as upstream:
        settings = config(upstream, {"provider_webhooks": {"openai": SECRET}})
        never = {"SORAVID_POLL_SECONDS": "3600"}
        with running(tmp_path / "home", settings, never) as proxy:
            clip = proxy.make(proxy.master)
            (video_id,) = provider.videos
            assert _posted(proxy, "openai", video_id, f"whsec_{base64.b64encode(b'x' * 24).decode()}") == 401
            assert _posted(proxy, "xai", video_id) == 404
            assert good(proxy.master.get(f"/v1/videos/{clip}"))["status"] == "queued"
            assert _posted(proxy, "openai", "video_nobodys") == 200
            assert _posted(proxy, "openai", video_id) == 200
            assert proxy.ended(proxy.master, clip)["status"] == "completed"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"webhooks": [{"url": "ftp://x", "secret": SECRET}]}, r"webhooks\[0\]: url must be an address"),
        ({"webhooks": [{"url": "https://x.org"}]}, r"webhooks\[0\]: secret is missing"),
        ({"webhooks": [{"url": "https://x.org", "secret": "whsec_!"}]}, "must be whsec_ and a key in base64"),
        ({"webhooks": [{"url": "https://x.org", "secret": SECRET, "events": ["done"]}]}, "events must be"),
        ({"webhooks": [{"uri": "https://x.org", "secret": SECRET}]}, "no setting 'uri'"),
        ({"webhooks": {"url": "https://x.org"}}, "webhooks must be a list"),
        ({"provider_webhooks": {"opnai": SECRET}}, "no provider 'opnai'"),
    ],
)
def test_a_mistake_in_the_configuration_is_told_at_the_start(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as caught:
        read_operating(settings)
    assert "for tests" not in str(caught.value)


def _webhooks(proxy: Proxy) -> list[dict[str, Any]]:
    return list(good(proxy.master.get("/admin/log"))["webhooks"])


def _posted(proxy: Proxy, provider: str, video_id: str, secret: str = SECRET) -> int:
    event = {"id": "evt_1", "object": "event", "type": "video.completed", "data": {"id": video_id}}
    body, stamp = json.dumps(event).encode(), str(int(time.time()))
    headers = {"webhook-id": "evt_1", "webhook-timestamp": stamp, "content-type": "application/json"}
    headers["webhook-signature"] = signature(body, "evt_1", stamp, secret)
    return httpx2.post(f"{proxy.url}/webhooks/{provider}", content=body, headers=headers).status_code


def _forget_all_but_the_job(home: Path) -> None:
    """Leave the journal as a process does that was killed ten minutes ago, right after a job's end."""
    journal = Journal(home)
    journal._database.write(lambda db: db.execute(webhook_deliveries.delete()))
    journal._database.write(lambda db: db.execute(jobs.update().values(ended_at=time.time() - 600)))
    Deliveries.of(journal).set_mark(time.time() - 900)
    journal.close()
