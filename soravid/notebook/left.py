"""Jobs that were left running: offered when the extension is loaded, taken up again when asked to."""

from __future__ import annotations

import threading
from contextlib import suppress

from soravid import cards, living, loop, settings
from soravid.errors import SoravidError
from soravid.job import Job
from soravid.notebook.display import Output, rich_front
from soravid.notebook.lasting import LastingOutput
from soravid.notebook.show import show_live
from soravid.planning import current


def resume_left() -> tuple[list[Job], int]:
    """Go on with every job that nobody waits for; returns them, and how many another process has in hand.

    What is past its deadline is looked at first: it may have ended long ago.
    """
    line = current()
    loop.run(line.settle_overdue())
    mine, others = living.left(line.journal)
    return [Job.of(line, row).resume() for row in mine], len(others)


def offer() -> None:
    """Tell in one line of jobs that ended sessions have left running, if there are any; resumes nothing.

    In a notebook it is told when it is known: `%load_ext` keeps nobody waiting, and what is loaded for it
    is there when the first cell runs.
    """
    if settings.waits():
        return
    here = not settings.database_url()
    if rich_front():
        from contextvars import copy_context

        look = _offer_if_any if not here or _journal_is_there() else _get_ready
        threading.Thread(target=copy_context().run, args=(look,), name="soravid-left", daemon=True).start()
    elif here and _journal_is_there():
        _offer_if_any()


def _journal_is_there() -> bool:
    return (settings.home() / "journal.db").exists()


def _get_ready() -> None:
    """Load what the first cell will need."""
    with suppress(ImportError):
        import soravid.ledger.journal
        import soravid.notebook.widgets.form  # noqa: F401


def _offer_if_any() -> None:
    try:
        line = current()
        count = sum(not Job.of(line, row).waited_for for row in living.lost(line.journal))
    except SoravidError:
        return  # what is wrong with the journal is told when it is used
    if not count:
        return
    words = "1 job was left running. %video resume brings it."
    if count > 1:
        words = f"{count} jobs were left running. %video resume brings them."
    if rich_front():
        _Offer(words)
    else:
        print(f"soravid: {words}")  # noqa: T201


class _Offer:
    """The line and its button; a saved notebook keeps the line."""

    def __init__(self, words: str) -> None:
        still = cards.notice_html(words, tone="quiet"), words
        try:
            from soravid.notebook.widgets.offer import OfferWidget
        except ImportError:
            Output({"text/html": still[0], "text/plain": still[1]})
            return
        self._place = LastingOutput(OfferWidget(words, "Resume", self._resume), *still)

    def _resume(self) -> None:
        try:
            jobs, _ = resume_left()
        except SoravidError as wrong:
            self._place.end(cards.error_html(wrong), cards.error_text(wrong))
            return
        if jobs:
            show_live(jobs, place=self._place)
        else:
            words = "Nothing is left running."
            self._place.end(cards.notice_html(words, tone="quiet"), words)
