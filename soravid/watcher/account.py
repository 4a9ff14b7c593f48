"""What the jobs of one account share: its limits, and the requests that answer for several of them."""

from __future__ import annotations

from bisect import bisect_left, insort

from soravid.deployments import Deployment
from soravid.watcher.watched import Watched

EACH = 48
"""Requests under way at one account at most, so that one that hangs leaves room for the others."""
PAGE = 100
"""Jobs on one page of a list: the most that OpenAI hands out."""
FEW = 10
"""Up to so many jobs that are due, or nearly, are asked for one by one."""
_NEARLY = 0.25
"""The part of its pause that a job may be ahead of its time when a page would tell of it."""
_UNLISTED = 60.0
"""Seconds without lists, once a list has answered for few jobs."""


class Account:
    """The jobs in flight at one account, those of them that are due, and what it allows.

    Attributes:
        jobs: those in flight, by the provider's id.
        ready: those of them that are due, by our id, longest due first.
        asking: how many requests are under way.
        limited_until: until when nothing may be asked, on the watcher's clock.
    """

    def __init__(self, key: tuple[object, ...]) -> None:
        self.key = key
        self.jobs: dict[str, Watched] = {}
        self.ready: dict[str, Watched] = {}
        self.asking = 0
        self.limited_until = 0.0
        self._width = float(EACH)
        self._oldest_first: list[Watched] = []
        self._lists_from = 0.0

    def add(self, job: Watched) -> None:
        """Count a job among those in flight."""
        self.jobs[job.video_id] = job
        insort(self._oldest_first, job, key=_age)

    def discard(self, job: Watched) -> None:
        """Forget a job."""
        self.ready.pop(job.row.id, None)
        if self.jobs.get(job.video_id) is job:
            del self.jobs[job.video_id]
        del self._oldest_first[self._place(job)]

    # --- limits --------------------------------------------------------------------------------------

    @property
    def free(self) -> bool:
        """Whether one more request may go out."""
        return self.asking < int(self._width)

    def answered(self) -> None:
        """Allow a little more at once again, up to ``EACH``: a request was answered."""
        self._width = min(EACH, self._width + 1 / self._width)

    def limit(self, now: float, wait: float) -> None:
        """Ask for nothing for ``wait`` seconds, and then for half as much at once as before."""
        if self.limited_until <= now:
            self._width = max(1.0, self._width / 2)
        self.limited_until = max(self.limited_until, now + wait)

    # --- which jobs share a request ------------------------------------------------------------------

    def take(self, now: float) -> tuple[list[Watched], str]:
        """Take the longest due job; or all that is nearly due and on the same page of the provider's list.

        Several jobs come with the id after which that page begins, newest first; for a job alone it is empty.
        """
        first = next(iter(self.ready.values()))
        picked, after = [first], ""
        if first.provider.profile.lists_status and not first.alone and now >= self._lists_from:
            page = self._page_of(first, now)
            if page and page[-1] is self._oldest_first[-1]:
                page.pop()  # the account may have any number of newer videos: our newest is where to begin
            if len(page) > FEW:
                picked, after = page, self._oldest_first[self._place(page[-1]) + 1].video_id
        for job in picked:
            self.ready.pop(job.row.id, None)
        return picked, after

    def listed(self, now: float, answers: int) -> None:
        """Take note of how many jobs a list has answered for: for few, it is not worth its bytes."""
        if answers <= FEW:
            self._lists_from = now + _UNLISTED

    def _page_of(self, job: Watched, now: float) -> list[Watched]:
        """What is nearly due on the page with ``job`` that begins with the newest such job."""
        here = self._place(job)
        end = here + 1
        for number, other in enumerate(self._oldest_first[here : here + PAGE], end):
            if _nearly_due(other, now):
                end = number
        page = self._oldest_first[max(0, end - PAGE) : end]
        return [other for other in page if _nearly_due(other, now)]

    def _place(self, job: Watched) -> int:
        return bisect_left(self._oldest_first, _age(job), key=_age)


def _nearly_due(job: Watched, now: float) -> bool:
    return job.due is not None and not job.alone and job.due <= now + _NEARLY * job.pause


def _age(job: Watched) -> tuple[float, str]:
    return job.row.created_at, job.row.id


def account_key(deployment: Deployment) -> tuple[object, ...]:
    """What tells accounts apart: a limit holds for all jobs of one. It has secrets in it: never show it."""
    bearer = deployment.bearer if isinstance(deployment.bearer, str) else None
    headers = tuple(sorted(deployment.headers.items()))
    return deployment.provider, deployment.api_base, deployment.api_key, bearer, headers
