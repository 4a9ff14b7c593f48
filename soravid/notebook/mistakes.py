"""What goes wrong is told on a card, in the cell where it does: no traceback through somebody else's code."""

from __future__ import annotations

import linecache
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any

from IPython.display import display

from soravid import cards, settings
from soravid.errors import SoravidError
from soravid.from_row import view_of
from soravid.notebook.display import rich_front
from soravid.observe import redact
from soravid.planning import current

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_OBSERVING = logging.getLogger("soravid.observe")
"""Where faults of callbacks, log files and the like are told, once each."""


class Mistakes:
    """Shows our errors and the faults of callbacks, as long as the extension is loaded."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._others = shell.custom_exceptions, getattr(shell, "CustomTB", None)
        self._cell: Context = copy_context()
        self._faults = _Faults(self._in_cell)

    def install(self) -> None:
        """Begin."""
        others, _ = self._others
        self._shell.set_custom_exc((SoravidError, *others), self._raised)
        SoravidError._render_traceback_ = _one_line  # type: ignore[attr-defined]
        self._shell.events.register("pre_run_cell", self._cell_begins)
        _OBSERVING.addHandler(self._faults)

    def remove(self) -> None:
        """End, and leave everything as it was."""
        others, handler = self._others
        self._shell.set_custom_exc((), None)
        self._shell.custom_exceptions, self._shell.CustomTB = others, handler
        del SoravidError._render_traceback_  # type: ignore[attr-defined]
        self._shell.events.unregister("pre_run_cell", self._cell_begins)
        _OBSERVING.removeHandler(self._faults)

    def _raised(
        self, shell: Any, kind: type, wrong: BaseException, trace: TracebackType, tb_offset: int | None = None
    ) -> list[str]:
        """Tell an error that ends a cell; the cell has failed all the same."""
        if not isinstance(wrong, SoravidError):
            told: list[str] = self._others[1](kind, wrong, trace, tb_offset)  # type: ignore[misc]
            return told
        lines = _one_line(wrong)
        if settings.waits() or not rich_front():
            shell._showtraceback(kind, wrong, lines)
        else:
            show_error(wrong, trace)
            shell._last_traceback = lines  # what the kernel answers to whoever ran the cell
        return lines

    def _cell_begins(self, _info: object = None) -> None:
        self._cell = copy_context()

    def _in_cell(self, function: Callable[..., object], *args: object) -> None:
        """Call a function, from any thread, as if the cell ran that ran last."""
        self._cell.copy().run(function, *args)


class _Faults(logging.Handler):
    """Shows what is told of a callback's fault below the cell that ran last."""

    def __init__(self, in_cell: Callable[..., None]) -> None:
        super().__init__()
        self._in_cell = in_cell

    def emit(self, record: logging.LogRecord) -> None:
        if settings.waits() or not rich_front():
            if logging.lastResort:
                logging.lastResort.handle(record)
            return
        first, _, rest = record.getMessage().partition("\n")
        html = cards.notice_html(first, tone="warn", more={"Traceback": rest} if rest else None)
        self._in_cell(_show, {"text/html": html, "text/plain": first})


def show_error(wrong: SoravidError, trace: TracebackType | None = None) -> None:
    """The card of an error, in the running cell."""
    view = None
    if wrong.job_id:
        with suppress(SoravidError, KeyError):  # the journal itself may be what is wrong
            view = view_of(current().journal.get(wrong.job_id))
    html = cards.error_html(wrong, _line_of_cell(trace), view)
    _show({"text/html": html, "text/plain": cards.error_text(wrong)})


def _show(bundle: dict[str, str]) -> None:
    display(bundle, raw=True)  # type: ignore[no-untyped-call]


def _line_of_cell(trace: TracebackType | None) -> str:
    """The line of the person's own code that it came from: the last one that is in a cell."""
    for frame, number in reversed(list(traceback.walk_tb(trace))):
        name = frame.f_code.co_filename
        if "__file__" not in frame.f_globals and (line := linecache.getline(name, number).strip()):
            return f"{number}: {redact.redact(line)}"
    return ""


def _one_line(error: Exception) -> list[str]:
    """A person's mistake is told in a line; the place in our code would not help."""
    return [f"{type(error).__name__}: {error}"]
