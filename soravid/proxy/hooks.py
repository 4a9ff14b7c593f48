"""Who is told of a job's end: the configuration's addresses, and the one that its key has in its metadata.

A key's secret is not stored. It follows from what is stored of the key, and so does a new one when the key is
rotated; whoever has the key may ask for it. Nothing can be learnt of the key from it.
"""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from soravid import loop
from soravid.errors import InvalidRequest
from soravid.ledger.keys import Key, Keys
from soravid.proxy import names, schemas
from soravid.proxy.answers import as_json
from soravid.proxy.documents import TEXT, Line
from soravid.proxy.envelope import Refusal
from soravid.proxy.operating import EVENTS_OF_KEY, URL, Hook, check_events, check_url
from soravid.proxy.parts import Parts

_OF_KEY = "key:"
_log = logging.getLogger("soravid.proxy")


class Hooks:
    """The addresses that there are now. Blocking: call it from a thread."""

    def __init__(self, keys: Keys, hooks: tuple[Hook, ...]) -> None:
        self._keys = keys
        self._everybodys = {hook.id: hook for hook in hooks}

    def any(self) -> bool:
        """Whether anybody at all is to be told of anything."""
        return bool(self._everybodys) or any(URL in key.labels for key in self._keys.all())

    def of(self, labels: Mapping[str, str], event: str) -> list[str]:
        """The ids of those who want that event of a job with those labels."""
        wanted = [hook_id for hook_id, hook in self._everybodys.items() if event in hook.events]
        own = f"{_OF_KEY}{labels.get(names.KEY)}"
        hook = self.find(own)
        return [*wanted, own] if hook and event in hook.events else wanted

    def find(self, hook_id: str) -> Hook | None:
        """The address of that id, as it is now; None: there is none any more."""
        if not hook_id.startswith(_OF_KEY):
            return self._everybodys.get(hook_id)
        key_id = hook_id.removeprefix(_OF_KEY)
        key = self._keys.find(key_id)
        return _of_key(key) if key and key.id == key_id else None


def is_keys(hook_id: str) -> bool:
    """Whether an address was set by whoever has a key, and not by whoever runs the proxy."""
    return hook_id.startswith(_OF_KEY)


def secret_of(key: Key) -> str:
    """What a key's webhooks are signed with."""
    mac = hmac.digest(bytes.fromhex(key.digest), b"soravid webhooks", "sha256")
    return f"whsec_{base64.b64encode(mac).decode()}"


def _of_key(key: Key) -> Hook | None:
    if URL not in key.labels:
        return None
    try:
        where = f"The webhook of {key.name!r}"
        url, events = check_url(where, key.labels[URL]), check_events(where, key.labels.get(EVENTS_OF_KEY))
    except InvalidRequest as wrong:
        _log.warning("%s", wrong.message)
        return None
    return Hook(url, secret_of(key), events)


class SecretRoute:
    """What a key's webhooks are signed with, for whoever checks them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def secret(self, request: Request) -> Response:
        """The secret of the key that asks; with ``key``, and the master key, of any."""
        caller = await self._parts.access.caller(request.headers)
        key = caller.key
        if key is None:
            asked = request.query_params.get("key")
            if not asked:
                raise Refusal(400, "Say which: ?key=...", "missing_required_parameter", param="key")
            key = await loop.in_thread(self._parts.issuer.keys.get, asked)
        return as_json({"key": key.id, "secret": secret_of(key)})


def lines(parts: Parts) -> list[Line]:
    """The route for the table."""
    fails = (400, 401, 403, 500, 503)
    endpoint = SecretRoute(parts).secret
    return [Line("GET", "/webhooks/secret", endpoint, "Webhooks", schemas.Info, fails, query=[("key", TEXT)])]
