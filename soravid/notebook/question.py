"""Asks before something dear is made. Where nobody can answer, the answer is no."""

from __future__ import annotations

from IPython.core.error import StdinNotImplementedError

from soravid import settings
from soravid.errors import BudgetExceeded
from soravid.money import show, to_nano
from soravid.plans import Plan


class Question:
    """One question for all takes of a cell, if they may cost more than ``above`` USD together."""

    def __init__(self, above: str, takes: int) -> None:
        self._above = to_nano(above, param="ask_above")
        self._takes = takes
        self._answer: bool | None = None

    def __call__(self, plan: Plan) -> bool:
        """Whether to go on.

        Raises:
            BudgetExceeded: nobody is there to ask.
        """
        total = None if plan.estimate is None else plan.estimate * self._takes
        if total is not None and total <= self._above:
            return True
        if self._answer is None:
            self._answer = self._ask(show(total))
        return self._answer

    def _ask(self, price: str) -> bool:
        what = "This clip" if self._takes == 1 else f"These {self._takes} clips"
        says = f"{what}: at most {price}" if price.startswith("$") else f"{what}: {price}"
        try:
            if not settings.waits():
                return input(f"{says}. Make it? [y/N] ").strip().lower() in {"y", "yes"}
        except (StdinNotImplementedError, EOFError):
            pass
        raise BudgetExceeded(
            f"{says}, and nobody is here to be asked.",
            param="ask_above",
            hint="Raise %config VideoMagics.ask_above.",
        )
