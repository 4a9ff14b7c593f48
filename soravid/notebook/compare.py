"""``soravid.compare()``: the same prompts by several models, seeds or takes, side by side and in step."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Unpack

from soravid import loop, session, settings
from soravid.card_text import one_line
from soravid.clips import names_folder
from soravid.deployments import Options
from soravid.errors import InvalidRequest, MissingExtra
from soravid.job import Job
from soravid.loop import checked
from soravid.notebook.grids import cell_html, grid_html, money
from soravid.notebook.lots import Lot, ended
from soravid.notebook.priced import Confirm, Wanted
from soravid.planning import current
from soravid.references import ReferenceInput
from soravid.tables import Table

if TYPE_CHECKING:
    from soravid.ledger.browsing import Browsing

VOTED = "voted"
"""The tag of a clip that was voted for: the gallery finds it by that."""
_MOST = 100
"""Clips of one comparison: what is more is a batch, not something to look at."""


class Cell(Wanted):
    """One clip of a comparison.

    Attributes:
        row: the number of its prompt, from 0. column: of its model, seed and take.
        voted: whether it was voted for.
    """

    def __init__(self, owner: Comparison, row: int, column: int, prompt: str, wanted: dict[str, Any]) -> None:
        super().__init__(self._started, owner.changed)
        self.row, self.column = row, column
        self.prompt, self._keywords = prompt, wanted
        self.voted = False

    def _started(self, confirm: Confirm | None) -> Job:
        return session.generate(self.prompt, confirm=confirm, **self._keywords)


class Comparison(Lot):
    """A grid of clips, made by ``soravid.compare``: a row a prompt, a column a model, seed and take.

    Attributes:
        prompts: the rows. columns: what differs from column to column, in words.
    """

    def __init__(
        self, prompts: Sequence[str], columns: Sequence[dict[str, Any]], shared: dict[str, Any]
    ) -> None:
        super().__init__()
        self.prompts = [one_line(prompt) for prompt in prompts]
        self.columns = _names(columns)
        self.wanted: list[Cell] = [
            Cell(self, row, column, prompt, shared | wanted)
            for row, prompt in enumerate(prompts)
            for column, wanted in enumerate(columns)
        ]
        for cell in self.wanted:
            cell.look()
        self._read_votes()

    def __getitem__(self, place: tuple[int, int]) -> Cell:
        row, column = place
        return self.wanted[
            range(len(self.prompts))[row] * len(self.columns) + range(len(self.columns))[column]
        ]

    def vote(self, row: int, column: int = 0, *, on: bool = True) -> None:
        """Vote for the clip in that row and column (from 0), or take the vote back. The journal keeps it.

        Raises:
            InvalidRequest: there is no clip yet.
        """
        cell = self[row, column]
        if not cell.clip:
            raise InvalidRequest("There is no clip to vote for yet.", param="vote")
        _tags().change_tags([cell.clip.job_id], **{"add" if on else "remove": [VOTED]})
        cell.voted = on
        self.changed()

    def records(self) -> list[dict[str, Any]]:
        """A dictionary for each clip, in order: what was asked for, what came of it. Money is Decimal USD."""
        return [
            {
                "prompt": self.prompts[cell.row],
                "column": self.columns[cell.column],
                "model": view.model if view else None,
                "status": view.status if view else "failed" if cell.problem else None,
                "seconds": clip.seconds if clip else None,
                "size": clip.size if clip else cell.size,
                "cost": clip.cost if clip else None,
                "took": view.elapsed if view and view.done else None,
                "voted": cell.voted,
                "path": str(clip.path) if clip else None,
                "job": view.job_id if view else None,
                "error": str(cell.error) if cell.error else None,
            }
            for cell in self.wanted
            for view, clip in [(cell.job.view if cell.job else None, cell.clip)]
        ]

    def table(self) -> Table:
        """The same as a table that shows itself."""
        rows = []
        for cell in self.wanted:
            view = cell.job.view if cell.job else None
            state = view.label if view else cell.problem.title if cell.problem else "Not made"
            where = (view and view.path) or (str(cell.problem) if cell.problem else "")
            cost = money(view) if view else ""
            vote = "★" if cell.voted else ""
            rows.append((self.prompts[cell.row], self.columns[cell.column], state, cost, vote, where))
        return Table(("Prompt", "Column", "State", "Money", "Vote", "Clip"), rows, self.heading)

    def to_dataframe(self) -> Any:
        """``records()`` as a pandas DataFrame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas  # type: ignore[import-untyped, import-not-found, unused-ignore]
        except ImportError:
            missing = MissingExtra("A DataFrame", "notebook")
            missing.hint = "Install it: pip install pandas. records() gives the same as dictionaries."
            raise missing from None
        return pandas.DataFrame.from_records(self.records())

    @property
    def heading(self) -> str:
        """What is compared, in words."""
        rows, columns = len(self.prompts), len(self.columns)
        return f"{rows} prompt{'s' * (rows != 1)} × {columns} column{'s' * (columns != 1)}"

    def __repr__(self) -> str:
        return f"{self.table()}\n{self.line}"

    def html(self) -> str:
        """The grid as it lasts in a saved notebook."""
        width = len(self.columns)
        rows = [
            (
                prompt,
                [
                    cell_html(self.columns[cell.column], cell, "★ Voted" if cell.voted else "")
                    for cell in self.wanted[row * width : (row + 1) * width]
                ],
            )
            for row, prompt in enumerate(self.prompts)
        ]
        return grid_html(self.heading, self.line, rows)

    def _ipython_display_(self) -> None:
        from soravid.notebook.lasting import show

        def widget() -> Any:
            from soravid.notebook.widgets.compare import CompareWidget

            return CompareWidget(self)

        show(self, widget)

    async def _make(self) -> None:
        for cell in self.wanted:
            await self._send(cell)
        await asyncio.gather(*(ended(cell) for cell in self.wanted))
        await loop.in_thread(self._read_votes)

    def _read_votes(self) -> None:
        """The journal's votes: a clip that is shown again keeps them."""
        clips = {clip.job_id: cell for cell in self.wanted if (clip := cell.clip)}
        found = _tags().tags_of(list(clips)) if clips else {}
        for job_id, cell in clips.items():
            cell.voted = VOTED in found[job_id]


@checked
def compare(
    prompts: str | Iterable[str],
    *,
    models: str | Iterable[str] | None = None,
    seeds: int | Iterable[int] | None = None,
    takes: int = 1,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    path: str | os.PathLike[str] | None = None,
    run: bool = False,
    **options: Unpack[Options],
) -> Comparison:
    """Compare clips side by side: the price first, then a grid that fills, plays in step and takes votes.

        soravid.compare(
            ["A red kite over a harbour", "A red kite in a storm"],
            models=["local/animatic", "gemini/gemini-omni-1.2-flash"],
        )

    Nothing is sent before its button is pressed, ``run()``, ``wait()`` or ``await`` is called on it, or cells
    wait (``SORAVID_WAIT``). What is there already is shown at once and costs nothing: the cell can run again.

    Args:
        prompts: one prompt or several, a row each.
        models: ``provider/model``, a column each; the default model if left out.
        seeds: a column for each seed, for every model.
        takes: so many clips of the same request, a column each.
        seconds: duration in seconds; each model's default if left out.
        size: ``WIDTHxHEIGHT`` in pixels; each model's default if left out.
        input_reference: a picture to start from; as for ``generate``.
        path: a folder for the clips; else ``soravid_media``.
        run: whether to begin at once.
        **options: as for ``generate``; ``reuse=False`` makes, and pays for, every clip anew.

    Raises:
        InvalidRequest: nothing to compare, or more than 100 clips. What is wrong with one is told there.
    """
    rows = [prompts] if isinstance(prompts, str) else list(prompts)
    by_model = [models] if isinstance(models, str) or models is None else list(models)
    by_seed = [seeds] if isinstance(seeds, int) or seeds is None else list(seeds)
    if not isinstance(takes, int) or isinstance(takes, bool) or takes < 1:
        raise InvalidRequest(f"takes must be a whole number from 1 on, not {takes!r}.", param="takes")
    for name, given in (("prompts", rows), ("models", by_model), ("seeds", by_seed)):
        if not given:
            raise InvalidRequest(f"There are no {name} to compare.", param=name)
    count = len(rows) * len(by_model) * len(by_seed) * takes
    if count > _MOST:
        raise InvalidRequest(f"These are {count} clips; at most {_MOST} can be compared.", param="prompts")
    if path is not None and count > 1 and not names_folder(path):
        raise InvalidRequest("path must be a folder here.", param="path", hint=f"Write {os.fspath(path)}/.")
    if hasattr(input_reference, "read"):
        input_reference = input_reference.read()  # an open file can be read once
    columns = [
        {"model": model, "take": take} | ({} if seed is None else {"seed": seed})
        for model, seed, take in product(by_model, by_seed, range(1, takes + 1))
    ]
    shared = {
        "seconds": seconds,
        "size": size,
        "input_reference": input_reference,
        "path": path,
        "reuse": True,
    }
    made = Comparison(rows, columns, shared | dict(options))
    return made.run() if run or settings.waits() else made


def _names(columns: Sequence[dict[str, Any]]) -> list[str]:
    """For each column what tells it from the others; the model where nothing does."""
    models = [str(column["model"] or settings.default_model()) for column in columns]
    short = {model: model.rpartition("/")[2] for model in models}
    if len(set(short.values())) < len(short):  # the same model of two providers
        short = {model: model for model in models}
    facts = {
        "model": [short[model] for model in models],
        "seed": [f"seed {column.get('seed')}" for column in columns],
        "take": [f"take {column['take']}" for column in columns],
    }
    telling = [words for words in facts.values() if len(set(words)) > 1] or [facts["model"]]
    return [", ".join(words) for words in zip(*telling, strict=True)]


def _tags() -> Browsing:
    from soravid.ledger.browsing import Browsing

    return Browsing(current().journal)
