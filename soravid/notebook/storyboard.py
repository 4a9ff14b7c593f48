"""``soravid.storyboard()``: shots in order, each going on from the last one's end, joined into one film."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Unpack

from soravid import editing, loop, session, settings
from soravid.card_text import one_line
from soravid.clips import names_folder, shown_path
from soravid.deployments import Options
from soravid.errors import InvalidRequest, MissingExtra, SoravidError
from soravid.job import Job
from soravid.loop import checked
from soravid.money import show
from soravid.notebook.grids import cell_html, film_html, grid_html, money
from soravid.notebook.lots import Lot, ended
from soravid.notebook.priced import Confirm, Wanted
from soravid.references import ReferenceInput
from soravid.tables import Table
from soravid.types import parse_size

_MOST = 50


class Shot(Wanted):
    """One shot of a storyboard; it begins with the last frame of the one ``before`` it."""

    def __init__(self, owner: Storyboard, prompt: str, before: Shot | None, wanted: dict[str, Any]) -> None:
        super().__init__(self._started, owner.changed)
        self.prompt, self._before, self._keywords = prompt, before, wanted

    def _started(self, confirm: Confirm | None) -> Job:
        if self._before is None:
            return session.generate(self.prompt, confirm=confirm, **self._keywords)
        clip = self._before.clip
        if clip is None:
            if confirm is None:
                raise InvalidRequest("The shot before has no clip to go on from.")
            return self._priced(confirm)
        return editing.continue_from(clip, self.prompt, confirm=confirm, **_without_picture(self._keywords))

    def _priced(self, confirm: Confirm) -> Job:
        """Ask only: a grey picture stands for the one that it will begin with."""
        size = self._before.size if self._before else None
        given = {name: value for name, value in self._keywords.items() if value is not None}
        own_shape = not given.keys() & {"aspect_ratio", "resolution"}
        # No clip is taken for it: no other begins with such a picture.
        wanted = ({"size": size} if own_shape else {}) | given
        wanted |= {"input_reference": _grey(size), "fit": "cover", "reuse": False}
        return session.generate(self.prompt, confirm=confirm, **wanted)


class Storyboard(Lot):
    """Shots in order. Made by ``soravid.storyboard``.

    Attributes:
        shots: one for each prompt.
        film: the joined file, once it is there.
    """

    def __init__(self, prompts: Sequence[str], shared: dict[str, Any], *, join: bool) -> None:
        super().__init__()
        self._join = join and len(prompts) > 1
        self.film: Path | None = None
        self.shots: list[Shot] = []
        for number, prompt in enumerate(prompts):
            first = shared if number == 0 else _without_picture(shared)
            self.shots.append(Shot(self, prompt, self.shots[-1] if self.shots else None, first))
            self.shots[-1].look()
        self.wanted = self.shots
        if self.done:
            self._join_shots()

    @property
    def path(self) -> Path:
        """The joined film, the only shot's file, or the last one's where none is joined; waits.

        Raises:
            SoravidError: a shot has no clip.
        """
        self.wait()
        if stuck := next((shot for shot in self.shots if not shot.clip), None):
            raise stuck.error or SoravidError("A shot was not made.")
        return self.film or self.clips[-1].path

    def table(self) -> Table:
        """The shots as a table that shows itself."""
        rows = []
        for number, shot in enumerate(self.shots, start=1):
            view = shot.job.view if shot.job else None
            state = view.label if view else shot.problem.title if shot.problem else "Not made"
            where = (view and view.path) or (str(shot.problem) if shot.problem else "")
            rows.append((str(number), one_line(shot.prompt), state, money(view) if view else "", where))
        return Table(("Shot", "Prompt", "State", "Money", "Clip"), rows, self.heading)

    @property
    def facts(self) -> str:
        """What stands under the film: its length and size, and what its shots cost when they were made."""
        costs = [clip.view.cost for clip in self.clips]
        price = None if None in costs else sum(cost or 0 for cost in costs)
        seconds = sum(clip.seconds or 0 for clip in self.clips)
        return " · ".join([f"{seconds:g} s", *filter(None, [self.clips[0].size]), f"{show(price)} in all"])

    @property
    def heading(self) -> str:
        """What it is, in words."""
        return f"{len(self.shots)} shot{'s' * (len(self.shots) != 1)}"

    def __repr__(self) -> str:
        film = f"\n{shown_path(self.film)}" if self.film else ""
        return f"{self.table()}\n{self.line}{film}"

    def html(self) -> str:
        """The film and its shots as they last in a saved notebook."""
        shots = [
            cell_html(f"{number}. {one_line(shot.prompt)}", shot)
            for number, shot in enumerate(self.shots, start=1)
        ]
        film = film_html(self.film, self.clips) if self.film else ""
        return grid_html(self.heading, self.line, [("", shots)], film)

    def _ipython_display_(self) -> None:
        from soravid.notebook.lasting import show

        def widget() -> Any:
            from soravid.notebook.widgets.storyboard import StoryboardWidget

            return StoryboardWidget(self)

        show(self, widget)

    async def _make(self) -> None:
        for shot in self.shots:
            await self._send(shot)
            await ended(shot)
            if not shot.clip:
                return  # what would follow has nothing to go on from
        await loop.in_thread(self._join_shots)

    def _join_shots(self) -> None:
        """One file of all shots: the one that there is where they are the same."""
        if self._join and not self.film:
            first = self.clips[0].path
            mark = hashlib.sha256(" ".join(clip.job_id for clip in self.clips).encode()).hexdigest()[:6]
            film = first.with_name(f"{first.stem}-film-{mark}.mp4")
            self.film = film if film.exists() else editing.join(self.clips, film)
            self.changed()


@checked
def storyboard(
    shots: Iterable[str],
    *,
    model: str | None = None,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    join: bool = True,
    path: str | os.PathLike[str] | None = None,
    run: bool = False,
    **options: Unpack[Options],
) -> Storyboard:
    """Make a film of shots that each begin where the last one ends: the price first, then shot by shot.

        soravid.storyboard(["A kite is launched", "It climbs into the clouds", "It sees the sea"], seconds=4)

    Nothing is sent before its button is pressed, ``run()``, ``wait()`` or ``await`` is called on it, or cells
    wait (``SORAVID_WAIT``). A shot that fails ends it there; ``run()`` goes on with that shot. What is there
    already costs nothing, so the cell can be run again.

    Args:
        shots: a prompt for each.
        model: ``provider/model`` of every shot; it has to be able to start from a picture.
        seconds: duration of each shot in seconds; the model's default if left out.
        size: ``WIDTHxHEIGHT`` in pixels; the model's default if left out.
        input_reference: a picture for the first shot to start from.
        join: whether the shots become one file in the end.
        path: a folder for the shots and the film; else ``soravid_media``.
        run: whether to begin at once.
        **options: as for ``generate``; ``reuse=False`` makes, and pays for, every shot anew.

    Raises:
        InvalidRequest: no shots, or more than 50. What is wrong with one shot stands in its place.
        MissingExtra: PyAV or Pillow is not installed.
    """
    prompts = [shots] if isinstance(shots, str) else list(shots)
    if not prompts:
        raise InvalidRequest("There are no shots.", param="shots")
    if len(prompts) > _MOST:
        raise InvalidRequest(
            f"These are {len(prompts)} shots; at most {_MOST} make a storyboard.", param="shots"
        )
    if path is not None and not names_folder(path):
        raise InvalidRequest(
            "path must be a folder here.", param="path", hint=f"Write {os.fspath(path)}/ for one."
        )
    shared = {
        "model": model,
        "seconds": seconds,
        "size": size,
        "input_reference": input_reference,
        "path": path,
    }
    made = Storyboard(prompts, shared | {"reuse": True} | dict(options), join=join)
    return made.run() if run or settings.waits() else made


def _without_picture(keywords: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if name != "input_reference"}


def _grey(size: str | None) -> bytes:
    """A picture of that size, for its price: that does not depend on what it shows."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtra("Going on from a clip's last frame", "notebook") from None
    buffer = io.BytesIO()
    Image.new("RGB", parse_size(size or "1280x720"), "grey").save(buffer, "PNG")
    return buffer.getvalue()
