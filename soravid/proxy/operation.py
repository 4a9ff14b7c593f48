"""What a proxy is for whoever runs it: the admin page, metrics, and webhooks both ways."""

from __future__ import annotations

from soravid.proxy import hooks, incoming, schemas
from soravid.proxy.admin.entry import Entry, SignIn
from soravid.proxy.admin.live import Live
from soravid.proxy.admin.page import Page
from soravid.proxy.bills import TIMES, WHOSE
from soravid.proxy.documents import MEDIA, TEXT, Line
from soravid.proxy.files import HTML, KINDS
from soravid.proxy.metrics import PLAIN, Metrics
from soravid.proxy.outgoing import Outgoing
from soravid.proxy.parts import Parts

_LOOK = (400, 401, 403, 500, 503)


class Operation:
    """The parts that begin and end with the proxy, and their routes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._outgoing = Outgoing(parts)
        self._metrics = Metrics(parts, self._outgoing)
        self._entry, self._live, self._page = Entry(parts), Live(parts, self._outgoing), Page()
        parts.access.signed_in = self._entry.knows

    def start(self) -> None:
        """Begin to count, to keep and to tell."""
        for each in (self._metrics, self._live, self._outgoing):
            each.start()

    async def stop(self) -> None:
        """End; what is not told yet is told by the next process."""
        self._metrics.stop()
        self._live.stop()
        await self._outgoing.stop()

    def lines(self) -> list[Line]:
        """The routes for the table."""
        tag, info = "Admin page", schemas.Info
        paging = [(name, {"type": "integer", "minimum": 1}) for name in ("page", "page_size")]
        filters = [(name, TEXT) for name in (*TIMES, *WHOSE, "status")]
        entry, live, page = self._entry, self._live, self._page
        signing = (400, 401, 403, 408, 413, 415, 429, 500, 503)
        return [
            Line("GET", "/metrics", self._metrics.show, "Health", None, _LOOK, (PLAIN,)),
            *hooks.lines(self._parts),
            *incoming.lines(self._parts),
            Line("GET", "/", page.index, tag, None, (500,), (HTML,), needs_key=False),
            Line("GET", "/admin/static/{name}", page.file, tag, None, (404, 500), KINDS, needs_key=False),
            Line("GET", "/admin/session", entry.session, tag, info, _LOOK, needs_key=False),
            Line("POST", "/admin/session", entry.sign_in, tag, info, signing, takes=SignIn, needs_key=False),
            Line("DELETE", "/admin/session", entry.sign_out, tag, info, _LOOK, needs_key=False),
            Line("GET", "/admin/now", live.now, tag, info, _LOOK),
            Line("GET", "/admin/clips", live.clips, tag, info, _LOOK, query=[*filters, *paging]),
            Line("GET", "/admin/posters/{video_id}", live.poster, tag, None, (*_LOOK, 404), MEDIA),
            Line("GET", "/admin/log", live.log, tag, info, _LOOK),
        ]
