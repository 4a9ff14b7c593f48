"""The groups of a configuration: which deployments a name stands for, and in which order groups follow."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from typing import Any

from soravid.errors import InvalidRequest, one_of
from soravid.routing.entries import Entry, read_entries
from soravid.routing.health import Clock
from soravid.routing.keys import Resolve
from soravid.routing.policy import Policy, read_policy
from soravid.routing.route import Route

_alive: weakref.WeakSet[Groups] = weakref.WeakSet()


class Groups:
    """Entries, a policy, and the deployments at work that they make.

    ``clock`` gives seconds and is for tests.
    """

    def __init__(self, entries: list[Entry], policy: Policy, clock: Clock = time.monotonic) -> None:
        self.policy = policy
        self.routes = {entry.id: Route(entry, policy, clock) for entry in entries}
        self._groups: dict[str, list[Route]] = {}
        for route in self.routes.values():
            self._groups.setdefault(route.entry.group, []).append(route)
        _alive.add(self)

    @classmethod
    def read(
        cls,
        model_list: Any,
        settings: Any,
        resolve: Resolve,
        *,
        section: str = "router_settings",
        clock: Clock = time.monotonic,
    ) -> Groups:
        """The groups that a ``model_list`` and a ``router_settings`` say.

        Raises:
            InvalidRequest: something in them is not right; the message says what.
        """
        entries = read_entries(model_list, resolve)
        names = {entry.group for entry in entries}
        return cls(entries, read_policy(resolve(settings), names, section), clock)

    @property
    def names(self) -> list[str]:
        """The groups' names, as the configuration has them in order."""
        return list(self._groups)

    def __bool__(self) -> bool:
        return bool(self._groups)

    def find(self, name: str) -> list[Route]:
        """The deployments that a name stands for: a group, an alias, a deployment's id. Empty: it is none."""
        group = self._groups.get(self.policy.aliases.get(name, name))
        if group is None and name in self.routes:
            return [self.routes[name]]
        return group or []

    def chain(self, name: str) -> list[Route | str]:
        """What is tried for a name: its deployments, then those of the groups that follow, each once.

        A model outside of every group stands as its name.
        """
        found: list[Route | str] = []
        for each in self._names(name, set()):
            found += self.find(each) or [each]
        return list(dict.fromkeys(found))

    def _names(self, name: str, seen: set[str]) -> Iterator[str]:
        name = self.policy.aliases.get(name, name)
        if name in seen:
            return
        seen.add(name)
        yield name
        if name not in self._groups:
            return  # a deployment by its id, or a model: what was asked for, and nothing else
        policy = self.policy
        after = policy.fallbacks.get(name) or policy.fallbacks.get("*") or policy.default_fallbacks
        for other in after:
            yield from self._names(other, seen)

    def only(self, name: str) -> Route | None:
        """The one deployment that a name stands for; None where it is no group.

        Raises:
            InvalidRequest: it stands for several, and what is asked needs one account.
        """
        routes = self.find(name)
        if len(routes) > 1:
            ids = one_of(route.entry.id for route in routes)
            raise InvalidRequest(
                f"{name!r} has {len(routes)} deployments: say which account is meant.",
                param="model",
                hint=f"Give the id of one as the model: {ids}.",
            )
        return routes[0] if routes else None


def route_by_id(deployment: str, first: Groups | None = None) -> Route | None:
    """The deployment of that id in the given groups, else in any that this process has."""
    for groups in ([first] if first else []) + list(_alive):
        if deployment in groups.routes:
            return groups.routes[deployment]
    return None
