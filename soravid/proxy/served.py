"""The models that a proxy serves: the groups of its configuration; without any, whatever has a key here."""

from __future__ import annotations

from soravid import catalog, config, settings
from soravid.errors import nearest, one_of
from soravid.proxy.access import Caller
from soravid.proxy.envelope import Refusal
from soravid.routing import Route


def served() -> list[str]:
    """The names that may be asked for."""
    groups = config.groups()
    return [*groups.names, *groups.policy.aliases] if groups else [settings.default_model()]


def models_of(caller: Caller) -> list[str]:
    """The names that a caller may ask for."""
    return [name for name in served() if caller.may_use(name, _behind(_routes(name)))]


def admitted(caller: Caller, name: object) -> str:
    """The name as the pipeline takes it, if the caller may use it.

    A model that is asked for as ``provider/model`` is the group that has it. Nothing that the configuration
    does not name is served, whatever keys the environment holds.

    Raises:
        Refusal: no such model here, or not for this caller.
    """
    if name is None:
        return _only(caller)
    if not isinstance(name, str) or not name.strip():
        raise Refusal(400, "The model must be text.", "invalid_value", param="model")
    routes = _routes(name)
    if not routes and config.groups():
        raise _unknown(name, models_of(caller))
    group = routes[0].entry.group if routes else name
    if not any(caller.may_use(each, _behind(routes) or [name]) for each in (group, name)):
        may = models_of(caller)
        hint = f"It may use {one_of(may)}." if may else "It may use no model of this proxy."
        raise Refusal(403, f"{caller.name} may not use {name!r}. {hint}", "model_not_allowed", param="model")
    return name if config.groups().find(name) else group


def all_admitted(caller: Caller, names: object) -> list[str]:
    """The models of a call's own ``fallbacks`` as the pipeline takes them.

    Raises:
        Refusal: no list of models, or one that the caller may not use.
    """
    if not isinstance(names, list):
        raise Refusal(400, "fallbacks must be a list of models.", "invalid_value", param="fallbacks")
    return [admitted(caller, name) for name in names]


def facts_of(name: str) -> catalog.Model | None:
    """What the catalogue says of a name's first deployment."""
    routes = _routes(name)
    return catalog.find(routes[0].entry.model if routes else name)


def _only(caller: Caller) -> str:
    may = models_of(caller)
    if len(may) == 1:
        return may[0]
    hint = f" It may be {one_of(may)}." if may else ""
    message = f"Missing required parameter: 'model'.{hint}"
    raise Refusal(400, message, "missing_required_parameter", param="model")


def _routes(name: str) -> list[Route]:
    groups = config.groups()
    found = groups.find(name)
    if found or "/" not in name:
        return found
    having = [route.entry.group for route in groups.routes.values() if route.entry.model == name]
    return groups.find(having[0]) if having else []


def _behind(routes: list[Route]) -> list[str]:
    return [route.entry.model for route in routes]


def _unknown(name: str, may: list[str]) -> Refusal:
    near = nearest(name, may)
    hint = f" Did you mean {one_of(near)}?" if near else f" There are {one_of(may)}." if may else ""
    return Refusal(404, f"There is no model {name[:80]!r} here.{hint}", "model_not_found", param="model")
