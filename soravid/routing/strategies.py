"""How one of a group's deployments is chosen."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from soravid.routing.policy import Strategy
from soravid.routing.route import Route

Offer = tuple[Route, int | None]
"""A deployment, and the nano-USD that the clip most likely costs there (None: unknown)."""


def pick(offers: Sequence[Offer]) -> Route | None:
    """The deployment to try now; None where none is up.

    One that would have to queue is used only where all would; among the rest, those of the lowest ``order``.
    """
    up = [(route, price) for route, price in offers if route.health.up]
    if not up:
        return None
    free = [(route, price) for route, price in up if route.gate.free]
    first = min(route.entry.order for route, _ in free or up)
    tier = [(route, price) for route, price in free or up if route.entry.order == first]
    if not free:
        return _least(tier, lambda route, _: route.gate.waiting)
    return _STRATEGIES[tier[0][0].policy.strategy](tier)


def _shuffled(offers: Sequence[Offer]) -> Route:
    """By weight where one is given, else by the share of requests a minute, else evenly."""
    routes = [route for route, _ in offers]
    shares: list[float] = [route.entry.weight or 0.0 for route in routes]
    if not any(shares):
        shares = [float(route.entry.rpm or 0) for route in routes]
    if not any(shares):
        return random.choice(routes)  # noqa: S311 - not a secret
    return random.choices(routes, shares)[0]  # noqa: S311


def _cheapest(offers: Sequence[Offer]) -> Route:
    return _least(offers, lambda _, price: float("inf") if price is None else price)


def _quickest(offers: Sequence[Offer]) -> Route:
    """The one that has been quickest; one that has not been measured is, by being tried."""
    return _least(offers, lambda route, _: (route.latency is not None, route.latency, route.load))


def _least_busy(offers: Sequence[Offer]) -> Route:
    return _least(offers, lambda route, _: route.load)


def _least(offers: Sequence[Offer], value: Callable[[Route, int | None], object]) -> Route:
    """The offer of the least value; one of them by chance where several are equal."""
    values = [value(*offer) for offer in offers]
    least = min(values)  # type: ignore[type-var]
    return random.choice([route for (route, _), each in zip(offers, values, strict=True) if each == least])  # noqa: S311


_STRATEGIES: dict[Strategy, Callable[[Sequence[Offer]], Route]] = {
    "simple-shuffle": _shuffled,
    "least-busy": _least_busy,
    "lowest-cost": _cheapest,
    "latency-based": _quickest,
}
