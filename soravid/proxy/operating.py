"""What a configuration says of running the proxy: whom to tell of ends, and who may see its metrics.

soravid_settings:
  webhooks:
    - url: https://ops.example.org/clips
      secret: os.environ/CLIPS_WEBHOOK_SECRET      # whsec_ and a key in base64
      events: [video.failed]                       # else all
  provider_webhooks: {openai: os.environ/OPENAI_WEBHOOK_SECRET}
  metrics_key: os.environ/METRICS_KEY              # for /metrics, beside the master key
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from soravid.errors import InvalidRequest, one_of
from soravid.observe import redact
from soravid.providers import provider_class
from soravid.routing import keys
from soravid.webhooks import signature

EventType = Literal["video.completed", "video.failed"]
EVENTS: tuple[EventType, ...] = get_args(EventType)
URL, EVENTS_OF_KEY = "webhook_url", "webhook_events"
"""Names in a key's metadata."""
SETTINGS = {"webhooks", "provider_webhooks", "metrics_key"}
"""The names of these settings in ``soravid_settings``."""
_SECTION = "soravid_settings"


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is told of ends. Neither it nor its secret ever shows: both may let somebody in."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    events: tuple[str, ...] = EVENTS

    @property
    def id(self) -> str:
        """By which deliveries remember it."""
        return f"config:{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"

    @property
    def host(self) -> str:
        """As much of the address as may be told."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingOptions:
    """What whoever runs the proxy has said.

    Attributes:
        hooks: addresses that are told of every key's ends.
        provider_secrets: provider to the secret that its webhooks are signed with.
        metrics_key: opens ``/metrics`` and nothing else.
    """

    hooks: tuple[Hook, ...] = ()
    provider_secrets: dict[str, str] = field(default_factory=dict, repr=False)
    metrics_key: str | None = field(default=None, repr=False)


def read_operating(own: dict[str, Any]) -> OperatingOptions:
    """The settings among those of ``soravid_settings``.

    Raises:
        InvalidRequest: one cannot be; the message says which.
    """
    found = own.get("webhooks") or []
    if not isinstance(found, list):
        raise InvalidRequest(f"{_SECTION}.webhooks must be a list.", param="webhooks")
    metrics_key = own.get("metrics_key")
    if metrics_key is not None and not (isinstance(metrics_key, str) and metrics_key.isascii()):
        raise InvalidRequest(f"{_SECTION}.metrics_key must be plain ASCII text.", param="metrics_key")
    redact.remember(metrics_key)
    return OperatingOptions(
        hooks=tuple(_hook(f"{_SECTION}.webhooks[{number}]", each) for number, each in enumerate(found)),
        provider_secrets=_provider_secrets(own.get("provider_webhooks") or {}),
        metrics_key=metrics_key,
    )


def check_url(where: str, url: object) -> str:
    """An address that can be posted to.

    Raises:
        InvalidRequest: it cannot; the address is not repeated, since it may have a token in it.
    """
    if isinstance(url, str) and len(url) <= 2000 and url.isascii() and url.isprintable():
        try:
            parts = urlsplit(url)
            if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
                return url
        except ValueError:
            pass
    raise InvalidRequest(f"{where}: url must be an address such as https://host/path.", param="url")


def check_events(where: str, events: object) -> tuple[str, ...]:
    """The events that are wanted; all where nothing is said.

    Raises:
        InvalidRequest: one that there is not.
    """
    if events is None:
        return EVENTS
    if not isinstance(events, list) or not events or not all(each in EVENTS for each in events):
        raise InvalidRequest(f"{where}: events must be a list of {one_of(EVENTS)}.", param="events")
    return tuple(events)


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Check the address that a key's metadata may have.

    Raises:
        InvalidRequest: it cannot be posted to, or there is no such event.
    """
    if URL in metadata:
        check_url(f"metadata.{URL}", metadata[URL])
    check_events(f"metadata.{EVENTS_OF_KEY}", metadata.get(EVENTS_OF_KEY))


def _hook(where: str, given: Any) -> Hook:
    given = keys.checked(where, given, {"url", "secret", "events"})
    if "secret" not in given:
        hint = "Any whsec_ and 24 or more random bytes in base64 will do."
        raise InvalidRequest(f"{where}: secret is missing.", param="secret", hint=hint)
    return Hook(
        check_url(where, given.get("url")),
        _secret(where, given["secret"]),
        check_events(where, given.get("events")),
    )


def _provider_secrets(given: Any) -> dict[str, str]:
    where = f"{_SECTION}.provider_webhooks"
    if not isinstance(given, dict):
        raise InvalidRequest(f"{where} must hold providers and secrets.", param="provider_webhooks")
    for provider in given:
        provider_class(str(provider))  # raises where there is no such provider
    return {str(name): _secret(f"{where}.{name}", secret) for name, secret in given.items()}


def _secret(where: str, secret: object) -> str:
    if not isinstance(secret, str):
        raise InvalidRequest(f"{where}: the secret must be text.", param="secret")
    redact.remember(secret)
    try:
        signature(b"", "", "", secret)
    except InvalidRequest as wrong:
        raise InvalidRequest(f"{where}: {wrong.message}", param="secret") from None
    return secret
