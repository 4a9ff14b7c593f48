"""What is secret goes, wherever it stands; what people write stays."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from soravid import observe
from soravid.observe import hashing, redact
from tests.core.helpers import picture_bytes
from tests.observe.helpers import event

PICTURE = base64.b64encode(picture_bytes(8, 8)).decode()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
AZURE = "https://x.blob.core.windows.net/v/1.mp4?sv=2024-11-04&se=2026-12-01&sr=b&sp=r&sig=cAnArY%2Fabc%3D"
AWS = "https://b.s3.amazonaws.com/a.mp4?X-Amz-Algorithm=AWS4&X-Amz-Credential=AKIA123&X-Amz-Signature=canary9"
GCS = "https://storage.googleapis.com/b/a.mp4?GoogleAccessId=me&Expires=1&Signature=canary9%2F"

SECRETS = [
    ("Authorization: Bearer canary-token-1", "canary-token-1"),
    ('{"authorization": "Basic Y2FuYXJ5OnBhc3M="}', "Y2FuYXJ5"),
    ("the header Bearer c4nary.token", "c4nary"),
    ("Incorrect API key provided: sk-canary-7f3c9d2e.", "sk-canary"),
    ("key sk-proj-AbCdEfGhIjKlMnOpQrSt", "AbCdEfGhIj"),
    ("https://api.example/v1?key=canary", "canary"),
    ("GET /v1/videos?key=AIzaSyCanary0 failed", "Canary0"),
    ("x-goog-api-key: canarycanary", "canarycanary"),
    ("api_key='canary'", "canary"),
    ('"apiKey": "canary"', "canary"),
    ("password=canary", "canary"),
    ("postgresql://me:canary@db.example/x", "canary"),
    ("AIzaSy" + "C" * 33, "CCCCC"),
    ("AKIAIOSFODNN7CANARY0", "CANARY"),
    ("ya29.canary-canary", "canary"),
    ("hf_" + "canary" * 5, "canary"),
    ("key_" + "ca7a" * 16, "ca7a"),
    (f"token {JWT} here", "eyJzdWIi"),
    ("12345678-1234-1234-1234-123456789abc:0123456789abcdef0123456789abcdef", "0123456789abcdef0"),
    ("-----BEGIN PRIVATE KEY-----\nMIIcanary\n-----END PRIVATE KEY-----", "canary"),
    (f"see {AZURE}", "cAnArY"),
    (f"see {AWS} now", "canary9"),
    (f"<{GCS}>", "canary9"),
    ("a path /v/1.mp4?X-Amz-Signature=canary&x=1", "canary"),
    (f"data:image/png;base64,{PICTURE}", PICTURE[:40]),
    ("data:image/svg+xml,%3Csvg%20canary", "canary"),
    (f'{{"image": "{PICTURE}"}}', PICTURE[:40]),
    (json.dumps({"image": PICTURE}).replace("/", "\\/"), PICTURE[:20]),
    (base64.urlsafe_b64encode(picture_bytes(8, 8)).decode(), "iVBORw0KGgo"),
    ("A" * 400, "A" * 100),
]

ORDINARY = [
    "A red kite over a harbour at dawn, slow pan left",
    "The ring bearer walks slowly; the bearer responsibilities grow",
    "Scene 3: a token of love, the secret: a key, low-key lighting, key = C minor",
    "a spy whispers the password: swordfish",
    "authorization: granted to the crew",
    "task-force sk-8 risk-free desk-lamp",
    "https://example.com/kites/red.html and http://localhost:8080/v1/videos?",
    "/home/ada/Notebooks2024/my-very-long-project-name/soravid_media/a_red_kite_over_a_harbour_at_dawn.mp4",
    "C:\\Users\\ada\\clips",
    "Supercalifragilisticexpialidocious" * 2,
    "job_0123456789abcdef openai/sora-2@api.openai.com 1280x720",
    hashlib.sha256(b"kite").hexdigest(),
    hashlib.sha512(b"kite").hexdigest(),
    "sha256:" + hashlib.sha256(b"kite").hexdigest(),
    "video_6890abcdef1234567890abcdef1234567890abcdef",
    "data: 5 kites, base64 and bearer",
    "夜の港に赤い凧" * 30,
]

WORDS = st.lists(
    st.text(st.characters(categories=["L", "Nd", "Po", "Zs"], exclude_characters=":=/?\\"), max_size=12),
    max_size=40,
).map(" ".join)
KEYS = st.text(string.ascii_letters + string.digits + "-_.~!@#$%^&*()+/?:;,<>'\"\\ ", min_size=6, max_size=60)


UNHURRIED = settings(deadline=None, max_examples=200)


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    yield
    nothing_is_known()


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=range(len(SECRETS)))
def test_what_looks_like_a_secret_goes(text: str, secret: str) -> None:
    assert secret in text
    for value in (text, f"Wrong: {text}", [text], {"message": {"detail": text}}, ValueError(text), {text: 1}):
        assert secret not in json.dumps(redact.redact(value))


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_stays(text: str) -> None:
    assert redact.redact(text) == text


@given(WORDS)
@UNHURRIED
def test_ordinary_text_is_never_changed(text: str) -> None:
    assert redact.redact(text) == text


@given(KEYS, WORDS, WORDS)
@UNHURRIED
def test_a_known_credential_goes_wherever_it_stands(secret: str, before: str, after: str) -> None:
    assume(secret not in before + redact.GONE + after)
    redact.remember(secret)
    try:
        assert redact.redact(before + secret + after).count(secret) == 0
        assert secret not in redact.redact({"a": [{secret: f"x{secret}"}]}).__repr__()
    finally:
        nothing_is_known()


@given(
    st.integers(48, 4000),
    st.integers(0, 2**32),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
@UNHURRIED
def test_media_in_base64_goes(size: int, seed: int, encode: Any) -> None:
    text = encode(random.Random(seed).randbytes(size)).decode()
    clean = redact.redact(f"The image {text} is too large")
    assert clean.startswith("The image ")
    assert clean.endswith(" is too large")
    assert text[:32] not in clean


def test_a_text_that_was_clean_is_not_once_it_holds_a_credential() -> None:
    told = {"prompt": "a sailor-boy-anchor at dawn", "sailor-boy-anchor": 1}
    assert redact.redact(told) == told
    redact.remember("sailor-boy-anchor")
    assert redact.redact(told) == {"prompt": f"a {redact.GONE} at dawn", redact.GONE: 1}


@given(WORDS, st.text(string.ascii_letters + string.digits, min_size=8, max_size=40), WORDS)
@UNHURRIED
def test_a_planted_key_or_signature_goes(before: str, secret: str, after: str) -> None:
    assume(secret not in before + after)
    for planted in (
        f"sk-{secret}",
        f"https://cdn.example/a.mp4?X-Amz-Signature={secret}",
        f"https://cdn.example/a.mp4?e=1&{secret}=",
        f"api_key={secret}",
        f"Authorization: Bearer {secret}",
        f"https://me:{secret}@cdn.example/a.mp4",
    ):
        assert secret not in redact.redact(f"{before} {planted} {after}")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
@UNHURRIED
def test_the_answer_is_always_json(value: object) -> None:
    json.dumps(redact.redact(value), allow_nan=False)


def nothing_is_known() -> None:
    redact._known.clear()
    redact._spellings = ()


def test_a_known_credential_goes_when_it_is_percent_encoded() -> None:
    redact.remember("ca/na+ry==")
    assert redact.redact("a?b=ca%2Fna%2Bry%3D%3D&c") == "a?b=[redacted]&c"


def test_a_short_text_is_not_taken_for_a_credential() -> None:
    redact.remember("kite")
    redact.remember("")
    redact.remember(None)
    assert redact.redact("A red kite") == "A red kite"


def test_what_stands_under_a_secret_name_goes_whole() -> None:
    clean = redact.redact({"api_key": "low", "Authorization": ["x"], "token": None, "seconds": "8"})
    assert clean == {"api_key": redact.GONE, "Authorization": redact.GONE, "token": None, "seconds": "8"}


def test_an_id_may_be_long() -> None:
    long = (
        "video_" + base64.b64encode(b"litellm:custom_llm_provider:azure;model_id:sora-2;video_id:v1").decode()
    )
    assert redact.redact({"video_id": long, "image": long[6:]}) == {"video_id": long, "image": redact.GONE}


def test_a_value_inside_itself_ends() -> None:
    loop: list[Any] = ["kite"]
    loop.append(loop)
    assert redact.redact(loop) == ["kite", "[...]"]


def test_the_newest_credentials_are_kept() -> None:
    for number in range(400):
        redact.remember(f"credential-{number:04}")
    assert redact.redact("credential-0399") == redact.GONE
    assert len(redact._known) == 200


@pytest.mark.parametrize("mode", ["full", "hashed"])
def test_nothing_planted_reaches_the_log_a_callback_or_a_warning(
    home: Path, mode: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SORAVID_LOG", mode)
    redact.remember("canary-known-credential")
    had: list[observe.Event] = []

    def fails(told: observe.Event) -> None:
        had.append(told)
        raise RuntimeError("canary-known-credential")

    observe.subscribe(fails)
    try:
        for text, _ in [*SECRETS, ("canary-known-credential", "")]:
            observe.emit(
                event(
                    prompt=text,
                    parameters={"extra_body": {"image": [text], text: 1}},
                    error_message=text,
                    labels={"note": text},
                    user=text,
                )
            )
        assert observe.flush(20)
    finally:
        observe.unsubscribe(fails)
    seen = b"".join(path.read_bytes() for path in (home / "log").glob("*.jsonl")).decode()
    seen += repr(had) + caplog.text
    assert len(had) == len(SECRETS) + 1
    assert (hashing.PREFIX in seen) == (mode == "hashed")
    for _, secret in SECRETS:
        assert secret not in seen
    assert "canary-known-credential" not in seen
