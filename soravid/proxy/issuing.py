"""Gives out keys, and sets what they, users and teams may do: the one text behind the routes and commands.

Fields have LiteLLM's names. Money comes in USD and is kept as nano-USD in the ledger's budgets.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from soravid.errors import InvalidRequest, nearest, one_of
from soravid.ledger import Account, Scope
from soravid.ledger import holders as of_holders
from soravid.ledger import keys as of_keys
from soravid.ledger.budgets import Budgets
from soravid.ledger.holders import Holder, HolderKind, Holders
from soravid.ledger.keys import Key, Keys
from soravid.money import to_usd
from soravid.proxy import values
from soravid.proxy.options import seconds_of

Fields = Mapping[str, Any]

_BUDGET = {"max_budget", "budget_duration", "default_hold"}
_COMMON = _BUDGET | {
    *("models", "rpm_limit", "max_parallel_jobs", "max_parallel_requests", "blocked", "metadata"),
}
_KEY = {"key_alias", "team_id", "user_id", "duration", "expires"} | _COMMON
_HOLDER: dict[HolderKind, set[str]] = {
    "user": {"user_id", "user_alias"} | _COMMON,
    "team": {"team_id", "team_alias", "shares_clips"} | _COMMON,
}
_IGNORED = {
    *("aliases", "config", "permissions", "model_max_budget", "tpm_limit", "soft_budget", "tags", "key_type"),
    *("send_invite_email", "guardrails", "allowed_cache_controls", "model_rpm_limit", "model_tpm_limit"),
    *("user_email", "user_role", "teams", "auto_create_key", "members_with_roles", "organization_id"),
    *("admins", "members", "allowed_routes", "object_permission", "rpm_limit_type", "tpm_limit_type"),
}
"""Of LiteLLM's, and without a meaning here: told in the answer."""


class Issuer:
    """Keys, users and teams of one journal. Blocking: call it from a thread."""

    def __init__(self, keys: Keys, holders: Holders, budgets: Budgets) -> None:
        self.keys, self.holders, self._budgets = keys, holders, budgets

    # --- keys ----------------------------------------------------------------------------------------

    def issue(self, fields: Fields) -> dict[str, Any]:
        """A new key. Its ``key`` is shown here and nowhere else.

        Raises:
            InvalidRequest: a field that there is not, a value that cannot be, or a team that is not there.
        """
        given, ignored = _known(fields, _KEY)
        news = self._key_news(given)
        draft = Key(id=of_keys.new_id(), digest="", hint="", **news)
        self._check_holders(news)
        # The budget first: there is no moment in which the key opens without one.
        self._set_budget(draft.scope, given)
        key, secret = self.keys.create(draft)
        return {"key": secret, **self.key_info(key), **ignored}

    def change(self, name: str, fields: Fields) -> dict[str, Any]:
        """Change what a key may do; a field that is None is taken away.

        Raises:
            InvalidRequest: as for ``issue``, or there is no such key.
        """
        key = self.keys.get(name)
        given, ignored = _known(fields, _KEY)
        news = self._key_news(given)
        self._check_holders(news)
        self._set_budget(key.scope, given)
        return self.key_info(self.keys.update(key.id, **news) if news else key) | ignored

    def rotate(self, name: str) -> dict[str, Any]:
        """Give a key a new secret, shown here and nowhere else; the old one opens nothing from now on.

        Raises:
            InvalidRequest: there is no such key.
        """
        key, secret = self.keys.rotate(self.keys.get(name).id)
        return {"key": secret, **self.key_info(key)}

    def key_info(self, key: Key) -> dict[str, Any]:
        """What is known of a key, and how its account stands."""
        return {
            "token": key.id,
            "token_id": key.id,
            "key_name": key.hint,
            "key_alias": key.alias,
            "team_id": key.team_id,
            "user_id": key.user_id,
            "expires": values.iso(key.expires_at),
            **self._common(key),
        }

    def _key_news(self, given: dict[str, Any]) -> dict[str, Any]:
        news = _news(given)
        for name in ("key_alias", "team_id", "user_id"):
            if name in given:
                news[name.removeprefix("key_")] = values.text(name, given[name])
        if "duration" in given and "expires" in given:
            raise InvalidRequest("Give duration or expires, not both.", param="duration")
        if "duration" in given:
            length = given["duration"]
            news["expires_at"] = None if length is None else time.time() + seconds_of("duration", length)
        if "expires" in given:
            news["expires_at"] = values.moment(given["expires"])
        return news

    def _check_holders(self, news: dict[str, Any]) -> None:
        """See that a key's team is there, and write its user down where nobody has yet."""
        if (team := news.get("team_id")) is not None:
            self.holders.get("team", team)
        if (user := news.get("user_id")) is not None and self.holders.find("user", user) is None:
            self.holders.create(Holder(kind="user", id=user))

    # --- users and teams -----------------------------------------------------------------------------

    def add(self, kind: HolderKind, fields: Fields) -> dict[str, Any]:
        """A new user or team.

        Raises:
            InvalidRequest: a field that there is not, a value that cannot be, or there is one of that id.
        """
        given, ignored = _known(fields, _HOLDER[kind])
        holder_id = values.text(f"{kind}_id", given.pop(f"{kind}_id", None)) or of_holders.new_id(kind)
        holder = Holder(kind=kind, id=holder_id, **_holder_news(kind, given))
        self._set_budget(holder.scope, given)
        return self.holder_info(self.holders.create(holder)) | ignored

    def alter(self, kind: HolderKind, fields: Fields) -> dict[str, Any]:
        """Change what holds for all keys of a user or a team.

        Raises:
            InvalidRequest: as for ``add``, or there is none of that id.
        """
        given, ignored = _known(fields, _HOLDER[kind])
        holder = self.holders.get(kind, str(given.pop(f"{kind}_id", "")))
        news = _holder_news(kind, given)
        self._set_budget(holder.scope, given)
        changed = self.holders.update(kind, holder.id, **news) if news else holder
        return self.holder_info(changed) | ignored

    def holder_info(self, holder: Holder) -> dict[str, Any]:
        """What is known of a user or a team, and how its account stands."""
        shares = {"shares_clips": holder.shares_clips} if holder.kind == "team" else {}
        return {
            f"{holder.kind}_id": holder.id,
            f"{holder.kind}_alias": holder.alias,
            **shares,
            **self._common(holder),
        }

    # --- pieces --------------------------------------------------------------------------------------

    def _common(self, holder: Key | Holder) -> dict[str, Any]:
        return {
            "models": list(holder.models),
            "rpm_limit": holder.rpm_limit,
            "max_parallel_jobs": holder.max_parallel_jobs,
            "max_parallel_requests": holder.max_parallel_jobs,
            "blocked": holder.blocked,
            "metadata": holder.labels,
            "created_at": values.iso(holder.created_at),
            "updated_at": values.iso(holder.updated_at),
            **money_of(self._budgets.get(holder.scope)),
        }

    def _set_budget(self, scope: Scope, given: dict[str, Any]) -> None:
        if not _BUDGET & given.keys():
            return
        now = self._budgets.get(scope)
        limit, hold = now.limit, now.default_hold
        if "max_budget" in given:
            limit = values.nano("max_budget", given["max_budget"])
        if "default_hold" in given:
            hold = values.nano("default_hold", given["default_hold"])
        self._budgets.set(scope, limit, given.get("budget_duration", now.every), hold)


def money_of(account: Account) -> dict[str, Any]:
    """How an account stands, in USD."""

    def usd(nano: int | None) -> Decimal | None:
        return None if nano is None else to_usd(nano)

    return {
        "max_budget": usd(account.limit),
        "spend": usd(account.spent),
        "held": usd(account.held),
        "remaining": usd(account.remaining),
        "budget_duration": account.every,
        "budget_reset_at": values.iso(account.resets_at),
        "default_hold": usd(account.default_hold),
    }


def _known(fields: Fields, names: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that mean something here, and in ``ignored`` those of LiteLLM's that do not."""
    for name in fields.keys() - names - _IGNORED:
        near = nearest(str(name), names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {one_of(sorted(names))}."
        raise InvalidRequest(f"There is no field {name!r}.", param=str(name), hint=hint)
    without = sorted(name for name in fields.keys() & _IGNORED if fields[name] not in (None, [], {}))
    given = {name: value for name, value in fields.items() if name in names}
    return given, {"ignored": without} if without else {}


def _news(given: dict[str, Any]) -> dict[str, Any]:
    """What changes of a key's or a holder's own columns."""
    news: dict[str, Any] = {}
    read: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
        "models": ("models", values.models),
        "rpm_limit": ("rpm_limit", values.count),
        "max_parallel_requests": ("max_parallel_jobs", values.count),
        "max_parallel_jobs": ("max_parallel_jobs", values.count),
        "blocked": ("blocked", values.flag),
        "metadata": ("labels", values.metadata),
    }
    for name, (column, reader) in read.items():
        if name in given:
            news[column] = reader(name, given[name])
    return news


def _holder_news(kind: HolderKind, given: dict[str, Any]) -> dict[str, Any]:
    news = _news(given)
    if f"{kind}_alias" in given:
        news["alias"] = values.text(f"{kind}_alias", given[f"{kind}_alias"])
    if "shares_clips" in given:
        news["shares_clips"] = values.flag("shares_clips", given["shares_clips"])
    return news
