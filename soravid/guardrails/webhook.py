"""A service of one's own, asked over HTTP and signed as Standard Webhooks are (standardwebhooks.com, 1.0)."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from typing import Any, Unpack
from urllib.parse import urlsplit

import httpx2

from soravid.errors import InvalidRequest
from soravid.guardrails.base import BaseGuardrail, Common
from soravid.guardrails.http import Endpoint, resolved
from soravid.guardrails.verdicts import Context, Stage, Verdict
from soravid.transport import Transport
from soravid.webhooks import signature


class WebHook(BaseGuardrail):
    """Posts what is to be judged as JSON, and does what the answer says.

    The question: ``{"stage", "prompt", "negative_prompt", "model", "user", "operation", "labels"}``, and
    ``"images"``, a list of data URLs, where they are wanted. The answer:
    ``{"action": "allow|block|rewrite|flag", "rule": "", "reason": "", "text": ""}``; anything else is a
    failure of the guardrail.

    Args:
        url: where to; http(s).
        secret: the key of the signature, ``whsec_`` and base64, or ``os.environ/NAME``. With it go the
            headers ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` (``v1,`` and the base64 of
            the HMAC-SHA256 of id, timestamp and body, joined by dots).
        images: whether the pictures go along.

    Raises:
        InvalidRequest: an address or a secret that cannot work.
    """

    kind = "webhook"

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        images: bool = False,
        transport: Transport | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(**common)
        self._endpoint = Endpoint(_checked(resolved(url) or ""), transport=transport)
        self._secret = _whole(resolved(secret))
        self._images = images

    async def check(self, stage: Stage, context: Context) -> Verdict:
        """See ``Guardrail.check``."""
        body: dict[str, Any] = {
            "stage": stage,
            "prompt": context.prompt,
            "negative_prompt": context.negative_prompt,
            "model": context.model,
            "user": context.user,
            "operation": context.operation,
            "labels": dict(context.labels),
        }
        if self._images:
            body["images"] = [image.data_url for image in context.images(stage)]
        answer = await self._endpoint.post(body, self._signature(body), timeout=self.timeout)
        try:
            return Verdict.from_json(answer)
        except InvalidRequest:
            raise self._endpoint.malformed() from None

    def _signature(self, body: Any) -> dict[str, str]:
        if self._secret is None:
            return {}
        # The very bytes that the transport will send: they are made by the same code.
        content = httpx2.Request("POST", "http://signed", json=body).content
        name, moment = f"msg_{secrets.token_hex(16)}", str(int(time.time()))
        return {
            "webhook-id": name,
            "webhook-timestamp": moment,
            "webhook-signature": signature(content, name, moment, self._secret),
        }


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or "@" in parts.netloc:
        # The address is not repeated: it may have a token in it.
        raise InvalidRequest(
            "url must be an address such as https://host/path, without a password.", param="url"
        )
    return url


def _whole(secret: str | None) -> str | None:
    """The secret with its prefix, which may have been left out here."""
    if secret is None:
        return None
    try:
        key = base64.b64decode(bare := secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < 16:
        raise InvalidRequest(
            "secret must be whsec_ and the base64 of 24 to 64 random bytes.",
            param="secret",
            hint='Make one: python -c "import base64, secrets; '
            "print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\"",
        )
    return f"whsec_{bare}"
