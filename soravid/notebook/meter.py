"""``soravid.meter()``: what this session has spent, holds, has left and saved, in a line that stays true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from soravid import session
from soravid.card_text import shortened
from soravid.cells import CELL, COUNT
from soravid.errors import MissingExtra
from soravid.key_budget import KeyBudget
from soravid.ledger import Account, Spend
from soravid.loop import checked
from soravid.money import show
from soravid.planning import current

if TYPE_CHECKING:
    from soravid.notebook.widgets.meter import MeterWidget

NEAR, FULL = 80, 100
"""Percent of a budget from which on the meter warns."""
_MOST = 12
"""Bars of one kind; what is left is one more."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart: shares are percent of the longest one."""

    label: str
    amount: str
    settled: int
    held: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the money of this session stands. It shows itself as one line.

    Attributes:
        line: ``$0.80 spent · $1.60 held · $2.60 left of $5.00 · saved $2.40``.
        share: percent of the tightest budget that is spent or held; None without one.
        models: bars by model, the dearest first. ``cells``: by the cell that asked for it.
    """

    line: str
    share: int | None
    models: tuple[Bar, ...] = ()
    cells: tuple[Bar, ...] = ()

    @property
    def tone(self) -> str:
        """``info``, ``warn`` or ``bad``."""
        if self.share is None or self.share < NEAR:
            return "info"
        return "warn" if self.share < FULL else "bad"

    @property
    def word(self) -> str:
        """What stands beside the colour; empty while there is nothing to say."""
        return {"warn": "Near the limit", "bad": "Limit reached"}.get(self.tone, "")

    @property
    def mark(self) -> str:
        """The tone's shape."""
        return {"warn": "▲", "bad": "■"}.get(self.tone, "●")

    def __str__(self) -> str:
        return f"{self.mark} {' · '.join(filter(None, [self.word, self.line]))}"

    __repr__ = __str__


@checked
def meter(*, pin: bool = False) -> MeterWidget | Standing:
    """Show what this session has spent, holds, has left and saved; it follows every change by itself.

    A click opens what each model and each cell has spent.

    Args:
        pin: in JupyterLab, keep the line in sight at the foot of the notebook.

    Returns:
        A widget in a notebook; in a terminal the line as it is now.

    Raises:
        MissingExtra: this is a notebook and its packages are not installed.
    """
    try:
        from soravid.notebook.display import rich_front
    except ImportError:
        return standing()
    if not rich_front():
        return standing()
    try:
        from soravid.notebook.widgets.meter import MeterWidget
    except ModuleNotFoundError:
        raise MissingExtra("The meter", "notebook") from None
    return MeterWidget(pin=pin)


def standing(key: KeyBudget | None = None) -> Standing:
    """How the money of this session stands now, and that of its ``key`` at a proxy."""
    from soravid.ledger.browsing import Browsing

    journal = current().journal
    account, spent = session.budget(), session.spend()
    by_model = journal.spend_by_model(journal.session)
    browsing = Browsing(journal)
    by_cell = browsing.spend_by_label(CELL, journal.session)
    newest = {row.id: row for row in browsing.rows([each.newest for each in by_cell[:_MOST]])}
    names = {}
    for cell in by_cell:
        if row := newest.get(cell.newest):
            count = f"[{row.labels.get(COUNT)}] " if cell.value else "No cell: "
            names[cell.newest] = count + shortened(row.prompt, 40)
    return Standing(
        line=" · ".join(filter(None, [_line(account, spent), str(key or "")])),
        share=_share(account, key),
        models=_bars([(model, n, settled, held) for model, n, settled, held in by_model]),
        cells=_bars([(names.get(each.newest, ""), *each[1:4]) for each in by_cell]),
    )


def _line(account: Account, spent: Spend) -> str:
    line = session.budget_line(account, spent)
    if spent.unpriced and account.limit is not None:
        line += f" · {spent.unpriced} with unknown price"
    return line


def _share(account: Account, key: KeyBudget | None) -> int | None:
    taken = [(account.spent + account.held, account.limit)]
    if key:
        taken.append((key.spent + key.held, key.limit))
    shares = [100 * money // limit if limit else FULL for money, limit in taken if limit is not None]
    return max(shares, default=None)


def _bars(rows: list[tuple[str, int, int, int]]) -> tuple[Bar, ...]:
    """Bars for (label, jobs, settled, held); those beyond the most are one."""
    if len(rows) > _MOST + 1:
        rest = rows[_MOST:]
        jobs, settled, held = (sum(column) for column in zip(*(row[1:] for row in rest), strict=True))
        rows = [*rows[:_MOST], (f"{len(rest)} others", jobs, settled, held)]
    longest = max((settled + held for _, _, settled, held in rows), default=0) or 1
    return tuple(
        Bar(label, _amount(jobs, settled, held), 100 * settled // longest, 100 * held // longest)
        for label, jobs, settled, held in rows
    )


def _amount(jobs: int, settled: int, held: int) -> str:
    parts = [f"{jobs} job{'s' * (jobs != 1)}", f"{show(settled)} spent"]
    return " · ".join([*parts, f"{show(held)} held"] if held else parts)
