"""The form in the browser: what is in it lives here, so that a reloaded page finds it as it was."""

from __future__ import annotations

import asyncio
import threading
from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from copy import copy
from typing import Any

import anywidget
import traitlets as t
from ipywidgets import widget_serialization

from soravid import cards, catalog, cells, config, loop, settings
from soravid.errors import InvalidRequest, SoravidError
from soravid.job import Job
from soravid.ledger.browsing import Browsing
from soravid.notebook.lasting import LastingOutput
from soravid.notebook.widgets import front, uploads
from soravid.notebook.widgets.form_choices import entry_of, model_rows
from soravid.notebook.widgets.form_draft import Draft
from soravid.notebook.widgets.form_markup import fields_html
from soravid.notebook.widgets.form_offer import Offer, advice, priced
from soravid.notebook.widgets.form_pictures import Picture, earlier_clips, end_of, kept
from soravid.notebook.widgets.form_takes import Kept, Order, TakeWidget
from soravid.planning import current
from soravid.providers import provider_class
from soravid.references import LIMIT

_WATCH = 1.0
"""Seconds between two looks at what may have changed elsewhere: a budget, a key, a model, the groups."""
_LASTING = "A form for new clips", "Run the cell to open it again."


class FormWidget(anywidget.AnyWidget):
    """A ``%%video`` cell as a form.

    The page sends what is typed (``edit``, with a number), and hears what became of it: ``values``, what the
    model has (``spec``), and the price (``offer``) with the same number.

    Args:
        args: the options of a cell, filled in as far as they are known.
        prompt: the cell's text.
        names: the variables that ``{name}`` in the text stands for.
    """

    _esm, _css = front("form")

    title = t.Unicode().tag(sync=True)
    """What it makes: a new clip, or a remix of one."""
    values = t.Dict().tag(sync=True)
    """Field to text, and ``n``, the number of the edit that they come from."""
    fields = t.Unicode().tag(sync=True)
    """What the model has, as HTML (``form_markup``); never a picture itself."""
    limit = t.Int(catalog.PROMPT_LIMIT).tag(sync=True)
    """Characters that a prompt may have."""
    offer = t.Dict().tag(sync=True)
    """The line before the button, and the number of the edit that it is for."""
    models: t.List[Any] = t.List().tag(sync=True)
    """Rows of the model picker; see ``form_choices.model_rows``."""
    earlier: t.List[Any] = t.List().tag(sync=True)
    """Clips to go on from: id and words."""
    takes: t.List[Any] = t.List().tag(sync=True, **widget_serialization)
    """The takes, newest first."""
    piece = t.Int(uploads.PIECE).tag(sync=True)
    """Bytes of one message of an upload."""

    def __init__(self, args: Namespace, prompt: str, names: dict[str, Any]) -> None:
        self._names = names
        self._gate = threading.RLock()
        self._draft = Draft(args, prompt)
        self._uploads = uploads.Uploads(LIMIT)
        self._cell: dict[str, str] = {}
        self._kept: Kept | None = None
        self._asked = 0
        self._pricing = False
        self._seen: dict[str, Offer] = {}
        self.spec: dict[str, Any] = {}
        self.pictures: dict[str, list[dict[str, Any]]] = {}
        super().__init__(title=self._draft.title, models=model_rows(), earlier=earlier_clips())
        self._show()
        self.on_msg(self._receive)
        loop.submit(self._told(self._read()))

    def _ipython_display_(self) -> None:
        """Show it in the running cell: live while there is a kernel, and under it what lasts."""
        self._cell = cells.running()
        title, advice = _LASTING
        LastingOutput(self, cards.notice_html(title, advice, "quiet"), f"{title}. {advice}")
        self._kept = Kept(self.model_id)
        loop.submit(self._watch())

    def close(self) -> None:
        """Remove it from the browser; what runs goes on."""
        for take in self.takes:
            take.close()
        super().close()

    # --- what the page says --------------------------------------------------------------------------

    def _receive(self, _widget: object, content: dict[str, Any], buffers: Any) -> None:
        kind, slot = content.get("type"), str(content.get("slot"))
        try:
            if kind == "edit":
                self._edit(content)
            elif kind == "generate":
                with self._gate:
                    self._draft.edit(content["values"], content["n"])
                    self._show()
                    draft = copy(self._draft)
                loop.submit(self._told(self._press(draft, str(content["seen"]))))
            elif kind == "again":
                loop.submit(self._told(self._another(str(content.get("take")))))
            elif kind == "cell":
                self._edit(content)
                self.send({"type": "cell", "source": self._draft.cell()})
            elif kind == "look":
                self._look_around()
            elif kind == "thumbs":
                for picture in self._draft.pictures:
                    loop.submit(self._told(self._send_thumb(picture)))
            elif kind == "upload":
                self._upload(content, buffers, slot)
            elif kind == "clip":
                loop.submit(self._told(self._put(slot, end_of(str(content.get("clip")), slot))))
            elif kind == "remove":
                self._change(lambda: self._draft.remove(slot, content.get("at")))
        except Exception as wrong:
            self._say(wrong)

    def _say(self, wrong: Exception) -> None:
        """Tell the page what went wrong, where a person can read it."""
        self.send({"type": "said", "words": _words(wrong)})

    async def _told(self, work: Coroutine[Any, Any, object]) -> None:
        """Do what was asked for; what goes wrong is told, and nothing else is left to say."""
        try:
            await work
        except Exception as wrong:
            self._say(wrong)

    def _change(self, change: Callable[[], object]) -> None:
        """Change what is in the form, show it, and work the price out."""
        with self._gate:
            change()
            self._show()
        self._price()

    def _look_around(self) -> None:
        """See which models, keys and clips there are now."""
        models, earlier = model_rows(), earlier_clips()
        with self._gate:
            self.models, self.earlier = models, earlier
            self._show()

    def _edit(self, content: dict[str, Any]) -> None:
        self._change(lambda: self._draft.edit(content["values"], content["n"]))

    def _upload(self, content: dict[str, Any], buffers: Any, slot: str) -> None:
        answer = {name: content.get(name) for name in ("type", "id", "at")}
        try:
            whole = self._uploads.take(content, buffers)
        except SoravidError as wrong:
            self.send(answer | {"error": _words(wrong)})
            return
        self.send(answer)
        if whole is not None:
            loop.submit(self._told(self._put(slot, kept(*whole, slot))))

    # --- what the page is told -----------------------------------------------------------------------

    def _show(self) -> None:
        with self._gate, self.hold_sync():
            self.values, self.spec, self.pictures = self._draft.values, self._draft.spec, self._draft.shown()
            self.fields = fields_html(self.spec, self.pictures, earlier=bool(self.earlier))

    def _price(self) -> None:
        """Work the price out on the loop thread; what is asked for meanwhile is worked out after it."""
        with self._gate:
            self._asked += 1
            if not self._pricing:
                self._pricing = True
                loop.submit(self._work_out())

    async def _work_out(self) -> None:
        while True:
            with self._gate:
                asked, draft = self._asked, copy(self._draft)
            found = await priced(current(), draft, self._names)
            with self._gate:
                self._draft.learn()  # a provider may have told its models
                self._show()
                if asked == self._asked:
                    self._pricing = False
                    self._show_offer(draft, found)
                    return

    def _show_offer(self, draft: Draft, found: Offer) -> None:
        self._seen[found.cost] = found
        if draft.values["n"] != self._draft.values["n"]:
            return  # something has been typed since
        self.offer = {
            "n": draft.values["n"],
            "cost": found.cost,
            "left": found.left,
            "off": found.off,
            "note": draft.left_out(),
            "advice": advice(draft.values["prompt"]),
        }

    async def _watch(self) -> None:
        before: object = None
        while self.comm is not None:
            try:
                now = await loop.in_thread(self._surroundings)
            except SoravidError:
                now = None
            if now != before:
                self._price()
            before = now
            await asyncio.sleep(_WATCH)

    def _surroundings(self) -> object:
        model, missing = self._draft.values["model"], None
        with suppress(SoravidError):
            missing = settings.missing(provider_class(model.partition("/")[0]).profile)
        return Browsing(current().journal).money_mark(), missing, config.groups().names, entry_of(model)

    # --- pictures and takes --------------------------------------------------------------------------

    async def _read(self) -> None:
        await self._draft.read(self._names)
        self._change(lambda: None)
        for picture in self._draft.pictures:
            await self._send_thumb(picture)

    async def _put(self, slot: str, coming: Coroutine[Any, Any, Picture]) -> None:
        picture = await coming
        self._change(lambda: self._draft.put(slot, picture))
        self.send({"type": "said", "words": ""})
        await self._send_thumb(picture)

    async def _send_thumb(self, picture: Picture) -> None:
        if picture.reference:
            self.send({"type": "thumb", "key": picture.key}, [await loop.in_thread(picture.thumb)])

    async def _press(self, draft: Draft, seen: str) -> None:
        """Make the takes, at the price that was seen.

        Raises:
            InvalidRequest: they cannot be made, or at another price.
        """
        shown, found = self._seen.get(seen), await priced(current(), draft, self._names)
        with self._gate:
            self._show_offer(draft, found)
        if found.off:
            raise InvalidRequest(found.off)
        if not found.is_within(shown):
            raise InvalidRequest("The price has changed.", hint="Look, and press again.")
        args = draft.args()
        wanted = await loop.in_thread(draft.wanted, args, self._names)
        order = Order(args, draft.prompt(self._names), wanted, found, self._cell)
        await self._make(order, range(1, args.takes + 1), reuse=not args.again)

    async def _another(self, model_id: str) -> None:
        for take in self.takes:
            if take.model_id == model_id:
                await self._make(take.order, [await take.order.free_take(take.take)], reuse=False)
                return

    async def _make(self, order: Order, numbers: Iterable[int], *, reuse: bool) -> None:
        takes = [TakeWidget(order, number, self._kept) for number in numbers]
        for take in takes:
            take.observe(lambda _: loop.submit(self._told(self._ended())), ["clip", "html"])
        with self._gate:
            self.takes = [*takes, *self.takes]
        self.send({"type": "said", "words": ""})
        jobs: list[Job] = []
        for take in takes:
            # One after the other: a hand that waits for the loop must not keep all hands from it.
            job = await loop.in_thread(take.start, reuse=reuse)
            jobs += [job] if job else []
            if order.args.name and jobs:
                self._names[order.args.name] = jobs[0] if len(jobs) == 1 else jobs
        self._price()

    async def _ended(self) -> None:
        """What has been made may be gone on from, and costs nothing any more."""
        await loop.in_thread(self._look_around)
        self._price()


def _words(wrong: Exception) -> str:
    fault = f"soravid has a fault ({type(wrong).__name__})."
    return f"{wrong.title}: {wrong}" if isinstance(wrong, SoravidError) else fault
