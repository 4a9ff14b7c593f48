"""Who is let in to the admin page: whoever has said the master key, for half a day, by a cookie.

The cookie holds a random token that no script can read. What is stored of it is a digest keyed by the master
key, so another master key signs everybody out, and a copy of the database signs nobody in.
"""

from __future__ import annotations

import hmac
import secrets
import time
from urllib.parse import urlsplit

from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import Response

from soravid import __version__, loop
from soravid.ledger.sign_ins import SignIns
from soravid.limits import Rate
from soravid.proxy.access import FRESH
from soravid.proxy.answers import as_json
from soravid.proxy.bodies import read_fields
from soravid.proxy.envelope import Refusal
from soravid.proxy.parts import Parts

COOKIE = "soravid_admin"
_LASTS = 12 * 3600
"""Seconds that a sign-in is good for."""
_WRONG, _WRONG_OF_ALL = 8, 60
"""Wrong keys a minute, from one address and from all."""
_MOST = 1000
_LARGEST = 4096


class SignIn(BaseModel):
    """What somebody says to be let in."""

    key: str = Field(description="The master key.")


class Entry:
    """Signs in and out, and knows who is."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._sign_ins = parts, SignIns.of(parts.line.journal)
        self._secret = (parts.options.master_key or "").encode()
        self._known: dict[str, tuple[float, float]] = {}
        self._wrong: dict[str, Rate] = {}
        self._wrong_of_all = Rate(_WRONG_OF_ALL)

    async def session(self, request: Request) -> Response:
        """Whether the browser is signed in, and whether it has to be."""
        is_open = self._parts.access.is_open
        signed_in = is_open or await self.knows(request.headers)
        return as_json({"signed_in": signed_in, "needs_key": not is_open, "version": __version__})

    async def sign_in(self, request: Request) -> Response:
        """Sign in with the master key."""
        if self._parts.access.is_open:
            raise Refusal(400, "There is no master key: nobody has to sign in.", "no_master_key")
        _check_origin(request.headers)
        rates = (self._rate_of(request.client.host if request.client else ""), self._wrong_of_all)
        now = time.monotonic()
        if wait := max(rate.wait(now) for rate in rates):
            message = f"Too many wrong keys. Try again in {wait + 1:.0f} s."
            headers = {"retry-after": f"{wait + 1:.0f}"}
            raise Refusal(429, message, "rate_limit_exceeded", headers=headers)
        key = (await read_fields(request, _LARGEST)).get("key")
        if not isinstance(key, str) or not hmac.compare_digest(key.strip().encode(), self._secret):
            for rate in rates:
                rate.take(now)
            raise Refusal(401, "That is not the master key.", "invalid_api_key", param="key")
        token = secrets.token_urlsafe(32)
        await loop.in_thread(self._sign_ins.add, self._digest(token), time.time() + _LASTS)
        return _with_cookie(request, token, _LASTS)

    async def sign_out(self, request: Request) -> Response:
        """Sign this browser out, on every replica."""
        _check_origin(request.headers)
        if token := _token(request.headers):
            digest = self._digest(token)
            self._known.pop(digest, None)
            await loop.in_thread(self._sign_ins.remove, digest)
        return _with_cookie(request, "", 0)

    async def knows(self, headers: Headers) -> bool:
        """Whether a request comes from a page of ours in a browser that is signed in."""
        token = _token(headers)
        if token is None:
            return False
        _check_origin(headers)
        digest = self._digest(token)
        at, until = self._known.get(digest, (0.0, 0.0))
        if at + FRESH < time.monotonic():
            at, until = time.monotonic(), await loop.in_thread(self._sign_ins.expires_at, digest)
            self._known[digest] = at, until
            while len(self._known) > _MOST:
                del self._known[next(iter(self._known))]
        return until > time.time()

    def _digest(self, token: str) -> str:
        return hmac.digest(self._secret, f"sign-in {token}".encode(), "sha256").hex()

    def _rate_of(self, host: str) -> Rate:
        rate = self._wrong.setdefault(host, Rate(_WRONG))
        while len(self._wrong) > _MOST:
            del self._wrong[next(iter(self._wrong))]
        return rate


def _with_cookie(request: Request, token: str, lasts: int) -> Response:
    answer = as_json({"signed_in": bool(token)})
    # Behind a proxy that ends TLS, that proxy says so; who says it wrongly harms nobody else.
    secure = "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "").lower()}
    answer.set_cookie(COOKIE, token, max_age=lasts, httponly=True, samesite="strict", secure=secure)
    answer.headers["cache-control"] = "no-store"
    return answer


def _token(headers: Headers) -> str | None:
    cookies = headers.get("cookie")
    token = cookie_parser(cookies).get(COOKIE) if cookies else None
    return token if token and len(token) < 100 and token.isascii() else None


def _check_origin(headers: Headers) -> None:
    """See that a request is of a page of ours: the browser says whose page asks, and no page can change that.

    Pages of other ports of the same host have our cookie, too: SameSite alone does not keep them out.

    Raises:
        Refusal: it is of another site's.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:  # a plain http address that is not this machine's, where browsers do not say it
        origin = headers.get("origin")
        ours = origin is None or urlsplit(origin).netloc == headers.get("host")
    if not ours:
        raise Refusal(403, "A page of another site cannot do this.", "wrong_origin")
