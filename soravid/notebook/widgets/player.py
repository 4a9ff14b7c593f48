"""A clip with everything to look at it closely: frame by frame, at any speed, in a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from soravid import cards
from soravid.clips import Clip
from soravid.job import Job
from soravid.media.links import notebook_src
from soravid.notebook.lasting import LastingOutput
from soravid.notebook.widgets import front
from soravid.notebook.widgets.clips import clip_of, serve, tile
from soravid.notebook.widgets.news import News
from soravid.views import JobView


class PlayerWidget(anywidget.AnyWidget):
    """One clip in its player; of a job that runs, its state until then.

    Args:
        source: the clip, or the job that makes it.
        captions: WebVTT, or empty.
        loop: whether it begins anew at its end.
    """

    _esm, _css = front("one")

    item = t.Dict().tag(sync=True)
    """What is shown, as ``tile`` makes it."""
    captions = t.Unicode().tag(sync=True)
    """WebVTT, or empty."""
    loop = t.Bool(False).tag(sync=True)
    """Whether it begins anew at its end."""

    def __init__(self, source: Clip | Job, captions: str = "", *, loop: bool = False) -> None:
        self._source = source
        self._outputs: list[LastingOutput] = []
        self._news = News(self._refresh)
        super().__init__(item=self._item(), captions=captions, loop=loop)
        serve(self, self._file)
        if isinstance(source, Job) and not source.done():
            source.on_update(lambda _: self._news.ask())
            self._news.ask()  # it may have ended before anyone listened

    @property
    def clip(self) -> Clip | None:
        """The clip, once there is one."""
        return self._source if isinstance(self._source, Clip) else clip_of(self._source)

    def __repr__(self) -> str:
        return self._lasting()[1]

    def _ipython_display_(self) -> None:
        self._outputs.append(LastingOutput(self, *self._lasting()))

    @property
    def _view(self) -> JobView:
        return self._source.view

    def _item(self) -> dict[str, Any]:
        return tile(self._view, self.clip)

    def _refresh(self) -> None:
        if self.comm is None:
            return
        self.item = self._item()
        if isinstance(self._source, Job) and self._source.done():
            for output in self._outputs:
                output.update(*self._lasting())

    def _lasting(self) -> tuple[str, str]:
        """What stands in a saved notebook, as HTML and as text."""
        view, clip = self._view, self.clip
        if clip is not None:
            src = notebook_src(clip.path)
            html = cards.finished_html(clip.view, src) if src else cards.notice_html(str(clip))
            return html, str(clip)
        if view.done:
            return cards.failed_html(view), cards.failed_text(view)
        return cards.running_html(view), cards.running_text(view)

    def _file(self, job_id: str) -> Path | None:
        clip = self.clip
        return clip.path if clip and clip.job_id == job_id else None
