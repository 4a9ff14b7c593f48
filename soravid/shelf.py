"""The last step of the pipeline: a finished clip on disk, whole, with its poster and what it really was."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from soravid import clips, costs, guarding, loop, media
from soravid.accounts import Accounts
from soravid.deployments import Connection
from soravid.download import Fetch
from soravid.errors import DownloadFailed, Expired, InvalidRequest, MissingExtra, NotFound
from soravid.ledger import JobRow
from soravid.providers import Provider, provider_class
from soravid.transport import Transport
from soravid.types import Variant

if TYPE_CHECKING:
    from soravid.ledger.journal import Journal


class Shelf:
    """Brings clips from their providers, and journals what came."""

    def __init__(self, journal: Journal, transport: Transport, accounts: Accounts) -> None:
        self.journal = journal
        self.transport = transport
        self.accounts = accounts
        self._checking = asyncio.Lock()

    async def download(
        self,
        video_id: str,
        target: Path,
        *,
        model: str | None = None,
        variant: Variant = "video",
        given: Connection | None = None,
    ) -> Path:
        """Bring a finished job's content to ``target``.

        Raises:
            GuardrailBlocked: a guardrail keeps the clip from being handed out.
        """
        row = await self.accounts.row_of(video_id)
        if row and (reason := guarding.held_back(row)):
            raise reason
        provider = self.accounts.provider_for(video_id, row, model, given)
        if variant not in provider.profile.variants:
            return await self._made_here(video_id, target, variant, row, model, given)
        try:
            path = await self._fetch((row and row.video_id) or video_id, target, provider, variant)
        except NotFound:
            if not (row and row.path and variant == "video"):
                raise
            path = await loop.in_thread(clips.copied, row.path, target)  # it was kept here
        if row and variant == "video":
            await self._let_out(row, path)
        if row and variant == "video" and not row.delivered:
            self.accounts.remember(await loop.in_thread(self.journal.delivered, row.id))
        return path

    async def _let_out(self, row: JobRow, path: Path) -> None:
        """Have the guardrails look at a clip; one that they block is locked away, not thrown away."""
        try:
            await guarding.let_out(row, path)
        except InvalidRequest as blocked:
            away = self.journal.home / "quarantine" / f"{row.id}{path.suffix or '.mp4'}"
            await loop.in_thread(_move, path, away)
            self.accounts.remember(await loop.in_thread(self.journal.held_back, row.id, blocked))
            raise

    async def _fetch(self, video_id: str, target: Path, provider: Provider, variant: Variant) -> Path:
        timeout = provider.deployment.timeout
        for last in (False, True):
            source = await self.transport.drive(provider.content(video_id, variant), timeout)
            fetch = Fetch(self.transport, source, target, video=variant == "video", timeout=timeout)
            try:
                return await fetch.run()
            except Expired:
                if last or source.headers or source.bearer:
                    raise  # a signed link may end while it is used; a fresh one is asked for, once
        raise AssertionError("unreachable: the second try returns or raises")

    async def _made_here(
        self,
        video_id: str,
        target: Path,
        variant: Variant,
        row: JobRow | None,
        model: str | None,
        given: Connection | None,
    ) -> Path:
        """A still that the provider does not have, made from the clip: the stored one, else a fetched one."""
        still = media.thumbnail_of if variant == "thumbnail" else media.spritesheet_of
        with tempfile.TemporaryDirectory(prefix="soravid-") as folder:
            clip = row.path if row and row.path else Path(folder) / "clip.mp4"
            if not (row and row.path):
                await self.download(video_id, clip, model=model, given=given)
            data = await loop.in_thread(still, clip)
        await loop.in_thread(target.write_bytes, data)
        return target

    async def store(self, row: JobRow, target: Path) -> JobRow:
        """Fetch a completed job's clip, make its poster, read its content credentials and journal all three.

        Where the provider has not said what it delivered, the file says it, and the cost follows from that.
        """
        await self.download(row.id, target)
        facts: tuple[str, str, int | None] | None = None
        poster = None
        try:
            poster = await loop.in_thread(media.poster_of, target)
            if not (row.seconds and row.size):
                info = await loop.in_thread(media.probe, target)
                length, size, cost = costs.delivered(row, info.seconds, info.size)
                billed = provider_class(row.model.partition("/")[0]).profile.states_cost
                facts = length, size, row.cost if billed and row.cost is not None else cost
        except (DownloadFailed, MissingExtra):
            pass  # a codec that we cannot read may still play elsewhere
        return self.accounts.remember(
            await loop.in_thread(
                self.journal.stored, row.id, target, poster, facts, await self._labels(row, target)
            )
        )

    async def _labels(self, row: JobRow, clip: Path) -> dict[str, str]:
        """The job's labels with what the clip's content credentials say."""
        labels = {name: text for name, text in row.labels.items() if name != clips.CREDENTIALS}
        with suppress(DownloadFailed):
            async with self._checking:  # one at a time: each is held in memory while it is checked
                if line := await loop.in_thread(media.credentials_line, clip):
                    labels[clips.CREDENTIALS] = line
        return labels


def _move(path: Path, away: Path) -> None:
    away.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(path, away)
