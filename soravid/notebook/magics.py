"""The magics: ``%%video`` makes a clip from the cell's text, ``%video`` does everything around it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import traitlets as t
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display
from traitlets.config import Config

from soravid import cards, catalog, choosing, session, settings
from soravid.clips import Clip
from soravid.config import groups, load_config
from soravid.errors import InvalidRequest, SoravidError, nearest, one_of
from soravid.job import Job
from soravid.money import show, to_nano, to_usd
from soravid.notebook import options
from soravid.notebook.display import rich_front
from soravid.notebook.expand import expand
from soravid.notebook.question import Question
from soravid.notebook.show import clip_bundle, show_live
from soravid.tables import Table
from soravid.types import Operation, parse_size

if TYPE_CHECKING:
    from argparse import Namespace

SUBCOMMANDS = {
    "models": "[NAME] [--can ABILITY] [--under USD] [--alive] [--ready]: what models can do, take and cost",
    "jobs": "the newest jobs of the journal",
    "show": "ID: show a job again, live if it still runs",
    "cancel": "ID: stop a job at its provider",
    "resume": "go on with every job that was left running",
    "spend": "what this session has spent, holds, and saved by re-use",
    "budget": "[USD]: limit what this session may spend, or tell how it stands",
    "config": "FILE: read model groups, models, prices and guardrails from a config.yaml",
    "nest": "let asyncio.run(...) work in cells (patches the kernel's loop)",
    "doctor": "what is installed and set up here",
}


@magics_class
class VideoMagics(Magics):
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
            return self._make(args, expand(cell.strip(), self._names))
        except SoravidError as wrong:
            if settings.waits() or not rich_front():
                raise  # in a run without a person a mistake fails the cell
            html = cards.notice_html(wrong.title, str(wrong), "bad")
            display({"text/html": html, "text/plain": str(wrong)}, raw=True)
            return None

    video.__doc__ = f"{options.PARSER.format_help()}\n%video: {' | '.join(SUBCOMMANDS)}"

    def _command(self, word: str, *rest: str) -> Any:
        if word in {"help", "-h", "--help"}:
            rows = [(f"%video {name}", text) for name, text in SUBCOMMANDS.items()]
            print(cards.table_text(("Command", "What it does"), rows))  # noqa: T201
            print("%%video --help tells how to make a clip.")  # noqa: T201
            return None
        if word not in SUBCOMMANDS:
            near = nearest(word, SUBCOMMANDS) or list(SUBCOMMANDS)
            raise InvalidRequest(f"There is no %video {word}.", hint=f"Did you mean {one_of(near)}?")
        one = {"show": "job id", "cancel": "job id", "config": "file"}.get(word)
        if word == "budget":
            one = "amount in USD, or nothing"
        if word != "models" and len(rest) != bool(one) and not (word == "budget" and not rest):
            raise InvalidRequest(
                f"%video {word} takes {f'one {one}' if one else 'nothing more'}.",
                hint="%video jobs lists the ids." if one == "job id" else "",
            )
        return getattr(self, f"_{word}")(*rest)

    # --- %%video -------------------------------------------------------------------------------------

    @property
    def _names(self) -> dict[str, Any]:
        return self.shell.user_ns if self.shell else {}

    def _make(self, args: Namespace, prompt: str) -> Clip | None:
        operation, source = self._source(args)
        shaped = args.aspect or args.resolution
        wanted: dict[str, Any] = {
            "model": args.model or self.model or None,
            "seconds": args.seconds or self.seconds or None,
            "size": args.size or (None if source or shaped else self.size) or None,
            "aspect_ratio": args.aspect,
            "resolution": args.resolution,
            "input_reference": self._value(args.reference),
            "last_frame": self._value(args.last_frame),
            "references": [self._value(each) for each in args.also] or None,
            "fit": args.fit,
            "audio": args.audio,
            "operation": operation,
            "video_id": source,
            "negative_prompt": args.negative,
            "user": args.user,
            "extra_body": options.pairs(args.param) or None,
            "fallbacks": args.fallback.split(",") if args.fallback else None,
            "max_cost": args.max_cost or self.max_cost or None,
        }
        if args.estimate:
            self._show_estimate(prompt, wanted, args.takes)
            return None
        ask = Question(self.ask_above, args.takes) if self.ask_above else None
        jobs = [
            session.generate(
                prompt,
                **wanted,
                take=take,
                seed=None if args.seed is None else args.seed + take - 1,
                path=options.output(args.output, take),
                reuse=not args.again,
                confirm=ask,
            )
            for take in range(1, args.takes + 1)
        ]
        if args.name:
            self._names[args.name] = jobs[0] if len(jobs) == 1 else jobs
        return self._present(jobs, wait=args.wait or self.wait, embed=args.embed or self.embed)

    def _present(self, jobs: list[Job], *, wait: bool, embed: bool) -> Clip | None:
        if settings.waits():
            # A run without a person: the clip is the cell's result, and a failure fails the cell.
            clips = [job.wait() for job in jobs]
            if len(clips) == 1 and not embed:
                return clips[0]
            for clip in clips:
                display(clip_bundle(clip, embed=embed), raw=True)
            return None
        for job in jobs:
            show_live(job, embed=embed)
        if wait:
            for job in jobs:
                try:
                    job.wait()
                except SoravidError:
                    continue  # the output tells
        return None

    def _source(self, args: Namespace) -> tuple[Operation, str | None]:
        sources: dict[Operation, str | None] = {
            "remix": args.remix,
            "edit": args.edit,
            "extend": args.extend,
        }
        for operation, text in sources.items():
            if text:
                value = self._value(text)
                if isinstance(value, Clip):
                    return operation, value.job_id
                if isinstance(value, str):
                    if not args.model:
                        session.find_job(value)  # an id that nobody knows is told before anything is sent
                    return operation, value
                raise InvalidRequest(f"--{operation} takes a clip's variable or id, not {text!r}.")
        return "create", None

    def _value(self, text: str | None) -> Any:
        """What a word of the line stands for: a variable's value, else the word itself."""
        value = self._names.get(text, text) if text else None
        return value.wait() if isinstance(value, Job) else value

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

    # --- %video --------------------------------------------------------------------------------------

    def _models(self, *words: str) -> Any:
        args = options.MODELS.parse_args(words)
        return choosing.models(args.name, can=args.can, under=args.under, alive=args.alive, ready=args.ready)

    def _config(self, file: str) -> None:
        added, names = load_config(file), groups().names
        print(f"Model groups: {', '.join(names) or 'none'}. Models added: {len(added)}.")  # noqa: T201

    def _jobs(self) -> Any:
        return session.jobs_table()

    def _show(self, job_id: str) -> None:
        show_live(session.find_job(job_id))

    def _cancel(self, job_id: str) -> None:
        job = session.find_job(job_id)
        job.cancel()
        print(f"{job.id}: {job.view.label.lower()}")  # noqa: T201

    def _resume(self) -> None:
        jobs = session.resume()
        if not jobs:
            print("Nothing was left running.")  # noqa: T201
        self._present(jobs, wait=self.wait, embed=self.embed)

    def _spend(self) -> None:
        line = session.budget_line(session.budget(), session.spend())
        html = cards.notice_html(line, "This session. In all: " + str(session.spend(all_time=True)))
        display({"text/html": html, "text/plain": line}, raw=True)
        if table := session.spend_by_model():
            display(table)

    def _budget(self, usd: str = "") -> None:
        account = session.budget(usd or None)
        line = session.budget_line(account, session.spend())
        note = "This session's budget." if account.limit is not None else "This session has no budget."
        display({"text/html": cards.notice_html(line, note), "text/plain": line}, raw=True)

    def _nest(self) -> None:
        from soravid.nested import allow_nested_run

        allow_nested_run()
        print("asyncio.run(...) now works in cells.")  # noqa: T201

    def _doctor(self) -> Any:
        return session.doctor()


def _as_trait(check: Callable[[str], str], value: str) -> str:
    """A setting as ``check`` leaves it; traitlets keeps the old one where it raises."""
    try:
        return check(value) if value else ""
    except InvalidRequest as wrong:
        raise t.TraitError(str(wrong)) from None
