"""Several jobs as one: what they come to together, and a row for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from soravid.card_text import TONES, amount, facts, one_line, shortened
from soravid.money import show
from soravid.views import LABELS, JobView, Usual


def row_name(prompt: str) -> str:
    """What a row is called that has a prompt of its own."""
    return shortened(prompt, 80) or "No prompt"


@dataclass(frozen=True, slots=True)
class Tally:
    """What jobs come to. Money is nano-USD, times are Unix seconds.

    Attributes:
        total: how many there will be; None while that is not known.
        ended: how many have ended in each state.
        running: how many have not ended.
        spent: what those that have ended cost; what is re-used costs nothing.
        held: for those that have not ended.
        saved: what the re-used ones had cost.
        unpriced: how many have no known price.
    """

    total: int | None = None
    ended: Counter[str] = field(default_factory=Counter)
    running: int = 0
    spent: int = 0
    held: int = 0
    saved: int = 0
    unpriced: int = 0
    started_at: float | None = None
    finished_at: float | None = None

    def plus(self, views: Iterable[JobView]) -> Tally:
        """The same with more jobs in it."""
        ended, running = Counter(self.ended), self.running
        spent, held, saved, unpriced = self.spent, self.held, self.saved, self.unpriced
        starts = [] if self.started_at is None else [self.started_at]
        ends = [] if self.finished_at is None else [self.finished_at]
        for view in views:
            ended[view.status] += view.done
            running += not view.done
            if view.reused_from is not None:
                saved += view.cost or 0
                continue
            starts.append(view.started_at)
            ends += [view.finished_at] if view.finished_at is not None else []
            money = view.cost if view.done and view.status != "unknown" else view.held
            unpriced += money is None
            spent += view.cost or 0
            held += view.held or 0 if view.cost is None else 0
        return Tally(
            self.total,
            +ended,
            running,
            spent,
            held,
            saved,
            unpriced,
            min(starts, default=None),
            max(ends, default=None),
        )

    @property
    def count(self) -> int:
        """How many have ended."""
        return self.ended.total()

    @property
    def clips(self) -> int:
        """How many have a clip."""
        return self.ended["completed"]

    @property
    def done(self) -> bool:
        """Whether all have ended."""
        return not self.running and self.count == self.total

    @property
    def label(self) -> str:
        """How far they are, in words: ``2 of 4 done, 1 failed``, then ``3 of 4 clips, 1 failed``."""
        whole = self.done and self.clips == self.total
        share = f"{self.clips}" if whole or self.total is None else f"{self.clips} of {self.total}"
        one = self.done and self.total == 1
        what = ("clip" if one else "clips") if self.done else "done"
        others = [f"{n} {LABELS[state].lower()}" for state, n in self.ended.items() if state != "completed"]
        return ", ".join([f"{share} {what}", *others])

    @property
    def state(self) -> str:
        """One state for all: the word of a single job's."""
        if not self.done:
            return "in_progress"
        return "completed" if self.clips == self.total else "unknown" if self.clips else "failed"

    @property
    def tone(self) -> str:
        """The tone of that state; red from the first failure on."""
        return "bad" if self.ended["failed"] else TONES.get(self.state, "busy")

    @property
    def money(self) -> list[str]:
        """What is spent, held and saved, in words."""
        parts = [f"{show(self.spent)} spent"] if self.count or not self.held else []
        parts += [f"{show(self.held)} held"] if self.held else []
        parts += [f"saved {show(self.saved)}"] if self.saved else []
        return [*parts, *([f"{self.unpriced} with unknown price"] if self.unpriced else [])]

    @property
    def progress(self) -> int | None:
        """How many of 100 have ended; None where the total is not known."""
        return self.count * 100 // self.total if self.total else None

    @property
    def failed_share(self) -> int:
        """How many of 100 have ended without a clip."""
        return (self.count - self.clips) * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Board:
    """Several jobs at one moment.

    Attributes:
        rows: a name and a view for each job that is shown.
        tally: what all of them come to, also those without a row.
        usual: how long one of them usually takes.
    """

    rows: tuple[tuple[str, JobView], ...]
    tally: Tally
    usual: Usual | None = None

    @classmethod
    def of(cls, views: Sequence[JobView]) -> Board:
        """A board with a row for each; they are called takes where their prompts are the same."""
        takes = len({view.prompt for view in views}) == 1
        names = (f"Take {k + 1}" if takes else row_name(view.prompt) for k, view in enumerate(views))
        rows = tuple(zip(names, views, strict=True))
        return cls(rows, Tally(len(views)).plus(views), views[0].usual)

    @property
    def done(self) -> bool:
        """Whether nothing more will change."""
        return self.tally.done

    @property
    def prompt(self) -> str:
        """The prompt that all share, else nothing."""
        prompts = {view.prompt for _, view in self.rows}
        return prompts.pop() if len(prompts) == 1 else ""

    @property
    def shared(self) -> list[str]:
        """What holds for every row: model, length, size."""
        each = [[one_line(view.model), *facts(view)] for _, view in self.rows]
        return [fact for fact in each[0] if all(fact in others for others in each)] if each else []

    @property
    def facts(self) -> list[str]:
        """What holds for every row, and the money of all."""
        return [*self.shared, *self.tally.money]

    def own(self, view: JobView) -> list[str]:
        """What holds for a row and not for every other: model, length, size; and its money."""
        shared = self.shared
        known = [fact for fact in (one_line(view.model), *facts(view)) if fact not in shared]
        return [*known, amount(view)]
