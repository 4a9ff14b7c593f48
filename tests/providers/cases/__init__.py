"""What the contract asks of every provider: one `CASE` a module here, named as the provider."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tests.fakes.jobs import JobFake

KEY = "sk-secret-of-the-test"


@dataclass(frozen=True)
class Case:
    """One provider as the contract drives it."""

    model: str
    fake: Callable[[], JobFake]
    environment: Callable[[str], Mapping[str, str]]
    """From the fake's base URL to the variables that a user would set."""
    cost: str | None
    """USD of a finished clip of `seconds` and `size`; None where no price is known."""
    body: Mapping[str, Any]
    """What the create's JSON or form holds for the prompt `a red kite`, `seconds` and `size`, whole."""
    seconds: str = "4"
    size: str = "1280x720"
    refusal_cost: str = "0"
    """USD of a clip that is refused at the end."""
    finds_lost: bool = False
    """Whether a create whose answer is lost is found again."""
    cancels: bool = False
    key_variable: str = ""
    """The variable that the error for a missing key names; empty where no key is needed."""
    full: Mapping[str, Any] = field(default_factory=dict)
    """Every further argument that the model takes, for one create that has them all."""
    full_body: Mapping[str, Any] = field(default_factory=dict)
    """What they are in the create's body; a picture's data stands as `<picture>`."""
    creates: str = ""
    """The end of the path that makes a job, where the wire has more than one POST."""


def cases() -> dict[str, Case]:
    """Every provider's case, by its name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: import_module(f"{__name__}.{name}").CASE for name in names}
