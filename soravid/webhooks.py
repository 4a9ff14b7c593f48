"""Signs webhooks, and tells a provider's from anybody else's (source: Standard Webhooks 1.0, as OpenAI's).

The body must be the bytes that arrived: JSON that was read and written again has another signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import NamedTuple

from soravid.errors import InvalidRequest

TOLERANCE = 300.0
"""Seconds by which a webhook's time may differ from ours: an older one may be somebody's recording."""
_PREFIX = "whsec_"


class Event(NamedTuple):
    """What a webhook tells.

    Attributes:
        type: such as ``video.completed`` or ``video.failed``.
        video_id: the provider's id of the video; None where the event is about something else.
    """

    type: str
    video_id: str | None


def read_event(body: bytes, headers: Mapping[str, str], secret: str, *, now: float | None = None) -> Event:
    """The event in a webhook, once its signature and its time are found good.

    It is news, not proof of a state: ask the provider for that. The same event may come more than once.

    Args:
        body: as it arrived.
        headers: ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, in upper or lower case.
        secret: ``whsec_`` and the key in base64; without the prefix, the key itself.
        now: Unix seconds; None: the time it is.

    Raises:
        InvalidRequest: not signed with that secret, too old or too new, or no event; ``param`` names what.
    """
    given = {name.lower(): value for name, value in headers.items()}
    stamp = _header(given, "webhook-timestamp")
    expected = signature(body, _header(given, "webhook-id"), stamp, secret)
    # Several while the secret is being changed. Versions other than v1 are of other schemes.
    given_ones = _header(given, "webhook-signature").split()
    matches = [hmac.compare_digest(expected.encode(), each.encode()) for each in given_ones]
    if not any(matches):
        raise InvalidRequest(
            "The webhook is not signed with this secret.",
            param="webhook-signature",
            hint="Take the secret from the provider's page of this very endpoint, and the body as it came.",
        )
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 13):
        raise InvalidRequest("The webhook's time is not in Unix seconds.", param="webhook-timestamp")
    late = (time.time() if now is None else now) - int(stamp)
    if abs(late) > TOLERANCE:
        raise InvalidRequest(
            f"The webhook is {abs(late):.0f} s too {'old' if late > 0 else 'new'}: it may be a replay.",
            param="webhook-timestamp",
            hint="See that the clock of this machine is right.",
        )
    return _event(body)


def signature(body: bytes, message_id: str, stamp: str, secret: str) -> str:
    """What stands in ``webhook-signature``: ``v1,`` and the signature in base64.

    Args:
        body: as it is sent.
        message_id: as in ``webhook-id``.
        stamp: Unix seconds, as in ``webhook-timestamp``.
        secret: as for ``read_event``.

    Raises:
        InvalidRequest: the secret cannot be one.
    """
    signed = f"{message_id}.{stamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()}"


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip()
    if not value:
        raise InvalidRequest(f"The webhook has no header {name}.", param=name)
    return value


def _key(secret: str) -> bytes:
    key = secret.strip().encode()
    if secret.strip().startswith(_PREFIX):
        try:
            key = base64.b64decode(key[len(_PREFIX) :], validate=True)
        except binascii.Error:
            key = b""
    if not key:
        raise InvalidRequest("The webhook secret must be whsec_ and a key in base64.", param="secret")
    return key


def _event(body: bytes) -> Event:
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    data = event.get("data") if isinstance(event, dict) else None
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise InvalidRequest("The webhook holds no event.", param="body")
    video_id = data.get("id") if kind.startswith("video.") else None
    return Event(kind, video_id if isinstance(video_id, str) and video_id else None)
