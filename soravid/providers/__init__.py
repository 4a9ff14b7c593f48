"""The wires that soravid speaks: one file each, sans I/O, named as the provider is in a model's name.

There is no register. A module here is a provider, and so is every entry point of the group
``soravid.providers`` in an installed distribution::

    [project.entry-points."soravid.providers"]
    acme = "acme_video:Acme"
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from soravid.errors import UnknownModel, nearest, one_of
from soravid.providers.base import Download, Flow, Provider, Request, Response

__all__ = ["Download", "Flow", "Provider", "Request", "Response", "names", "plugins", "provider_class"]

_SHARED = {"base", "wire"}
"""Modules here that are no provider."""


@cache
def names() -> tuple[str, ...]:
    """Every provider's name: those that come with soravid, then those that were installed beside it."""
    own = sorted({module.name for module in pkgutil.iter_modules(__path__)} - _SHARED)
    return (*own, *(name for name in plugins() if name not in own))


@cache
def plugins() -> dict[str, EntryPoint]:
    """The providers that other distributions bring. One of them may stand in for one of ours."""
    return {entry.name: entry for entry in entry_points(group="soravid.providers")}


@cache
def provider_class(name: str) -> type[Provider]:
    """The adapter for a provider's name.

    Raises:
        UnknownModel: no such provider; the hint names the nearest.
    """
    if name in plugins():
        adapter: type[Provider] = plugins()[name].load()
        return adapter
    if name in names():
        module = import_module(f"{__name__}.{name}")
        for value in vars(module).values():
            profile = getattr(value, "profile", None)
            if isinstance(value, type) and profile is not None and profile.name == name:
                return value
    near = nearest(name, names())
    raise UnknownModel(
        f"There is no provider {name!r}.",
        param="model",
        hint=f"Did you mean {one_of(near)}?" if near else f"Providers are {one_of(names())}.",
    )
