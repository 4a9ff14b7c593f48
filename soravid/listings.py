"""The models that a provider lists itself: asked for when one is named that the catalogue does not have."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from soravid import catalog, checks, settings
from soravid.deployments import Connection
from soravid.errors import InvalidRequest, SoravidError
from soravid.providers import names, provider_class
from soravid.transport import Transport

_KEPT = 3600.0
"""Seconds for which a listing is good."""
_asked: dict[tuple[str, str], float] = {}
_learnt: set[str] = set()


async def learn(transport: Transport, model: str, given: Connection | None = None) -> None:
    """Add a provider's own listing to the catalogue, once an hour, if ``model`` is not in it.

    A provider that cannot be asked is not an error here: the check of the model says what is wrong.
    """
    if "/" not in model or catalog.find(model):
        return
    provider, _ = checks.split_model(model)
    if provider in names():
        await refresh(transport, provider, given)


async def refresh(transport: Transport, provider: str, given: Connection | None = None) -> None:
    """Ask one provider for its models, unless that was done within the hour."""
    try:
        adapter = provider_class(provider)
        deployment = settings.deployment(adapter.profile, "*", given)
        address = provider, deployment.api_base
        if time.monotonic() - _asked.get(address, -_KEPT) < _KEPT:
            return
        rows = await transport.drive(adapter(deployment).models(), 15.0, attempts=2)
    except SoravidError:
        return
    took(*address, rows)


def took(provider: str, api_base: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add what a provider at an address lists, as rows of the catalogue; it is good for an hour."""
    _asked[provider, api_base] = time.monotonic()
    written = {model.id for model in catalog.models()} - _learnt  # by us, or by the user: that counts more
    for row in rows:
        if row.get("id") not in written:
            with suppress(InvalidRequest):  # one strange row is no reason to do without the others
                _learnt.update(model.id for model in catalog.add(row))


def forget(provider: str) -> None:
    """Know no more of what a provider has listed: another of its accounts may use other models."""
    for address in [each for each in _asked if each[0] == provider]:
        del _asked[address]
    gone = {name for name in _learnt if name.partition("/")[0] == provider}
    catalog.remove(gone)
    _learnt.difference_update(gone)
