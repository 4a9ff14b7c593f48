"""A storyboard in the browser: a strip of shots, and the film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from soravid.card_text import one_line
from soravid.notebook.storyboard import Storyboard
from soravid.notebook.widgets import front
from soravid.notebook.widgets.clips import film
from soravid.notebook.widgets.lots import LotWidget

_FILM = "film"


class StoryboardWidget(LotWidget):
    """One storyboard."""

    _esm, _css = front("storyboard")

    film = t.Dict().tag(sync=True)
    """The film as ``player`` shows it; empty while there is none."""

    def __init__(self, storyboard: Storyboard) -> None:
        self._storyboard = storyboard
        super().__init__(storyboard, rows=[one_line(shot.prompt) for shot in storyboard.shots])

    def _state(self) -> dict[str, Any]:
        board = self._storyboard
        shown = film(_FILM, board.film, board.clips, board.facts) if board.film else {}
        return super()._state() | {"film": shown}

    def _file(self, job_id: str) -> Path | None:
        return self._storyboard.film if job_id == _FILM else super()._file(job_id)
