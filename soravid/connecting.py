"""Connects this process to a soravid proxy: sees whether it is one, tries the key, then uses its models."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from soravid import cards, catalog, listings, settings
from soravid.accounts import reached
from soravid.deployments import Deployment
from soravid.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InvalidRequest,
    NoProxy,
    ProviderError,
    ServerError,
    SoravidError,
)
from soravid.key_budget import KeyBudget
from soravid.providers.soravid import Soravid
from soravid.transport import Transport

NO_KEY = "none"
"""What is sent to a proxy that asks for no key."""
_PATIENCE = 10.0
"""Seconds without a byte after which nothing answers."""
_ASK = "Ask whoever runs the proxy"
_ENDED = {"key_expired": f"{_ASK} for a new one.", "key_blocked": f"{_ASK}."}
"""Codes of keys that were good once, and what to do then."""


@dataclass(frozen=True, slots=True)
class Connected:
    """Where this process is connected, and as whom. It shows itself as a card, in a terminal as a line.

    Attributes:
        url: the proxy's address.
        key: the key's name, budget and end; None: the proxy does not tell, as for its master key.
        models: what the key may use, named as cells name it.
        default: what a cell makes that names no model.
    """

    url: str
    key: KeyBudget | None
    models: tuple[str, ...]
    default: str

    @property
    def warning(self) -> str:
        """What is not as it should be; empty where all is well."""
        if in_clear(self.url):
            return "http sends the key unencrypted: others on the way can read it. Ask for an https address."
        if not self.models:
            return f"This key may use no model. {_ASK}."
        return ""

    @property
    def title(self) -> str:
        """Where, and as whom."""
        return f"Connected to {where(self.url)}" + (
            f" as {self.key.name}" if self.key and self.key.name else ""
        )

    @property
    def facts(self) -> str:
        """The key's money and times, and how many models there are."""
        money = [self.key.left, *self.key.times] if self.key else ["no budget of its own"]
        count = len(self.models)
        return " · ".join([*money, f"{count or 'no'} model{'s' * (count != 1)}"])

    @property
    def usual(self) -> str:
        """What a cell makes that names no model, with its price."""
        entry = catalog.find(self.default)
        price = f" ({entry.price_line()})" if entry else ""
        return f"A cell that names no model makes {self.default}{price}."

    def __str__(self) -> str:
        return "\n".join(filter(None, [f"{self.title} · {self.facts}", self.usual, self.warning]))

    __repr__ = __str__

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        body = "\n".join(filter(None, [self.facts, self.usual, self.warning]))
        html = cards.notice_html(self.title, body, "warn" if self.warning else "good")
        return {"text/plain": str(self), "text/html": html}


# --- the address --------------------------------------------------------------------------------------


def address(text: str) -> str:
    """A proxy's address as it is kept: without ``/v1`` and a slash at its end.

    Raises:
        InvalidRequest: it is none, or holds what does not belong there; a key in it is not repeated.
    """
    text = text.strip()
    if text.startswith("sk-") or "@" in text or "?" in text or "#" in text:
        raise InvalidRequest(
            "The address holds a key, or something else that does not belong there.",
            param="url",
            hint="Give it as http://host:4000. The key is asked for, or read from SORAVID_API_KEY.",
        )
    if "://" not in text:
        # Only a person can say whether it speaks TLS: to guess might send the key in clear.
        scheme = "http" if _is_here(text.partition("/")[0].partition(":")[0]) else "https"
        hint = f"{scheme}://{text or 'host'}" + (
            ", or http:// where it speaks no TLS." if scheme == "https" else "."
        )
        raise InvalidRequest(
            f"{text or 'An address'} needs http:// or https:// before it.", param="url", hint=f"Try {hint}"
        )
    try:
        parts = urlsplit(text)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1').rstrip('/')}"
    except ValueError:
        pass
    raise InvalidRequest(
        f"{text[:80]} is no address of a proxy.", param="url", hint="It looks like http://host:4000."
    )


def where(url: str) -> str:
    """An address as people say it: without what stands before the host."""
    return url.partition("://")[2]


def in_clear(url: str) -> bool:
    """Whether what is sent there can be read on the way: http, to another machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_here(parts.hostname or "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


# --- the proxy ----------------------------------------------------------------------------------------


async def asks_for_key(transport: Transport, url: str) -> bool:
    """Whether the proxy at an address wants a key. It is asked without one: a key goes to proxies only.

    Raises:
        NoProxy: what answers there is none.
        ConnectionFailed: nothing answers.
    """
    nobody = Deployment(provider="soravid", model="", api_base=_base(url), own_host=False)
    try:
        await _answer(transport, url, Soravid(nobody))
    except AuthenticationFailed:
        return True
    return False


async def join(transport: Transport, url: str, key: str) -> Connected:
    """Connect this process: from now on its proxy is this one, and this is its key there.

    Raises:
        AuthenticationFailed: the proxy does not take the key; all is as it was.
        SoravidError: as for ``asks_for_key``.
    """
    there = Soravid(reached(Soravid.profile, "", {"api_base": _base(url), "api_key": key}))
    rows = await _answer(transport, url, there)
    info = await transport.drive(there.key_info(), _PATIENCE, attempts=2)
    models = tuple(row["id"] for row in rows)
    listings.forget(Soravid.profile.name)
    settings.use_proxy(settings.Proxy(url, key, models))
    listings.took(Soravid.profile.name, there.deployment.api_base, [row for row in rows if len(row) > 1])
    return Connected(url, KeyBudget.of(info or {}), models, settings.default_model())


def leave() -> str:
    """Go back to what the environment says; the address that this process was connected to, or nothing."""
    before = settings.proxy()
    if before is None:
        return ""
    listings.forget(Soravid.profile.name)
    settings.use_proxy(None)
    return before.url


def _base(url: str) -> str:
    return f"{url}{Soravid.profile.base_path}"


async def _answer(transport: Transport, url: str, there: Soravid) -> list[dict[str, Any]]:
    """The proxy's list of models; what goes wrong is told in a person's words."""
    try:
        return await transport.drive(there.listed(), _PATIENCE, attempts=1)
    except ConnectionFailed as wrong:
        raise await _unreached(wrong, url) from None
    except ConnectionLost:
        hint = f"Try https://{where(url)}." if url.startswith("http:") else "Try again in a moment."
        raise ConnectionLost(f"{where(url)} gives no answer.", hint=hint) from None
    except ProviderError as wrong:
        raise _refused(wrong, url) from None


def _refused(wrong: ProviderError, url: str) -> SoravidError:
    """What an error answer means where a proxy's list of models was asked for."""
    status, code, parts = wrong.status_code or 200, wrong.provider_code, urlsplit(url)
    if isinstance(wrong, AuthenticationFailed) and code:
        ended = _ENDED.get(code)
        message = wrong.message if ended else f"{where(url)} does not know this key."
        refused = AuthenticationFailed(message, hint=ended or "", status_code=status, provider_code=code)
        refused.title = wrong.title
        return refused
    if status >= 500:
        return ServerError(f"{where(url)} answers with an error ({status}).", hint="Try again in a moment.")
    if 300 <= status < 400:
        return NoProxy(f"{where(url)} sends one on to another address.", hint=_other(parts, "Take that one."))
    hint = f"Ask whoever runs it for the address; it often has a port, such as http://{parts.hostname}:4000."
    return NoProxy(f"What answers at {where(url)} is no soravid proxy.", hint=_other(parts, hint))


def _other(parts: SplitResult, otherwise: str) -> str:
    """Another address to try, where this one has a path that proxies do not have, or no TLS."""
    if parts.path:
        return f"Leave the path out: {parts.scheme}://{parts.netloc}"
    return otherwise


async def _unreached(wrong: ConnectionFailed, url: str) -> ConnectionFailed:
    """Why nothing was reached, as far as it can be told."""
    host, place = urlsplit(url).hostname or "", where(url)
    fault = next((each for each in _causes(wrong) if isinstance(each, ssl.SSLError)), None)
    if isinstance(fault, ssl.SSLCertVerificationError):
        message, hint = (
            f"The certificate of {host} is not trusted.",
            f"{_ASK}; SSL_CERT_FILE names one of your own.",
        )
    elif fault:
        message, hint = f"{place} does not speak https.", f"Try http://{place}."
    elif not await _is_known(host):
        message, hint = f"There is no host named {host}.", "Look for a typing mistake in the address."
    else:
        message, hint = f"Nothing answers at {place}.", "Does the proxy run, and on this port?"
    return ConnectionFailed(message, hint=hint)


def _causes(wrong: BaseException | None) -> Iterator[BaseException]:
    while wrong:
        yield wrong
        wrong = wrong.__cause__ or wrong.__context__


async def _is_known(host: str) -> bool:
    try:
        return bool(await asyncio.get_running_loop().getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False
