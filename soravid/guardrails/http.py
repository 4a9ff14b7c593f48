"""How guardrails reach a server: by the transport, on the one loop, telling nobody a key or a prompt."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from soravid import loop, settings
from soravid.deployments import Deployment, ProviderProfile
from soravid.errors import MissingKey, ProviderError, ServerError
from soravid.providers.base import Flow, Request, Response
from soravid.transport import Transport

_ATTEMPTS = 2
_ENVIRONMENT = "os.environ/"


class Endpoint:
    """One address to which questions are posted as JSON.

    Args:
        url: where to.
        headers: the credential, among others.
        transport: whose connections are used; None for the guardrails' own.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str] | None = None, transport: Transport | None = None
    ) -> None:
        self._url, self._headers, self._transport = url, dict(headers or {}), transport

    @property
    def host(self) -> str:
        """The server's name, which is all that may be told of the address."""
        return urlsplit(self._url).hostname or ""

    async def post(self, body: Any, headers: Mapping[str, str] | None = None, *, timeout: float) -> Any:
        """The JSON that the server answers. A question costs nothing, so it is asked twice if need be.

        May be awaited on any event loop.

        Raises:
            ConnectionFailed: the server could not be reached.
            ConnectionLost: no answer came; ``timeout`` is seconds without a byte.
            ProviderError: the answer was an error, or no JSON.
        """
        request = Request(
            "POST", self._url, headers={**self._headers, **(headers or {})}, json=body, safe=True
        )
        transport = self._transport or _own_transport()
        work = transport.drive(self._flow(request), timeout, _ATTEMPTS)
        return await asyncio.wrap_future(loop.submit(work))

    def malformed(self) -> ProviderError:
        """What to raise for an answer that does not say what it should."""
        return ServerError(f"The answer of {self.host} cannot be understood.")

    def _flow(self, request: Request) -> Flow[Any]:
        response = yield request
        if not response.ok:
            raise self._error(response)
        body = response.json()
        if body is None:
            raise self.malformed()
        return body

    def _error(self, response: Response) -> ProviderError:
        # Of an error's body only its code: a message may repeat the key or the prompt.
        body = response.json()
        error = body.get("error") if isinstance(body, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        known = isinstance(code, str) and re.fullmatch(r"[a-z_]{3,60}", code)
        return ProviderError(
            f"{self.host} answered with HTTP {response.status}{f' ({code})' if known else ''}.",
            hint="Check its key." if response.status in {401, 403} else "",
            status_code=response.status,
        )


def resolved(value: str | None) -> str | None:
    """A value, or that of the variable that it names as ``os.environ/NAME``.

    Raises:
        MissingKey: the variable is not set.
    """
    if value is None or not value.startswith(_ENVIRONMENT):
        return value
    name = value.removeprefix(_ENVIRONMENT)
    if not os.environ.get(name):
        raise MissingKey(f"The variable {name} that a guardrail names is not set.", param="api_key")
    return os.environ[name]


def openai_like(
    profile: ProviderProfile,
    path: str,
    model: str,
    *,
    api_key: str | None,
    api_base: str | None,
    transport: Transport | None,
) -> Endpoint:
    """An endpoint of a server that speaks OpenAI's API, with its key as a bearer.

    Raises:
        MissingKey: there is none.
        InvalidRequest: an address that cannot work.
    """
    place: Deployment = settings.deployment(
        profile, model, {"api_key": resolved(api_key), "api_base": resolved(api_base)}
    )
    headers = {"authorization": f"Bearer {place.api_key}"} if place.api_key else {}
    return Endpoint(f"{place.api_base}/{path}", headers, transport)


@cache
def _own_transport() -> Transport:
    transport = Transport()
    loop.on_exit(transport.close)
    return transport


if hasattr(os, "register_at_fork"):
    # A forked child must not speak on its parent's connections.
    os.register_at_fork(after_in_child=_own_transport.cache_clear)
