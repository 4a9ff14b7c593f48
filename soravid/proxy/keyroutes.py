"""Keys, users and teams by HTTP, with LiteLLM's names. A key may look at itself; the rest is the master's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from soravid import loop
from soravid.errors import InvalidRequest
from soravid.ledger.holders import HolderKind
from soravid.proxy import schemas
from soravid.proxy.answers import with_money
from soravid.proxy.bodies import Fields, read_fields
from soravid.proxy.documents import ADMIN, TEXT, Line
from soravid.proxy.envelope import Refusal
from soravid.proxy.parts import Parts


class KeyRoutes:
    """Virtual keys: generate, info, list, update, delete, regenerate."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._issuer = parts, parts.issuer

    async def generate(self, request: Request) -> Response:
        """Make a key. It is shown in this answer and nowhere else."""
        fields = await _fields(request, self._parts)
        return await _changed(self._parts, self._issuer.issue, fields)

    async def info(self, request: Request) -> Response:
        """What a key may do and how its budget stands: any for the master key, its own for a key."""
        caller = await self._parts.access.caller(request.headers)
        asked = request.query_params.get("key")
        if caller.key is None and asked is None:
            raise Refusal(400, "Say which: ?key=...", "missing_required_parameter", param="key")
        if caller.key is not None and asked is not None:
            theirs = await loop.in_thread(self._issuer.keys.find, asked)
            if theirs is None or theirs.id != caller.key.id:
                raise Refusal(403, "A key may look at itself only.", "master_key_needed")
        name = caller.key.id if caller.key else str(asked)

        def look() -> dict[str, Any]:
            info = self._issuer.key_info(self._issuer.keys.get(name))
            return {"key": info["token"], "info": info}

        return await _told(look)

    async def list(self, request: Request) -> Response:
        """All keys, newest first; those of a team or a user with ``team_id`` or ``user_id``."""
        await self._parts.access.master(request.headers)
        wanted = {name: request.query_params.get(name) for name in ("team_id", "user_id")}

        def look() -> dict[str, Any]:
            infos = [self._issuer.key_info(key) for key in self._issuer.keys.all(**wanted)]
            return {"keys": infos, "total_count": len(infos), "current_page": 1, "total_pages": 1}

        return await _told(look)

    async def update(self, request: Request) -> Response:
        """Change what a key may do; null takes a limit away."""
        fields = await _fields(request, self._parts)
        return await _changed(self._parts, self._issuer.change, _name(fields), fields)

    async def regenerate(self, request: Request) -> Response:
        """Give a key a new secret, shown here and nowhere else. The old one opens nothing any more."""
        fields = await _fields(request, self._parts)
        name = request.path_params.get("key") or _name(fields)
        return await _changed(self._parts, self._issuer.rotate, name)

    async def delete(self, request: Request) -> Response:
        """Have keys open nothing any more. Their clips and their accounts stay."""
        fields = await _fields(request, self._parts)
        given = _names(fields, "keys", "key_aliases", "key")

        def delete() -> dict[str, Any]:
            keys = [self._issuer.keys.get(name) for name in given]  # all or none
            return {"deleted_keys": [self._issuer.keys.delete(key.id).id for key in keys]}

        return await _changed(self._parts, delete)


class HolderRoutes:
    """Users, or teams: new, info, list, update, delete."""

    def __init__(self, parts: Parts, kind: HolderKind) -> None:
        self._parts, self._issuer, self._kind = parts, parts.issuer, kind

    async def new(self, request: Request) -> Response:
        """Write down a user or a team: what is said here holds for all of its keys together."""
        fields = await _fields(request, self._parts)
        return await _changed(self._parts, self._issuer.add, self._kind, fields)

    async def info(self, request: Request) -> Response:
        """What a user or a team may do, how its budget stands, and its keys."""
        await self._parts.access.master(request.headers)
        wanted = {f"{self._kind}_id": request.query_params.get(f"{self._kind}_id", "")}

        def look() -> dict[str, Any]:
            (holder_id,) = wanted.values()
            info = self._issuer.holder_info(self._issuer.holders.get(self._kind, holder_id))
            keys = [self._issuer.key_info(key) for key in self._issuer.keys.all(**wanted)]
            return {**wanted, f"{self._kind}_info": info, "keys": keys}

        return await _told(look)

    async def list(self, request: Request) -> Response:
        """All users, or all teams, newest first."""
        await self._parts.access.master(request.headers)

        def look() -> dict[str, Any]:
            holders = self._issuer.holders.all(self._kind)
            return {f"{self._kind}s": [self._issuer.holder_info(each) for each in holders]}

        return await _told(look)

    async def update(self, request: Request) -> Response:
        """Change what holds for all keys of a user or a team; null takes a limit away."""
        fields = await _fields(request, self._parts)
        return await _changed(self._parts, self._issuer.alter, self._kind, fields)

    async def delete(self, request: Request) -> Response:
        """Remove users or teams, and have their keys open nothing any more."""
        fields = await _fields(request, self._parts)
        given = _names(fields, f"{self._kind}_ids", f"{self._kind}_id")

        def delete() -> dict[str, Any]:
            for each in given:
                self._issuer.holders.delete(self._kind, each)
            return {f"deleted_{self._kind}s": given}

        return await _changed(self._parts, delete)


async def _fields(request: Request, parts: Parts) -> Fields:
    await parts.access.master(request.headers)
    return await read_fields(request, parts.options.max_request_bytes)


async def _told(work: Callable[..., dict[str, Any]], *given: Any) -> Response:
    """The answer that some work of the ledger's gives."""
    told = await loop.in_thread(work, *given)
    return with_money(told)


async def _changed(parts: Parts, work: Callable[..., dict[str, Any]], *given: Any) -> Response:
    """As ``_told``, of work that changes what a key may do: every key is then looked up anew."""
    try:
        return await _told(work, *given)
    finally:
        parts.access.forget()


def _names(fields: Fields, *params: str) -> list[str]:
    """All that some fields name, each one name or a list of them."""
    found: list[Any] = []
    for param in params:
        value = fields.get(param)
        found += value if isinstance(value, list) else [] if value is None else [value]
    if not found or not all(isinstance(name, str) for name in found):
        raise InvalidRequest(f"Say which: {params[0]}=[...].", param=params[0])
    return found


def _name(fields: Fields) -> str:
    name = fields.pop("key", None)
    if not isinstance(name, str) or not name:
        raise InvalidRequest("Say which: key=...", param="key")
    return name


def lines(parts: Parts) -> list[Line]:
    """The routes for the table."""
    keys = KeyRoutes(parts)
    told: Any = {"tag": "Keys", "gives": schemas.Info, "fails": ADMIN}
    of_holder = [("team_id", TEXT), ("user_id", TEXT)]
    return [
        Line("POST", "/key/generate", keys.generate, takes=schemas.KeyFields, **told),
        Line("GET", "/key/info", keys.info, query=[("key", TEXT)], **told),
        Line("GET", "/key/list", keys.list, query=of_holder, **told),
        Line("POST", "/key/update", keys.update, takes=schemas.NamedKeyFields, **told),
        Line("POST", "/key/regenerate", keys.regenerate, takes=schemas.NamedKey, **told),
        Line("POST", "/key/{key}/regenerate", keys.regenerate, **told),
        Line("POST", "/key/delete", keys.delete, takes=schemas.NamedKeys, **told),
        *_of_holders(parts, "user", schemas.UserFields, schemas.UserIds),
        *_of_holders(parts, "team", schemas.TeamFields, schemas.TeamIds),
    ]


def _of_holders(parts: Parts, kind: HolderKind, fields: Any, ids: Any) -> list[Line]:
    routes = HolderRoutes(parts, kind)
    told: Any = {"tag": f"{kind.title()}s", "gives": schemas.Info, "fails": ADMIN}
    return [
        Line("POST", f"/{kind}/new", routes.new, takes=fields, **told),
        Line("GET", f"/{kind}/info", routes.info, query=[(f"{kind}_id", TEXT)], **told),
        Line("GET", f"/{kind}/list", routes.list, **told),
        Line("POST", f"/{kind}/update", routes.update, takes=fields, **told),
        Line("POST", f"/{kind}/delete", routes.delete, takes=ids, **told),
    ]
