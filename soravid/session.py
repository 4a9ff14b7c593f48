"""What a person at a prompt asks for by name: generate, estimate, models, jobs, spend, doctor."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Unpack

from soravid import card_text as cards
from soravid import settings
from soravid.deployments import Options
from soravid.errors import Cancelled, InvalidRequest, ModelRetired
from soravid.job import Job
from soravid.ledger import Account, Scope, Spend
from soravid.loop import checked, run
from soravid.money import show, to_nano, to_usd
from soravid.planning import current, make_plan
from soravid.plans import Plan
from soravid.providers import names, provider_class
from soravid.references import ReferenceInput
from soravid.tables import Table
from soravid.types import Operation


@checked
def generate(
    prompt: str,
    *,
    model: str | None = None,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    operation: Operation = "create",
    video_id: str | None = None,
    take: int = 1,
    path: str | os.PathLike[str] | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    **options: Unpack[Options],
) -> Job:
    """Start a clip and return its ``Job`` at once; ``job.wait()`` or ``await job`` gives the ``Clip``.

    Args:
        prompt: what the clip should show.
        model: ``provider/model``; the default is ``SORAVID_MODEL``, else ``local/animatic``.
        seconds: duration in seconds; the model's default if left out.
        size: ``WIDTHxHEIGHT`` in pixels; the model's default if left out.
        input_reference: a picture: path, bytes, open file, ``PIL.Image``, URL, data URL or a ``Clip``.
        operation: create, or remix, edit, extend of ``video_id`` (a job's or a video's id).
        video_id: what to remix, edit or extend.
        take: 2, 3, ... for further clips of the same request.
        path: the clip's file, or a folder for it; else ``soravid_media``, under words of the prompt.
        confirm: asked with the plan before anything is held, unless a clip is there already; False ends it.
        **options: as for ``Client.videos.create``; ``reuse=True`` takes a clip that there is already.

    Raises:
        InvalidRequest: something that cannot work; nothing was sent.
    """
    clip: dict[str, Any] = {"seconds": seconds, "size": size, "input_reference": input_reference}
    clip |= {"take": take, "operation": operation, "source_id": video_id}
    try:
        plan = _planned(prompt, model, options, **clip)
    except InvalidRequest as wrong:
        plan = _kept(wrong, prompt, model, options, clip)
    there = plan.reuse and current().journal.same_request(plan.request.fingerprint())
    if confirm and not there and not confirm(plan):
        raise Cancelled("Nothing was sent.")
    return Job.start(current(), plan, out=path)


def _planned(prompt: str, model: str | None, options: Options, **wanted: Any) -> Plan:
    """A checked and priced plan of this process's pipeline; ``wanted`` is as for ``make_plan``."""
    return run(make_plan(current(), prompt, model, options=options, **wanted))


def _kept(wrong: InvalidRequest, prompt: str, model: str | None, options: Options, clip: Any) -> Plan:
    """The plan of a clip whose file is there: to show it again needs no key, nor a model that still lives.

    Raises:
        InvalidRequest: ``wrong``, where something else is wrong, or no file is there.
    """
    if not options.get("reuse") or not (
        isinstance(wrong, ModelRetired) or wrong.param in {"api_key", "api_base"}
    ):
        raise wrong
    plan = _planned(prompt, model, options, **clip, purpose="show")
    row = current().journal.same_request(plan.request.fingerprint())
    if row is None or row.path is None:
        raise wrong
    return plan


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a clip would cost in USD: at least, most likely, at most. None when the price is unknown, never 0.

    ``upper`` is what is held while the job runs.
    """

    model: str
    seconds: str | None
    size: str | None
    low: Decimal | None
    expected: Decimal | None
    upper: Decimal | None

    @property
    def usd(self) -> Decimal | None:
        """What it most likely costs."""
        return self.expected

    def __str__(self) -> str:
        what = " ".join(part for part in (self.seconds and f"{self.seconds} s", self.size) if part)
        if self.low is None or self.expected is None or self.upper is None:
            return f"{self.model} {what}: {show(None)}"
        low, expected, upper = (show(to_nano(usd)) for usd in (self.low, self.expected, self.upper))
        span = "" if low == upper else f" ({low} to {upper})"
        return f"{self.model} {what}: {expected}{span}"


@checked
def estimate(
    prompt: str = "a clip",
    *,
    model: str | None = None,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    operation: Operation = "create",
    video_id: str | None = None,
    **options: Unpack[Options],
) -> Estimate:
    """What a clip would cost, after the same checks as for making it. Takes what ``generate`` takes.

    No key is needed: prices can be compared before there is an account.

    Raises:
        InvalidRequest: something that cannot work.
    """
    clip = {"seconds": seconds, "size": size, "input_reference": input_reference, "purpose": "price"}
    plan = _planned(prompt, model, options, operation=operation, source_id=video_id, **clip)
    span = plan.quote or (None, None, None)
    usd = [None if nano is None else to_usd(nano) for nano in span]
    return Estimate(plan.request.model, *plan.steps[0].expected, *usd)


def jobs(limit: int = 20, *, unfinished: bool = False) -> list[Job]:
    """The newest jobs of the journal, newest first; with ``unfinished``, those that may still give a clip."""
    line = current()
    rows = line.journal.unfinished()[::-1] if unfinished else line.journal.recent(limit)
    return [Job.of(line, row) for row in rows[:limit]]


def jobs_table(limit: int = 20) -> Table:
    """The newest jobs as a table."""
    rows = []
    for each in jobs(limit):
        view = each.view
        where = view.path or (view.problem.title if view.problem else "")
        when = datetime.fromtimestamp(view.started_at).astimezone().strftime("%d %b %H:%M")
        prompt = cards.shortened(view.prompt, 40)
        rows.append((view.job_id, when, view.label, view.model, cards.amount(view), prompt, where))
    return Table(("Job", "When", "State", "Model", "Money", "Prompt", "Clip"), rows, "Jobs")


def find_job(text: str) -> Job:
    """The job with that id, its provider's id, or an id that begins so.

    Raises:
        InvalidRequest: the journal has none.
    """
    row = current().journal.find(text)
    if row is None:
        raise InvalidRequest(f"The journal has no job {text!r}.", param="id", hint="See: soravid jobs")
    return Job.of(current(), row)


def resume() -> list[Job]:
    """Go on with every job that has not ended and has no clip yet; returns them, running.

    What is past its deadline is looked at first: it may have ended long ago.
    """
    run(current().settle_overdue())
    return [each.resume() for each in jobs(1000, unfinished=True)]


def spend(*, all_time: bool = False) -> Spend:
    """What this session, or every session of this journal, has settled, held and saved (nano-USD)."""
    journal = current().journal
    return journal.spend(None if all_time else journal.session)


def spend_by_model(*, all_time: bool = False) -> Table:
    """The same for each model, as a table."""
    journal = current().journal
    rows = [
        (model, str(count), show(settled), show(held))
        for model, count, settled, held in journal.spend_by_model(None if all_time else journal.session)
    ]
    return Table(("Model", "Jobs", "Spent", "Held"), rows, "Spent by model")


def budget(usd: Decimal | str | float | None = None, *, every: str | None = None) -> Account:
    """Limit what this session may spend, and tell how it stands; without ``usd`` only the latter.

    A clip is refused before anything is sent if the most that it may cost does not fit beside what is spent
    and held already. ``SORAVID_BUDGET`` sets the same from outside.

    Args:
        usd: USD that may be spent and held in all; 0 allows nothing that costs anything.
        every: begin anew after ``"24h"``, ``"30d"`` or ``"1mo"``; else it lasts as long as the session.

    Raises:
        InvalidRequest: no such amount or length.
    """
    journal = current().journal
    scope = Scope("session", journal.session)
    if usd is None:
        return journal.budgets.get(scope)
    return journal.budgets.set(scope, to_nano(usd, param="budget"), every)


def budget_line(account: Account, spent: Spend) -> str:
    """Money in one line: ``$0.80 spent · $1.60 held · $2.60 left of $5.00 · saved $2.40``."""
    if account.limit is None:
        return str(spent)
    return f"{account.line} · saved {show(spent.saved)}"


def doctor() -> Table:
    """What is installed and set up here, and what to do where something is missing. Shows no secret."""
    rows = [("Python", "ok", platform.python_version())]
    parts = {"notebook": ("anywidget", "ipywidgets"), "local": ("av", "PIL", "numpy", "starlette")}
    for extra, modules in parts.items():
        absent = any(find_spec(name) is None for name in modules)
        advice = f'pip install "soravid[{extra}]"' if absent else "installed"
        rows.append((f"soravid[{extra}]", "missing" if absent else "ok", advice))
    for name in names():
        profile = provider_class(name).profile
        if profile.key_required or not profile.default_base:
            variable = settings.missing(profile)
            rows.append((name, "no key" if variable else "ready", f"set {variable}" if variable else ""))
    for what, folder in (("Journal", settings.home()), ("Clips", settings.media_dir().absolute())):
        rows.append((what, "ok" if _writable(folder) else "cannot be written", str(folder)))
    return Table(("Part", "State", "Detail"), rows, "Set-up")


def _writable(folder: Path) -> bool:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK)
