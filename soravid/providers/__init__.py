"""The wires that soravid speaks: one file each, sans I/O."""

from __future__ import annotations

from importlib import import_module

from soravid.errors import UnknownModel, nearest, one_of
from soravid.providers.base import Download, Flow, Provider, Request, Response

__all__ = ["PROVIDERS", "Download", "Flow", "Provider", "Request", "Response", "provider_class"]

PROVIDERS: dict[str, str] = {
    "local": "soravid.providers.local:Local",
    "openai": "soravid.providers.openai:OpenAI",
    "azure": "soravid.providers.azure:Azure",
}
"""Provider name, as it stands before the slash of a model, to ``module:class``."""


def provider_class(name: str) -> type[Provider]:
    """The adapter for a provider's name.

    Raises:
        UnknownModel: no such provider; the hint names the nearest.
    """
    try:
        module, _, attribute = PROVIDERS[name].partition(":")
    except KeyError:
        near = nearest(name, PROVIDERS)
        raise UnknownModel(
            f"There is no provider {name!r}.",
            param="model",
            hint=f"Did you mean {one_of(near)}?" if near else f"Providers are {one_of(sorted(PROVIDERS))}.",
        ) from None
    adapter: type[Provider] = getattr(import_module(module), attribute)
    return adapter
