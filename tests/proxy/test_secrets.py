"""No key, signed address or picture is on disk, in an answer or in what a proxy says."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.core.helpers import picture_bytes
from tests.fakes.cdn import CDNFake
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve
from tests.proxy.operated import MODEL, Proxy, config, good, running

MASTER, UPSTREAM = "sk-canary-master-4f1a9c77e2b0d358", "sk-canary-upstream-91d2e7c4"
HEADER, DATABASE = "canary-header-5521", "canary-password-8841"
PICTURE = picture_bytes(720, 1280)


@dataclass
class Ran:
    """What a proxy has left behind, and all that it has answered."""

    key: str
    disk: bytes
    said: str
    answers: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    home = tmp_path_factory.mktemp("secrets") / "home"
    fake = OpenAIFake(api_key=UPSTREAM, polls_to_finish=1)
    with serve(fake) as upstream, serve(CDNFake()) as fake.cdn_url:
        settings = config(upstream)
        params = settings["model_list"][0]["litellm_params"]
        params |= {"api_key": "os.environ/CANARY", "extra_headers": {"x-gateway": HEADER}}
        settings["general_settings"]["master_key"] = "os.environ/MASTER"
        with running(home, settings, {"CANARY": UPSTREAM, "MASTER": MASTER}) as proxy:
            proxy.master.headers["authorization"] = f"Bearer {MASTER}"
            key, answers = worked(proxy, fake)
        (home / "config.yaml").unlink()
    disk = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    return Ran(key, disk, "".join(proxy.said), answers)


def worked(proxy: Proxy, fake: OpenAIFake) -> tuple[str, str]:
    """Everything that may leak something, and what was answered to it."""
    answers: list[httpx2.Response] = []
    key: str = good(proxy.master.post("/key/generate", json={"key_alias": "canary"}))["key"]
    client = proxy.client(key)
    data = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    kite = {"model": MODEL, "prompt": "A kite", "size": "720x1280"}
    for more in (
        {"input_reference": data},
        {"prompt": "A kite [redirect]"},
        {"prompt": "A kite [refuse]"},
        {"prompt": "A kite [500]"},
        {"input_reference": "http://127.0.0.1:9/a.png?X-Amz-Signature=canary-signature"},
        {"seconds": "5", "input_reference": data},
        {"image": data},
    ):
        answers.append(client.post("/v1/videos", json={**kite, **more}))
        if answers[-1].status_code == 200:
            proxy.ended(client, answers[-1].json()["id"])
    fake.api_key = "changed"  # from here on the provider does not take the proxy's key
    answers.append(client.post("/v1/videos", json=kite))
    wrong = proxy.client("sk-canary-wrong-key")
    answers += [wrong.get("/v1/videos"), client.get("/v1/videos"), client.get("/key/info")]
    answers += [proxy.master.get("/key/list"), proxy.master.get("/openapi.json"), client.get("/v1/models")]
    return key, "".join(f"{answer.headers} {answer.text}" for answer in answers)


@pytest.mark.parametrize("secret", [MASTER, UPSTREAM, HEADER, "canary-signature", "sk-canary-wrong-key"])
def test_no_credential_is_left_anywhere(ran: Ran, secret: str) -> None:
    assert secret.encode() not in ran.disk
    assert secret not in ran.said
    assert secret not in ran.answers


def test_the_key_is_left_nowhere(ran: Ran) -> None:
    assert ran.key.encode() not in ran.disk
    assert ran.key not in ran.said
    assert ran.key not in ran.answers


def test_no_picture_and_no_signed_link_is_left(ran: Ran) -> None:
    assert base64.b64encode(PICTURE)[100:200] not in ran.disk
    assert b"signature=" not in ran.disk
    assert "signature=" not in ran.said + ran.answers


def test_what_is_the_provider_s_fault_with_the_key_is_said_to_be(ran: Ran) -> None:
    assert "The provider did not accept the proxy's key" in ran.answers


def test_the_journal_and_the_clips_are_for_their_owner_alone(ran: Ran, tmp_path: Path) -> None:
    """As the folder of a journal is: prompts and clips are private."""
    from soravid.proxy.media import MediaOptions
    from soravid.proxy.store import Store

    folder = Store(MediaOptions(path=tmp_path / "clips")).folder
    assert folder.stat().st_mode & 0o777 == 0o700
