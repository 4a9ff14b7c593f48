"""One prompt of a batch, ended: light, because there may be thousands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from soravid import media, planning, settings
from soravid.card_text import amount, one_line, problem, saved, shortened
from soravid.clips import Clip
from soravid.errors import InvalidRequest, SoravidError
from soravid.from_row import clip_of, problem_of
from soravid.job import Job
from soravid.views import JobView, spoken


@dataclass(frozen=True, slots=True)
class Item:
    """One prompt of a batch, ended.

    Attributes:
        number: its place among the prompts, from 0.
        prompt: what the clip should show.
        view: how it ended; a poster is in the journal only.
        error: why there is no clip; None where there is one.
        path: the clip's file.
    """

    number: int
    prompt: str
    view: JobView = field(repr=False)
    error: SoravidError | None = None
    path: Path | None = None

    @classmethod
    def of(cls, number: int, job: Job) -> Item:
        """A job that has ended."""
        view, error = replace(job.view, poster=None), job.error  # a thousand posters are 20 MB
        return cls(number, view.prompt, view, error, None if error else job.wait().path)

    @property
    def line(self) -> tuple[str, ...]:
        """The same as a line of a table: number, prompt, state, money, time, file or what went wrong."""
        view, again = self.view, self.view.reused_from is not None
        took = spoken(view.elapsed) if self.path and not again else ""
        money = saved(view) if again else amount(view)
        where = view.path or one_line(problem(view).title)
        return (str(self.number + 1), shortened(self.prompt, 60), view.label, money, took, where)

    @property
    def pictured(self) -> JobView:
        """The view with a poster as small as a row of many needs."""
        poster = self.path and planning.current().journal.get(self.view.job_id).poster
        return replace(self.view, poster=media.smaller(poster) if poster else None)

    @property
    def clip(self) -> Clip:
        """The clip, as the journal has it.

        Raises:
            SoravidError: there is none; why.
        """
        if self.path is None:
            raise self.error or InvalidRequest("There is no clip.")
        row = planning.current().journal.get(self.view.job_id)
        return clip_of(row, self.path, reused=self.view.reused_from is not None)


def never_sent(number: int, wanted: Mapping[str, Any], wrong: SoravidError) -> Item:
    """A prompt that was refused before it was sent."""
    now, prompt = time.time(), str(wanted.get("prompt", ""))
    view = JobView(
        job_id=f"not sent ({number + 1})",
        model=str(wanted.get("model") or settings.default_model()),
        prompt=prompt,
        status="failed",
        started_at=now,
        finished_at=now,
        cost=0,
        problem=problem_of(wrong),
    )
    return Item(number, prompt, view, wrong)
