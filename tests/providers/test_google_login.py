"""Signing in at Google as an account does: a real exchange by google-auth with a token server on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt
from google.auth.exceptions import RefreshError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import soravid
from soravid import errors, google_login, planning, settings
from soravid.deployments import ProviderProfile
from soravid.providers.vertex_ai import VertexAI
from soravid.transport import Transport
from tests.core.helpers import jobs, kinds
from tests.fakes.base import Fake, Operation
from tests.fakes.recorder import Recorded
from tests.fakes.server import serve
from tests.fakes.vertex_ai import PARENT, VertexFake
from tests.providers.cases import KEY
from tests.providers.cases.vertex_ai import CASE

MODEL = "vertex_ai/veo-3.1-generate-001"
EMAIL = "maker@p.iam.gserviceaccount.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@cache
def key_pair() -> tuple[str, str]:
    """An account's private key and its public half, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@dataclass(eq=False)
class TokenServer(Fake):
    """Google's token endpoint: it looks at the signature of what it is asked with."""

    lasts: int = 3600  # seconds
    refuses: bool = False
    answering: threading.Event = field(default_factory=threading.Event)
    issued: set[str] = field(default_factory=set, repr=False)
    url: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.answering.set()

    def operations(self) -> Iterable[tuple[str, str, Operation]]:
        return [("POST", "/token", self._token)]

    async def _token(self, request: Request, call: Recorded) -> Response:
        await asyncio.to_thread(self.answering.wait, 5)
        if self.refuses or call.fields.get("grant_type") != GRANT or not self.answering.is_set():
            body = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return JSONResponse(body, 400)
        claims = jwt.decode(  # type: ignore[no-untyped-call]
            call.fields["assertion"], certs=key_pair()[1], audience="https://oauth2.googleapis.com/token"
        )
        assert (claims["iss"], claims["scope"]) == (EMAIL, "https://www.googleapis.com/auth/cloud-platform")
        token = f"ya29.canary-{len(self.issued)}"
        self.issued.add(token)
        return JSONResponse({"access_token": token, "expires_in": self.lasts, "token_type": "Bearer"})


@pytest.fixture(autouse=True)
def nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CASE.environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VERTEX_AI_ACCESS_TOKEN")
    for name in ("K_SERVICE", "CLOUD_RUN_JOB", "GAE_SERVICE", "GCE_METADATA_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def google() -> Iterator[TokenServer]:
    server = TokenServer()
    with serve(server) as server.url:
        yield server


@pytest.fixture
def account(google: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a service account, named by the environment."""
    file = tmp_path / "account.json"
    write_account(file, google.url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    return file


def write_account(file: Path, url: str, **more: str) -> None:
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k1",
        "private_key": key_pair()[0],
        "client_email": EMAIL,
        "client_id": "1",
        "token_uri": f"{url}/token",
    }
    file.write_text(json.dumps(account | more))


@pytest.fixture
def vertex(google: TokenServer, account: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexFake]:
    """A fake that takes what the token server has issued, and nothing else."""
    fake = VertexFake(api_key="none", tokens=google.issued)
    with serve(fake) as url:
        monkeypatch.setenv("VERTEX_AI_API_BASE", url)
        yield fake


def adapter() -> VertexAI:
    return VertexAI(settings.deployment(VertexAI.profile, "veo-3.1-generate-001"))


# --- the token ---


def test_a_token_is_fetched_once(google: TokenServer, account: Path) -> None:
    assert {google_login.token() for _ in range(3)} == google.issued
    assert len(google.requests) == 1


def test_many_at_once_fetch_one_token(google: TokenServer, account: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: google_login.token(), range(8)))
    assert (tokens, len(google.requests)) == (google.issued, 1)


def test_a_token_that_has_run_out_is_renewed(google: TokenServer, account: Path) -> None:
    google.lasts = 1  # within the minutes before its end a token counts as ended
    assert google_login.token() != google_login.token()
    assert len(google.requests) == 2


def test_a_new_sign_in_counts_from_then_on(google: TokenServer, account: Path) -> None:
    google_login.token()
    write_account(account, google.url, project_id="another")
    os.utime(account, ns=(1, 1))
    google_login.token()
    assert len(google.requests) == 2


def test_the_loop_goes_on_while_google_is_asked(google: TokenServer, vertex: VertexFake) -> None:
    """Google answers once the loop has moved: a token that is fetched on the loop would be refused."""
    google.answering.clear()

    async def run() -> None:
        transport = Transport()

        async def tick() -> None:
            await asyncio.sleep(0.05)
            google.answering.set()

        try:
            asked = adapter().retrieve(f"{PARENT}/operations/1")
            await asyncio.gather(transport.drive(asked), tick())
        finally:
            await transport.close()

    with pytest.raises(errors.NotFound):
        asyncio.run(run())
    assert len(google.issued) == 1


# --- a clip ---


@pytest.mark.parametrize("lasts", [3600, 1])
def test_a_clip_is_made_with_an_accounts_credentials(
    google: TokenServer, vertex: VertexFake, home: Path, lasts: int
) -> None:
    google.lasts = lasts
    bucket = {"parameters": {"storageUri": "gs://mine/out"}}
    clip = soravid.generate("a kite", model=MODEL, seconds=4, extra_body=bucket).wait()
    assert clip.path.read_bytes() == vertex.bytes_of(next(iter(vertex.jobs)))
    assert kinds(home) == ["hold", "spend"]
    assert len(google.requests) == (1 if lasts == 3600 else len(vertex.requests))
    assert {call.method for call in vertex.requests} == {"POST", "GET"}  # the bucket was asked with it, too


def test_no_token_and_no_key_is_written_or_shown(
    google: TokenServer, vertex: VertexFake, account: Path, home: Path, logs: pytest.LogCaptureFixture
) -> None:
    job = soravid.generate("a kite", model=MODEL, seconds=4)
    job.wait()
    provider = planning.current().accounts.provider_of(planning.current().journal.get(job.id))
    create = next(provider.create(_wanted()))
    assert create.bearer is google_login.token
    shown = f"{job!r} {job.view!r} {provider.deployment!r} {create!r} {soravid.doctor()} {logs.text}"
    disk = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    secrets = [*google.issued, key_pair()[0].splitlines()[5], "eyJ"]  # a token, the key, a signed assertion
    for secret in secrets:
        assert secret not in shown
        assert secret.encode() not in disk


def _wanted() -> soravid.types.VideoRequest:
    return soravid.types.VideoRequest(model=MODEL, prompt="a kite")


def test_a_plain_token_comes_first(
    google: TokenServer, vertex: VertexFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    vertex.tokens.add(KEY)
    for name in ("GOOGLE_OAUTH_ACCESS_TOKEN", "VERTEX_AI_ACCESS_TOKEN"):
        monkeypatch.setenv(name, KEY)
        assert adapter().deployment.bearer == KEY
        monkeypatch.delenv(name)
    assert adapter().deployment.bearer is google_login.token
    assert google.requests == []


# --- what goes wrong ---


def test_without_credentials_it_is_said_how_to_get_them(home: Path) -> None:
    assert not settings.has_key(VertexAI.profile)
    with pytest.raises(errors.MissingKey, match="VERTEX_AI_ACCESS_TOKEN") as caught:
        soravid.generate("a kite", model=MODEL)
    assert "gcloud auth application-default login" in caught.value.hint
    assert jobs(home) == []


def test_a_file_that_is_not_there_is_told_before_anything_is_sent(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "gone.json"))
    assert not settings.has_key(VertexAI.profile)
    with pytest.raises(
        errors.MissingKey, match=r"GOOGLE_APPLICATION_CREDENTIALS names no file: .*gone\.json"
    ):
        soravid.generate("a kite", model=MODEL)
    assert jobs(home) == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"type": "unheard of"}', '{"type": "service_account"}', "\udc80"]
)
def test_a_file_that_cannot_be_read_costs_nothing(
    vertex: VertexFake, account: Path, home: Path, text: str
) -> None:
    account.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(errors.MissingKey, match="cannot be read"):
        soravid.generate("a kite", model=MODEL).wait()
    assert kinds(home) == ["hold", "void"]
    assert vertex.requests == []


def test_a_refused_account_costs_nothing_and_is_tried_again(
    google: TokenServer, vertex: VertexFake, home: Path, logs: pytest.LogCaptureFixture
) -> None:
    google.refuses = True
    with pytest.raises(errors.AuthenticationFailed, match=r"\(invalid_grant\)") as caught:
        soravid.generate("a kite", model=MODEL).wait()
    assert caught.value.provider_code == "invalid_grant"
    assert kinds(home) == ["hold", "void"]
    assert vertex.requests == []
    assert "eyJ" not in f"{caught.value!r} {logs.text}"
    google.refuses = False
    assert soravid.generate("a kite", model=MODEL).wait().path.exists()


def test_a_token_server_that_cannot_be_reached_is_a_matter_of_the_network(
    vertex: VertexFake, account: Path, home: Path
) -> None:
    write_account(account, "http://127.0.0.1:9")
    with pytest.raises(errors.ConnectionFailed, match="sign-in could not be reached"):
        soravid.generate("a kite", model=MODEL).wait()
    assert kinds(home) == ["hold", "void"]


def test_a_fault_of_googles_is_a_matter_of_the_network() -> None:
    busy = RefreshError("busy", retryable=True)  # type: ignore[no-untyped-call]
    assert isinstance(google_login._told(busy), errors.ConnectionFailed)
    odd = RefreshError("No credentials: eyJ.secret")  # type: ignore[no-untyped-call]
    told = google_login._told(odd)
    assert isinstance(told, errors.AuthenticationFailed)
    assert "(RefreshError)" in str(told)  # nothing of what the server said


def test_google_auth_that_is_not_installed_is_told(
    account: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)
    assert not settings.has_key(VertexAI.profile)
    with pytest.raises(errors.MissingExtra, match=r"soravid\[vertex\]"):
        soravid.generate("a kite", model=MODEL)
    assert jobs(home) == []


# --- where credentials are looked for ---


def test_gclouds_sign_in_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    assert not google_login.is_set_up()
    (tmp_path / "application_default_credentials.json").write_text("{}")
    assert google_login.is_set_up()
    assert google_login.bearer() is google_login.token


def test_on_googles_machines_nothing_has_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K_SERVICE", "notebooks")
    assert not google_login.is_set_up()  # NO_GCE_CHECK
    monkeypatch.delenv("NO_GCE_CHECK")
    assert google_login.is_set_up()


def test_the_table_of_models_and_the_doctor_name_a_variable() -> None:
    assert settings.missing(VertexAI.profile) == "GOOGLE_APPLICATION_CREDENTIALS"
    assert "GOOGLE_APPLICATION_CREDENTIALS" in f"{soravid.doctor()}"
    assert soravid.models("vertex_ai")[0]["State"] == "sign in to Google"


def test_a_provider_without_variables_of_its_own_says_what_it_needs() -> None:
    profile = ProviderProfile(name="acme", default_base="https://api.acme.example")
    with pytest.raises(errors.MissingKey, match=r"no key for acme: pass api_key=\.\.\."):
        settings.deployment(profile, "m")
    with pytest.raises(errors.MissingKey, match=r"elsewhere\.example is not known: pass api_key=\.\.\."):
        settings.deployment(profile, "m", {"api_base": "https://elsewhere.example/v1"})
