"""Takes secrets and media out of what is about to be written or shown. The one place that does.

Known credentials are taken out wherever they stand (``remember``); others by their look: tokens, vendors'
keys, the query of an address (where signatures are), media in base64. Ordinary text stays as it is.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

GONE = "[redacted]"
_SHORTEST = 6
"""Characters of a credential that is looked for: a shorter one would be found in ordinary words."""
_MOST = 200
_DEEPEST = 60
_REMEMBERED, _LONGEST_REMEMBERED = 2048, 2000
"""How many names and texts are not searched a second time, and how many characters such a text may have."""

_lock = threading.Lock()
_known: dict[str, None] = {}
_spellings: tuple[str, ...] = ()
"""The known ones as they may stand in a text, the longest first."""


def remember(secret: str | None) -> None:
    """Have a credential taken out of everything, also where it is percent-encoded.

    A text of fewer than 6 characters is not looked for. The newest 200 are kept.
    """
    global _spellings
    if not secret or len(secret) < _SHORTEST or secret in _known:
        return
    with _lock:
        _known[secret] = None
        while len(_known) > _MOST:
            del _known[next(iter(_known))]
        spellings = {spelling for each in _known for spelling in (each, quote(each, safe=""))}
        _spellings = tuple(sorted(spellings, key=len, reverse=True))


def redact(value: Any) -> Any:
    """The same value as JSON, without secrets and media: text, numbers, lists and dicts of them.

    In a dict, what stands under a name such as ``api_key`` goes whole. An exception is its text, bytes are
    their number, and a float that is no number is its name.
    """
    return _cleaned(value, (), "")


def _cleaned(value: Any, above: tuple[int, ...], name: str) -> Any:
    if isinstance(value, str):
        if len(value) < _SHORTEST:
            return value
        # An id may be long and look like media.
        return _text(value, media=not (name == "id" or name.endswith("_id")))
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"[{len(value)} bytes]"
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        if id(value) in above or len(above) > _DEEPEST:
            return "[...]"
        above = (*above, id(value))
        if not isinstance(value, Mapping):
            return [_cleaned(part, above, name) for part in value]
        clean = {}
        for key, part in value.items():
            shown, plain, secret = _name(str(key), _spellings)
            gone = secret and part is not None and not isinstance(part, bool)
            clean[shown] = GONE if gone else _cleaned(part, above, plain)
        return clean
    return _text(str(value))


@lru_cache(maxsize=_REMEMBERED)
def _name(name: str, known: tuple[str, ...]) -> tuple[str, str, bool]:
    """A field's name as it is shown and as it is compared, and whether what stands under it is secret."""
    # Field names are many and short; a key of some vendor is longer.
    plain = len(name) < 20 and name.isidentifier() and not any(secret in name for secret in known)
    small = name.lower().replace("-", "_")
    return name if plain else _text(name), small, small in _SECRET_NAMES


def _text(text: str, *, media: bool = True) -> str:
    if len(text) < _SHORTEST:
        return text
    if len(text) > _LONGEST_REMEMBERED:
        return _searched(text, media, _spellings)
    return _remembered(text, media, _spellings)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(text: str, media: bool, known: tuple[str, ...]) -> str:
    """Most texts come again: a job is told of several times, and its prompt, model and ids are the same."""
    return _searched(text, media, known)


def _searched(text: str, media: bool, known: tuple[str, ...]) -> str:
    for secret in known:
        if secret in text:
            text = text.replace(secret, GONE)
    if media and len(text) >= _RUN:
        text = _RUNS.sub(_unless_words, text)
    small = text.lower()
    for hints, pattern, put in _LOOKS:
        for hint in hints:
            if hint in small:
                text = pattern.sub(put, text)
                break
    return text


# --- what secrets look like --------------------------------------------------------------------------

_NAMES = (
    r"api[-_ ]?keys?|x-goog-api-key|ocp-apim-subscription-key|access[-_]?token|refresh[-_]?token|id[-_]?token"
    r"|auth[-_]?token|security[-_]?token|session[-_]?token|client[-_]?secret|secret[-_]?(?:access[-_]?)?key"
    r"|private[-_]?key|x-amz-[a-z-]+|x-goog-(?:signature|credential)|awsaccesskeyid|key-pair-id"
)
_SECRET_NAMES = frozenset(
    {
        *("api_key", "apikey", "api_keys", "x_api_key", "x_goog_api_key", "ocp_apim_subscription_key"),
        *("authorization", "proxy_authorization", "bearer", "cookie", "set_cookie"),
        *("token", "access_token", "refresh_token", "id_token", "auth_token", "session_token"),
        *("secret", "client_secret", "secret_key", "secret_access_key", "aws_secret_access_key"),
        *("private_key", "password", "passwd", "signature", "x_amz_signature", "x_goog_signature"),
        "x_amz_security_token",
    }
)
_VALUE = r"[^\s\"'&,;<>\\]"


def _without_query(match: re.Match[str]) -> str:
    scheme, person, place, query, fragment = (part or "" for part in match.groups())
    if "=" in query or len(query) > 16:
        query = f"?{GONE}"
    if "=" in fragment:
        fragment = ""
    return scheme + (f"{GONE}@" if person else "") + place + query + fragment


def _unless_ordinary(match: re.Match[str]) -> str:
    """What follows ``bearer`` or ``key=`` is a word of a sentence unless it has a digit or is long."""
    token = match[2]
    return match[1] + (GONE if len(token) >= 20 or any(c.isdigit() for c in token) else token)


def _unless_words(match: re.Match[str]) -> str:
    """A long run of base64's characters; a path, a name or a digest in hex is left as it is."""
    run = match[0]
    parts = re.split(r"\\/|[/_=-]", run)
    if any(len(part) >= 200 for part in parts):
        return GONE
    mixed = (part for part in parts if len(part) >= 24 and _kinds(part) == {"upper", "lower", "digit"})
    if any(sum(c.isupper() for c in part) >= 3 for part in mixed):
        return GONE
    # Words change between capitals, small letters and digits at one place of three, base64 at two.
    changes = sum(_kind(one) != _kind(other) for one, other in pairwise(run))
    return GONE if {"upper", "lower"} <= _kinds(run) and changes >= len(run) * 0.42 else run


def _kind(character: str) -> str:
    if character.isupper():
        return "upper"
    return "lower" if character.islower() else "digit"


def _kinds(text: str) -> set[str]:
    return {_kind(character) for character in text}


class _Rule(NamedTuple):
    """What is looked for, and what it is replaced by.

    The pattern is not tried on a text that has none of the hints (in small letters): most texts have none.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    put: str | Callable[[re.Match[str]], str]


_RUN = 64
"""Characters of base64 in a row that are taken for media."""
_RUNS = re.compile(rf"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]|\\/){{{_RUN},}}={{0,2}}")
_LOOKS = (
    _Rule(
        ("data:",),
        re.compile(r"(?i)\b(data:[a-z]+/[a-z0-9.+-]+(?:;[a-z0-9=._-]+)*,)[^\s\"'<>)]+"),
        rf"\1{GONE}",
    ),
    _Rule(
        ("://",),
        re.compile(
            r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://)([^\s/?#\"'<>]*@)?([^\s?#\"'<>]*)(\?[^\s#\"'<>]*)?(#[^\s\"'<>]*)?"
        ),
        _without_query,
    ),
    _Rule(
        ("private key-----",),
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]*KEY-----|\Z)", re.S),
        GONE,
    ),
    _Rule(
        ("key", "token", "secret", "amz", "goog"),
        re.compile(rf"(?i)((?<![a-z0-9])(?:{_NAMES})[\"']?\s*[:=]\s*[\"']?){_VALUE}{{4,}}"),
        rf"\1{GONE}",
    ),
    _Rule(
        ("passw", "pwd"),
        re.compile(rf"(?i)(\b(?:password|passwd|pwd)(?:=|[\"']\s*:\s*[\"'])){_VALUE}+"),
        rf"\1{GONE}",
    ),
    _Rule(
        ("authorization",),
        re.compile(rf"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|key|token)\s+){_VALUE}+"),
        rf"\1{GONE}",
    ),
    _Rule(
        ("bearer", "authorization", "="),
        re.compile(
            r"(?i)(\bbearer\s+|\bauthorization[\"']?\s*[:=]\s*[\"']?"
            rf"|\b(?:key|token|secret|sig|signature|policy|credential)=)({_VALUE}{{6,}})"
        ),
        _unless_ordinary,
    ),
    # Keys of OpenAI and its like, Google, AWS, GitHub, Hugging Face, xAI, Runway, Replicate, fal; JWTs.
    _Rule(
        (*("sk-", "aiza", "ya29.", "akia", "asia", "gh", "hf_", "xai-", "key_", "r8_", "eyj"), ":"),
        re.compile(
            r"\b(?:sk-[A-Za-z0-9_-]{8,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9._-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}"
            r"|gh[opsur]_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,}|key_[0-9a-f]{32,}"
            r"|r8_[A-Za-z0-9]{30,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}"
            r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)"
        ),
        GONE,
    ),
)
