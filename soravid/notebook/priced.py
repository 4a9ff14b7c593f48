"""One clip that is wanted among others: what it costs, then its job, or what is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from soravid.catalog import Quote
from soravid.clips import Clip
from soravid.errors import BudgetExceeded, Cancelled, InvalidRequest, SoravidError
from soravid.job import Job
from soravid.plans import Plan

Confirm = Callable[[Plan], bool]
"""What ``session.generate`` asks before it holds any money."""


_OVER = {"failed", "cancelled"}


class Wanted:
    """One clip that is wanted. ``look`` prices it, or takes it where it is there; ``begin`` has it made.

    Args:
        start: starts its job; it is given what to ask before money is held, or None.
        changed: called when its job changes, on the loop thread.

    Attributes:
        job: once it has one.
        problem: why it has none.
        quote: nano-USD that it may cost; None when the price is unknown.
        size: ``WIDTHxHEIGHT`` that it will have, as far as that is known.
    """

    def __init__(self, start: Callable[[Confirm | None], Job], changed: Callable[[], object]) -> None:
        self._start, self._changed = start, changed
        self._lock = threading.Lock()
        self.job: Job | None = None
        self.problem: SoravidError | None = None
        self.quote: Quote | None = None
        self.size: str | None = None

    @property
    def clip(self) -> Clip | None:
        """Its clip, once it is there."""
        return self.job.wait() if self.job and self.job.done() and self.job.error is None else None

    @property
    def running(self) -> bool:
        """Whether its job has not ended."""
        return self.job is not None and not self.job.done()

    @property
    def failed(self) -> bool:
        """Whether there is no clip, nor will be one by itself."""
        return self.problem is not None or (self.job is not None and self.job.done() and not self.clip)

    @property
    def error(self) -> SoravidError | None:
        """Why there is no clip, once that is known."""
        return self.problem or (self.job.error if self.job else None)

    @property
    def hopeless(self) -> bool:
        """Whether something is wrong with what is asked for, so that it is not expected to be made."""
        return isinstance(self.problem, InvalidRequest) and not isinstance(self.problem, BudgetExceeded)

    @property
    def pending(self) -> bool:
        """Whether ``begin`` would do something."""
        return not self.running and self.clip is None

    @property
    def price(self) -> Quote | None:
        """Nano-USD that making it costs; None when that is unknown."""
        held = self.job.view.held if self.job else None
        return self.quote or (None if held is None else Quote(held, held, held))

    def look(self) -> None:
        """Take the clip, or the running job, that there is; else only learn the price. Sends nothing."""
        asked: list[Plan] = []

        def only_ask(plan: Plan) -> bool:
            asked.append(plan)
            return False

        try:
            self._take(self._start(only_ask))
        except Cancelled as unmade:
            if not asked:
                self.problem = unmade
            else:
                self.quote, (_, self.size) = asked[-1].quote, asked[-1].steps[0].expected
        except SoravidError as wrong:
            self.problem = wrong

    def begin(self) -> None:
        """Have it made, unless it is there or on its way. What goes wrong stands in ``problem``."""
        with self._lock:
            if not self.pending:
                return
            self.problem = None
            try:
                if self.job and self.job.status not in _OVER:
                    self.job.resume()  # it may still give a clip: it is never sent again
                else:
                    self._take(self._start(None))
            except SoravidError as wrong:
                self.problem = wrong
        self._changed()

    def _take(self, job: Job) -> None:
        self.job = job
        self.size = job.view.size or self.size
        job.on_update(lambda _: self._changed())
