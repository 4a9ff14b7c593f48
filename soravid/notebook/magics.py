"""The magics: ``%%video`` makes a clip from the cell's text, ``%video`` does everything around it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import traitlets as t
from IPython.core.error import UsageError
from IPython.core.magic import line_cell_magic, magics_class
from IPython.display import display
from traitlets.config import Config

from soravid import catalog, session, settings
from soravid.errors import InvalidRequest, SoravidError, nearest, one_of
from soravid.money import show, to_nano, to_usd
from soravid.notebook import options
from soravid.notebook.commands import SUBCOMMANDS, Commands
from soravid.notebook.display import rich_front
from soravid.notebook.expand import expand
from soravid.notebook.form import open_form
from soravid.notebook.mistakes import show_error
from soravid.notebook.question import Question
from soravid.notebook.show import present
from soravid.notebook.wanted import each_take, keywords
from soravid.tables import Table
from soravid.types import parse_size

if TYPE_CHECKING:
    from argparse import Namespace

    from soravid.clips import Clip


@magics_class
class VideoMagics(Commands):
    """Defaults for ``%%video``, set with ``%config VideoMagics.seconds = "8"`` and the like."""

    model = t.Unicode("", help="provider/model; empty: SORAVID_MODEL, else local/animatic").tag(config=True)
    seconds = t.Unicode("", help="duration in seconds; empty: the model's own").tag(config=True)
    size = t.Unicode("", help="WIDTHxHEIGHT in pixels; empty: the model's own").tag(config=True)
    wait = t.Bool(False, help="wait for each clip before the cell ends").tag(config=True)
    embed = t.Bool(False, help="put clips into the notebook file itself").tag(config=True)
    ask_above = t.Unicode("", help="ask before making what may cost more than this many USD").tag(config=True)
    max_cost = t.Unicode("", help="refuse a clip whose estimate is above this many USD").tag(config=True)

    @t.validate("seconds")
    def _valid_seconds(self, proposal: Any) -> str:
        return _as_trait(lambda text: catalog.normal_seconds(text) or "", proposal["value"])

    @t.validate("ask_above", "max_cost")
    def _valid_money(self, proposal: Any) -> str:
        return _as_trait(lambda text: f"{to_usd(to_nano(text)):f}", proposal["value"])

    @t.validate("size")
    def _valid_size(self, proposal: Any) -> str:
        return _as_trait(lambda text: "{}x{}".format(*parse_size(text)), proposal["value"])

    def update_config(self, config: Config) -> None:
        """Refuse a setting that does not exist; traitlets would take it in silence."""
        known = self.class_trait_names(config=True)
        for name in config.get("VideoMagics", {}):
            if name not in known:
                near = nearest(name, known) or sorted(known)
                raise UsageError(f"VideoMagics has no setting {name!r}. Did you mean {one_of(near)}?")
        super().update_config(config)

    @line_cell_magic
    def video(self, line: str, cell: str | None = None) -> Any:
        """Make a video from the cell's text (%%video), or do something around one (%video)."""
        try:
            if cell is None:
                return self._command(*(shlex.split(line) or ["help"]))
            args = options.parse(line)
            if args.help:
                print(options.PARSER.format_help())  # noqa: T201
                return None
            args = self._completed(args)
            if args.form:
                return open_form(args, cell, self._names)
            return self._make(args, expand(cell.strip(), self._names))
        except SoravidError as wrong:
            if settings.waits() or not rich_front():
                raise  # in a run without a person a mistake fails the cell
            show_error(wrong)
            return None

    video.__doc__ = f"{options.PARSER.format_help()}\n%video: {' | '.join(SUBCOMMANDS)}"

    # --- %%video -------------------------------------------------------------------------------------

    @property
    def _names(self) -> dict[str, Any]:
        return self.shell.user_ns if self.shell else {}

    def _completed(self, args: Namespace) -> Namespace:
        """The options with the settings where the line says nothing."""
        shaped = args.aspect or args.resolution or args.remix or args.edit or args.extend
        args.size = args.size or (not shaped and self.size) or None
        for name in ("model", "seconds", "max_cost"):
            setattr(args, name, getattr(args, name) or getattr(self, name) or None)
        args.wait, args.embed = args.wait or self.wait, args.embed or self.embed
        return args

    def _make(self, args: Namespace, prompt: str) -> Clip | None:
        wanted = keywords(args, self._names)
        if args.estimate:
            self._show_estimate(prompt, wanted, args.takes)
            return None
        ask = Question(self.ask_above, args.takes) if self.ask_above else None
        jobs = [
            session.generate(prompt, **wanted, **each, reuse=not args.again, confirm=ask)
            for each in each_take(args)
        ]
        if args.name:
            self._names[args.name] = jobs[0] if len(jobs) == 1 else jobs
        return present(jobs, wait=args.wait, embed=args.embed)

    def _form(self, *words: str) -> Any:
        return open_form(self._completed(options.parse("")), " ".join(words), self._names)

    def _show_estimate(self, prompt: str, wanted: dict[str, Any], takes: int) -> None:
        one = session.estimate(prompt, **wanted)
        low, total, upper = (
            show(None if usd is None else to_nano(usd * takes)) for usd in (one.low, one.expected, one.upper)
        )
        span = f"{low} to {upper}" if low != upper else ""
        rows = [(one.model, one.seconds or "?", one.size or "?", str(takes), total, span)]
        columns = ("Model", "Seconds", "Size", "Takes", "Estimate", "Between")
        table = Table(columns, rows, "Estimate, nothing was sent")
        display(table)


def _as_trait(check: Callable[[str], str], value: str) -> str:
    """A setting as ``check`` leaves it; traitlets keeps the old one where it raises."""
    try:
        return check(value) if value else ""
    except InvalidRequest as wrong:
        raise t.TraitError(str(wrong)) from None
