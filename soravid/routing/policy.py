"""``router_settings``: how a group's deployments are chosen, and what comes when they fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from soravid.errors import InvalidRequest, nearest, one_of
from soravid.routing import keys

Strategy = Literal["simple-shuffle", "least-busy", "lowest-cost", "latency-based"]
_STRATEGIES: dict[str, Strategy] = {
    **{name: name for name in get_args(Strategy)},
    "lowest-cost-routing": "lowest-cost",
    "cost-based-routing": "lowest-cost",
    "cost-based": "lowest-cost",
    "latency-based-routing": "latency-based",
}
SETTINGS = frozenset(
    {
        *("routing_strategy", "num_retries", "allowed_fails", "cooldown_time", "fallbacks"),
        *("default_fallbacks", "model_group_alias", "on_failed_job", "timeout"),
    }
)
SHARED = frozenset(
    {"num_retries", "allowed_fails", "cooldown_time", "fallbacks", "default_fallbacks", "model_group_alias"}
)
"""Settings that LiteLLM also takes from ``litellm_settings``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How deployments are chosen, left alone, and followed by others.

    Attributes:
        strategy: how one of a group's healthy deployments is chosen.
        num_retries: how many of a group's deployments are tried after the first; None: all of them.
        allowed_fails: failures within a minute that a deployment may have; the next one cools it down.
        cooldown_time: seconds that it is then left alone, unless it says itself how long to wait.
        fallbacks: for a group, the groups or models (``provider/model``) that come after it.
        default_fallbacks: the same for every group that has none of its own.
        aliases: other names of groups.
        on_failed_job: whether a job that its provider failed is made again by the next choice.
        timeout: seconds without a byte, for deployments that say none.
    """

    strategy: Strategy = "simple-shuffle"
    num_retries: int | None = None
    allowed_fails: int = 3
    cooldown_time: float = 5.0
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_fallbacks: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    on_failed_job: bool = False
    timeout: float | None = None


def read_policy(settings: object, groups: Collection[str], section: str = "router_settings") -> Policy:
    """The policy that a section says, for these groups.

    Raises:
        InvalidRequest: a setting that cannot work; the message names it.
    """
    given = keys.checked(section, settings, SETTINGS, keys.UNUSED_ROUTER)
    word = str(given.get("routing_strategy", "simple-shuffle"))
    if word not in _STRATEGIES:
        raise InvalidRequest(
            f"There is no routing_strategy {word!r}.",
            param="routing_strategy",
            hint=f"There are {one_of(get_args(Strategy))}.",
        )
    aliases = _aliases(given.get("model_group_alias") or {}, groups)
    known = {*groups, *aliases}
    retries, again = given.get("num_retries"), given.get("on_failed_job", False)
    if not isinstance(again, bool):
        raise InvalidRequest(f"on_failed_job must be true or false, not {again!r}.", param="on_failed_job")
    return Policy(
        strategy=_STRATEGIES[word],
        num_retries=None if retries is None else keys.whole("num_retries", retries, 0),
        allowed_fails=keys.whole("allowed_fails", given.get("allowed_fails", 3), 0),
        cooldown_time=keys.number("cooldown_time", given.get("cooldown_time", 5.0)),
        fallbacks=_fallbacks(given.get("fallbacks") or [], known),
        default_fallbacks=_names("default_fallbacks", given.get("default_fallbacks") or [], known),
        aliases=aliases,
        on_failed_job=again,
        timeout=keys.number("timeout", given["timeout"]) if "timeout" in given else None,
    )


def _fallbacks(rows: Any, known: Collection[str]) -> dict[str, tuple[str, ...]]:
    """``[{"sora": ["veo"]}]`` as a mapping."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows if isinstance(rows, (list, tuple)) else [rows]:
        if not isinstance(row, dict):
            raise InvalidRequest('fallbacks must be a list such as [{"sora": ["veo"]}].', param="fallbacks")
        for name, others in row.items():
            if name == "*":
                found["*"] = _names("fallbacks", others, known)
            else:
                (group,) = _names("fallbacks", [name], known)
                found[group] = _names("fallbacks", others, known)
    return found


def _aliases(rows: Any, groups: Collection[str]) -> dict[str, str]:
    """``{"video": "sora"}``, or LiteLLM's ``{"video": {"model": "sora", "hidden": true}}``."""
    if not isinstance(rows, dict):
        raise InvalidRequest("model_group_alias must hold names and groups.", param="model_group_alias")
    found = {}
    for name, row in rows.items():
        group = row.get("model") if isinstance(row, dict) else row
        if group not in groups:
            raise _no_group("model_group_alias", group, groups)
        found[str(name)] = str(group)
    return found


def _names(param: str, names: Any, known: Collection[str]) -> tuple[str, ...]:
    """Names of groups, or of models as ``provider/model``."""
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, (list, tuple)):
        raise InvalidRequest(f"{param} must be a list of groups, not {names!r}.", param=param)
    for name in listed:
        if name not in known and not (isinstance(name, str) and "/" in name.strip("/")):
            raise _no_group(param, name, known)
    return tuple(cast("list[str]", listed))


def _no_group(param: str, name: object, known: Collection[str]) -> InvalidRequest:
    near = nearest(str(name), known)
    hint = (
        f"Did you mean {one_of(near)}?" if near else (f"There are {one_of(sorted(known))}." if known else "")
    )
    return InvalidRequest(f"{param} names {name!r}, which is no group of model_list.", param=param, hint=hint)
