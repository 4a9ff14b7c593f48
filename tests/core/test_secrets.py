"""Keys, tokens, signed addresses and pictures stay in memory: none is written, shown, raised or logged."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import soravid
from soravid import loop, planning, settings
from soravid.providers.openai import OpenAI
from tests.core.helpers import KEY, MODEL, picture_bytes
from tests.core.servers import closed_port
from tests.fakes.cdn import CDNFake
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

CANARY = "sk-canary-7f3c9d2e"
TINY = base64.b64encode(picture_bytes(2, 2)).decode()


@pytest.fixture
def secretive(openai: OpenAIFake, monkeypatch: pytest.MonkeyPatch) -> OpenAIFake:
    """The fake with a key that can be looked for."""
    openai.api_key = CANARY
    openai.extra_parameters = ("image", "webhook")
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    return openai


def written(*folders: Path) -> bytes:
    """Everything that is on disk."""
    return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def test_no_credential_is_on_disk(secretive: OpenAIFake, home: Path) -> None:
    soravid.generate("a kite", model=MODEL).wait()
    soravid.video_generation("a kite", MODEL, extra_headers={"x-gateway-key": "canary-header"})
    with pytest.raises(soravid.SoravidError):
        soravid.video_generation("a kite", MODEL, api_key="sk-canary-wrong")
    disk = written(home, Path())
    for secret in (CANARY, "canary-header", "sk-canary-wrong", "Bearer "):
        assert secret.encode() not in disk


def test_a_small_picture_in_the_extra_body_is_not_in_the_journal(secretive: OpenAIFake, home: Path) -> None:
    soravid.video_generation("a kite", MODEL, extra_body={"image": f"data:image/png;base64,{TINY}"})
    assert TINY.encode() not in written(home)


def test_a_large_picture_in_the_extra_body_is_not_in_the_journal(secretive: OpenAIFake, home: Path) -> None:
    large = base64.b64encode(picture_bytes()).decode()
    soravid.video_generation("a kite", MODEL, extra_body={"image": {"data": [large]}})
    assert large[40:200].encode() not in written(home)


def test_a_signed_address_in_the_extra_body_is_not_in_the_journal(secretive: OpenAIFake, home: Path) -> None:
    address = "https://bucket.example/cat.png?X-Amz-Signature=canary-signature"
    soravid.video_generation("a kite", MODEL, extra_body={"image": address})
    assert b"canary-signature" not in written(home)


def test_a_password_in_the_address_is_not_in_the_journal(secretive: OpenAIFake, home: Path, url: str) -> None:
    base = url.replace("http://", "http://user:canary-password@")
    with suppress(soravid.SoravidError):
        soravid.video_generation("a kite", MODEL, api_base=f"{base}/v1", api_key=CANARY)
    assert b"canary-password" not in written(home)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_the_logs_of_a_job_hold_no_credential(
    secretive: OpenAIFake, logged: pytest.LogCaptureFixture
) -> None:
    soravid.generate("a kite", model=MODEL, input_reference=picture_bytes()).wait()
    assert CANARY not in logged.text


def test_a_signed_address_that_content_redirects_to_is_not_logged(
    secretive: OpenAIFake, logged: pytest.LogCaptureFixture
) -> None:
    with serve(CDNFake()) as secretive.cdn_url:
        soravid.generate("a kite [redirect]", model=MODEL).wait()
    assert "signature=" not in logged.text


def test_a_signed_address_of_a_picture_is_not_logged(
    secretive: OpenAIFake, logged: pytest.LogCaptureFixture, url: str
) -> None:
    with pytest.raises(soravid.SoravidError):
        soravid.video_generation("a kite", MODEL, input_reference=f"{url}/cat.png?sig=canary-signature")
    assert "canary-signature" not in logged.text


def shown(wrong: BaseException | None) -> str:
    """All that an exception says, and what it came from."""
    if wrong is None:
        return ""
    came_from = shown(wrong.__cause__) + ("" if wrong.__suppress_context__ else shown(wrong.__context__))
    return f"{wrong} {wrong!r} {vars(wrong)} {came_from}"


@pytest.mark.parametrize("trigger", ["[refuse]", "[429]", "[500]"])
def test_no_exception_holds_a_credential(secretive: OpenAIFake, trigger: str) -> None:
    with pytest.raises(soravid.SoravidError) as caught:
        soravid.video_generation(f"a kite {trigger}", MODEL)
    assert CANARY not in shown(caught.value)


def test_no_exception_of_the_network_holds_a_credential_or_a_query(secretive: OpenAIFake) -> None:
    address = closed_port()
    with pytest.raises(soravid.SoravidError) as caught:
        soravid.video_generation("a kite", MODEL, api_base=f"{address}/v1", api_key=CANARY)
    assert CANARY not in shown(caught.value)
    with pytest.raises(soravid.SoravidError) as caught:
        soravid.video_generation("a kite", MODEL, input_reference=f"{address}/cat.png?sig=canary-signature")
    assert "canary-signature" not in shown(caught.value)


def test_an_address_that_is_refused_is_shown_without_its_password() -> None:
    with pytest.raises(soravid.SoravidError) as caught:
        soravid.video_generation("a kite", MODEL, api_base="ftp://user:canary-password@host", api_key=KEY)
    assert "canary-password" not in shown(caught.value)


def test_no_repr_holds_a_credential_or_a_picture(secretive: OpenAIFake) -> None:
    connection: Any = {"api_key": CANARY, "extra_headers": {"x-key": "canary-header"}}
    deployment = settings.deployment(OpenAI.profile, "sora-2", connection)
    job = soravid.generate("a kite", model=MODEL, input_reference=picture_bytes())
    clip = job.wait()
    client = soravid.Client(api_key=CANARY, default_headers={"x-key": "canary-header"})
    things: list[object] = [deployment, job, job.view, clip, clip.video, client, client.videos]
    text = " ".join(map(repr, things)) + str(clip)
    assert "canary" not in text
    assert "PNG" not in text


def test_no_repr_of_a_plan_holds_a_picture_from_the_extra_body(secretive: OpenAIFake) -> None:
    line = planning.current()
    plan = loop.run(planning.make_plan(line, "a kite", MODEL, options={"extra_body": {"image": TINY}}))
    assert TINY not in repr(plan)


def test_doctor_and_tables_show_no_credential(secretive: OpenAIFake) -> None:
    soravid.generate("a kite", model=MODEL).wait()
    text = f"{soravid.doctor()} {soravid.models()} {soravid.jobs()}"
    html = str(soravid.doctor()._repr_mimebundle_())
    assert CANARY not in text + html
    assert re.search(r"openai +ready", text)


def test_the_key_of_one_provider_is_not_sent_to_another(
    openai: OpenAIFake, azure: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client made for one account asks for a job that another one made."""
    made = soravid.video_generation("a kite", "azure/sora-2")
    client = soravid.Client(api_key="sk-canary-openai")
    with suppress(soravid.SoravidError):
        client.videos.retrieve(made.id)
    sent = [call.headers for call in azure.requests if call.method == "GET"]
    assert "sk-canary-openai" not in repr(sent)
