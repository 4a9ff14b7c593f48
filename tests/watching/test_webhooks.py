"""A webhook is believed if the official client believes it, too."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import openai
import pytest

from soravid.errors import InvalidRequest
from soravid.webhooks import Event, read_event

KEY = base64.b64encode(b"a key of thirty-two bytes, or so.").decode()
SECRET = f"whsec_{KEY}"
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "created_at": 1_760_000_000,
        "type": "video.completed",
        "data": {"id": "video_é1"},
    },
    ensure_ascii=False,
).encode()

Headers = dict[str, str]


def sign(body: bytes = BODY, *, key: str = KEY, late: float = 0.0, stamp: str | None = None) -> Headers:
    """Headers as OpenAI sends them."""
    stamp = stamp or str(int(time.time() - late))
    text = b"wh_1." + stamp.encode() + b"." + body
    signature = base64.b64encode(hmac.digest(base64.b64decode(key), text, hashlib.sha256)).decode()
    return {"webhook-id": "wh_1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def official(body: bytes, headers: Headers, secret: str = SECRET) -> bool:
    """Whether OpenAI's own client believes it."""
    try:
        openai.OpenAI(api_key="sk-test").webhooks.verify_signature(body, headers, secret=secret)
    except (openai.InvalidWebhookSignatureError, ValueError):
        return False
    return True


def ours(body: bytes, headers: Headers, secret: str = SECRET) -> bool:
    try:
        read_event(body, headers, secret)
    except InvalidRequest:
        return False
    return True


def test_a_signed_event_is_read() -> None:
    assert read_event(BODY, sign(), SECRET) == Event("video.completed", "video_é1")
    assert read_event(BODY, sign(), SECRET) == ("video.completed", "video_é1")
    assert official(BODY, sign())


def test_the_official_client_reads_the_same_event() -> None:
    event = openai.OpenAI(api_key="sk-test").webhooks.unwrap(BODY, sign(), secret=SECRET)
    assert (event.type, event.data.id) == tuple(read_event(BODY, sign(), SECRET))  # type: ignore[union-attr]


def test_the_reference_librarys_own_example_is_believed() -> None:
    """Its body is signed as it should be, and is no event."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(InvalidRequest) as caught:
        read_event(b'{"test": 2432232314}', headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now=1614265330)
    assert caught.value.param == "body"


OTHER = base64.b64encode(b"another key altogether, as long...").decode()


def several(*entries: str) -> Headers:
    return sign() | {"webhook-signature": " ".join(entries)}


GOOD = [
    pytest.param(lambda: sign(), id="plain"),
    pytest.param(lambda: sign(late=299), id="nearly too old"),
    pytest.param(lambda: sign(late=-298), id="nearly too new"),
    pytest.param(
        lambda: several(sign(key=OTHER)["webhook-signature"], sign()["webhook-signature"]), id="second of two"
    ),
    pytest.param(
        lambda: several("v1a,bm9uc2Vuc2U=", sign()["webhook-signature"]), id="beside a newer scheme"
    ),
    pytest.param(lambda: several("v1,", "rubbish", "v1,é", sign()["webhook-signature"]), id="beside rubbish"),
]
BAD = [
    pytest.param(lambda: sign(key=OTHER), id="another key"),
    pytest.param(lambda: sign(BODY + b" "), id="another body"),
    pytest.param(lambda: sign() | {"webhook-id": "wh_2"}, id="another id"),
    pytest.param(lambda: sign() | {"webhook-timestamp": str(int(time.time()) - 1)}, id="another time"),
    pytest.param(lambda: sign(late=302), id="too old"),
    pytest.param(lambda: sign(late=-302), id="too new"),
    pytest.param(lambda: sign(stamp="now"), id="no time"),
    pytest.param(lambda: sign(stamp="1e9"), id="no whole time"),
    pytest.param(lambda: several("v1,"), id="an empty signature"),
    pytest.param(lambda: several("v1"), id="no signature"),
    pytest.param(lambda: several(""), id="no entry"),
    pytest.param(dict, id="no headers"),
]


@pytest.mark.parametrize("headers", GOOD)
def test_what_is_good_is_believed(headers: Callable[[], Headers]) -> None:
    assert ours(BODY, headers())


@pytest.mark.parametrize("headers", [each for each in GOOD if each.id != "beside rubbish"])
def test_the_official_client_believes_it_too(headers: Callable[[], Headers]) -> None:
    assert official(BODY, headers())


@pytest.mark.parametrize("headers", BAD)
def test_what_is_not_is_refused_by_both(headers: Callable[[], Headers]) -> None:
    assert (ours(BODY, headers()), official(BODY, headers())) == (False, False)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_header_that_is_missing_is_named(name: str) -> None:
    headers = sign()
    del headers[name]
    with pytest.raises(InvalidRequest, match=name) as caught:
        read_event(BODY, headers, SECRET)
    assert caught.value.param == name


def test_header_names_may_be_in_any_case() -> None:
    assert ours(BODY, {name.title(): value for name, value in sign().items()})


def test_a_secret_without_its_prefix_is_the_key_itself() -> None:
    headers = sign(key=base64.b64encode(b"plain words").decode())
    assert ours(BODY, headers, "plain words")
    assert official(BODY, headers, "plain words")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_***", "  "])
def test_a_secret_that_is_none_is_told_and_lets_nobody_in(secret: str) -> None:
    empty = sign(key="")
    with pytest.raises(InvalidRequest, match="secret") as caught:
        read_event(BODY, empty, secret)
    assert caught.value.param == "secret"


def test_neither_the_secret_nor_the_right_signature_is_in_an_error() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_event(BODY, sign(key=OTHER), SECRET)
    right = sign()["webhook-signature"].removeprefix("v1,")
    for hidden in (KEY, right):
        assert hidden not in f"{caught.value!r} {caught.value}"


def test_an_event_about_something_else_names_no_video() -> None:
    body = json.dumps({"type": "batch.completed", "data": {"id": "batch_1"}}).encode()
    assert read_event(body, sign(body), SECRET) == ("batch.completed", None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1", b'{"type": "video.completed"}', b'{"data": {}}', b"\xff"]
)
def test_what_is_signed_and_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no event"):
        read_event(body, sign(body), SECRET)


def test_the_clock_can_be_given() -> None:
    headers = sign(stamp="1000")
    assert read_event(BODY, headers, SECRET, now=1300).type == "video.completed"
    with pytest.raises(InvalidRequest, match="301 s too old"):
        read_event(BODY, headers, SECRET, now=1301)
