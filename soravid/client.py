"""Client and AsyncClient: OpenAI's ``client.videos`` over every provider, through the one pipeline."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO, Unpack, cast

from soravid import from_row, loop, settings
from soravid.deployments import Connection, Options
from soravid.errors import InvalidRequest
from soravid.faces import BlockingContent, HoppingContent
from soravid.loop import blocking, hopping
from soravid.planning import current, make_plan
from soravid.references import ReferenceInput
from soravid.types import Video, VideoDeleted, VideoList, check_variant


class _Face:
    """What both clients share: the connection that every call of theirs uses unless it says otherwise."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        api_version: str | None = None,
        timeout: float | None = None,
        default_headers: dict[str, str] | None = None,
    ) -> None:
        self._connection: Connection = {
            "api_key": api_key,
            "api_base": base_url,
            "api_version": api_version,
            "timeout": timeout,
            "extra_headers": default_headers,
        }

    @property
    def has_connection(self) -> bool:
        """Whether anything was said of how to reach a provider."""
        return any(value is not None for value in self._connection.values())

    def _with(self, options: Any) -> Any:
        """The client's connection under the call's own."""
        return {**self._connection, **{name: value for name, value in options.items() if value is not None}}


class _Bound:
    """A client's ``videos``, before it is said where its calls run."""

    def __init__(self, face: _Face) -> None:
        self._face = face

    async def _for(self, video_id: str, connection: Connection) -> Connection:
        """How to reach a job. The client's own key is for its own account, not for any job of the journal."""
        if not self._face.has_connection:
            return connection
        whole: Connection = self._face._with(connection)
        return whole if connection or await current().accounts.needs(video_id, whole) else {}

    async def _make(self, prompt: str, model: str | None, options: Any, **wanted: Any) -> Video:
        line = current()
        options = self._face._with(options)
        plan = await make_plan(line, prompt, model, options=options, **wanted)
        asked_at = time.time()
        row = await line.submit(plan)
        if plan.reuse and row.status == "completed" and row.created_at < asked_at:
            await loop.in_thread(line.journal.reused, row)
        return from_row.video_of(row)


class _Text(_Bound):
    """The one text of ``client.videos``, for both faces below."""

    async def create(
        self: _Bound,
        prompt: str,
        model: str | None = None,
        *,
        seconds: str | float | None = None,
        size: str | None = None,
        input_reference: ReferenceInput = None,
        **options: Unpack[Options],
    ) -> Video:
        """Start a clip and return its job at once.

        Args:
            prompt: what the clip should show.
            model: ``provider/model``; the default is ``SORAVID_MODEL``, else ``local/animatic``.
            seconds: duration in seconds, as text or number; the model's default if left out.
            size: ``WIDTHxHEIGHT`` in pixels; the model's default if left out.
            input_reference: a picture: path, bytes, open file, ``PIL.Image``, URL, data URL or a ``Clip``.
            **options: see ``soravid.deployments.Options``: ``api_key, api_base, api_version, timeout,
                extra_headers, user, seed, negative_prompt, metadata, extra_body, fallbacks, max_cost``
                (USD), ``reuse`` (take a clip made from the same request) and ``idempotency_key``.

        Raises:
            InvalidRequest: something that cannot work; nothing was sent.
            OutcomeUnknown: sent once, and the answer was lost.
            ProviderError: the provider refused.
        """
        return await self._make(
            prompt, model, options, seconds=seconds, size=size, input_reference=input_reference
        )

    async def remix(
        self: _Bound,
        video_id: str | None,
        prompt: str,
        model: str | None = None,
        *,
        seconds: str | float | None = None,
        size: str | None = None,
        input_reference: ReferenceInput = None,
        **options: Unpack[Options],
    ) -> Video:
        """Make a new clip from a finished one and a prompt.

        Without ``video_id``, as LiteLLM's documentation shows it, there is no clip to remix: the picture in
        ``input_reference`` is then what the new clip starts from.
        """
        if video_id is None and input_reference is None:
            raise InvalidRequest("To remix, say what: video_id=... or input_reference=...", param="video_id")
        return await self._make(
            prompt,
            model,
            options,
            operation="remix" if video_id else "create",
            source_id=video_id,
            seconds=seconds,
            size=size,
            input_reference=input_reference,
        )

    async def edit(
        self: _Bound, video_id: str, prompt: str, model: str | None = None, **options: Unpack[Options]
    ) -> Video:
        """Change a finished clip as the prompt says."""
        return await self._make(prompt, model, options, operation="edit", source_id=video_id)

    async def extend(
        self: _Bound,
        video_id: str,
        prompt: str,
        seconds: str | float,
        model: str | None = None,
        **options: Unpack[Options],
    ) -> Video:
        """Go on from a finished clip's end for ``seconds`` more."""
        return await self._make(
            prompt, model, options, operation="extend", source_id=video_id, seconds=seconds
        )

    async def retrieve(
        self: _Bound, video_id: str, model: str | None = None, **connection: Unpack[Connection]
    ) -> Video:
        """Ask for a job's state, at the deployment that made it. ``model`` is needed for ids made elsewhere.

        Raises:
            NotFound: the provider does not have it.
        """
        video, row = await current().retrieve(video_id, model, await self._for(video_id, connection))
        if video.usage is None and video.seconds:
            video = video.model_copy(update={"usage": from_row.usage_of(video.seconds)})
        return from_row.dressed(video, row) if row else video

    async def list(
        self: _Bound,
        model: str | None = None,
        *,
        after: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        **connection: Unpack[Connection],
    ) -> VideoList:
        """One page of the account's videos, as the provider has them."""
        rows, more = await current().list(
            model or settings.default_model(),
            self._face._with(connection),
            after=after,
            limit=limit,
            order=order,
        )
        return VideoList(data=[*rows], has_more=more)

    async def delete(
        self: _Bound, video_id: str, model: str | None = None, **connection: Unpack[Connection]
    ) -> VideoDeleted:
        """Remove a finished video at its provider; the journal and the stored clip stay."""
        await current().delete(video_id, model, await self._for(video_id, connection))
        return VideoDeleted(id=video_id)

    async def download_content(
        self: _Bound,
        video_id: str,
        model: str | None = None,
        *,
        variant: str = "video",
        file: str | os.PathLike[str] | BinaryIO | None = None,
        **connection: Unpack[Connection],
    ) -> bytes | None:
        """The finished clip: as bytes, or written to ``file`` without holding it in memory.

        Args:
            video_id: the job's id.
            model: needed for ids that were made elsewhere.
            variant: video, thumbnail or spritesheet.
            file: a path, which appears only once it is whole, or an open binary file.

        Raises:
            DownloadFailed: it did not arrive whole, or is no video.
            NotFound: the provider does not have it (any more).
        """
        given = await self._for(video_id, connection)
        kind = check_variant(variant)
        if isinstance(file, (str, os.PathLike)):
            await current().shelf.download(video_id, Path(file), model=model, variant=kind, given=given)
            return None
        with tempfile.TemporaryDirectory(prefix="soravid-") as folder:
            target = Path(folder) / "content"
            await current().shelf.download(video_id, target, model=model, variant=kind, given=given)
            if file is None:
                return await loop.in_thread(target.read_bytes)
            with target.open("rb") as source:
                await loop.in_thread(shutil.copyfileobj, source, file)
        return None


class AsyncVideos(_Bound):
    """``AsyncClient.videos``: awaited on any event loop."""

    create = hopping(_Text.create)
    remix = hopping(_Text.remix)
    edit = hopping(_Text.edit)
    extend = hopping(_Text.extend)
    retrieve = hopping(_Text.retrieve)
    list = hopping(_Text.list)
    delete = hopping(_Text.delete)
    download_content = cast("HoppingContent", hopping(_Text.download_content))


class Videos(_Bound):
    """``Client.videos``: each call waits for its answer."""

    create = blocking(_Text.create)
    remix = blocking(_Text.remix)
    edit = blocking(_Text.edit)
    extend = blocking(_Text.extend)
    retrieve = blocking(_Text.retrieve)
    list = blocking(_Text.list)
    delete = blocking(_Text.delete)
    download_content = cast("BlockingContent", blocking(_Text.download_content))


class AsyncClient(_Face):
    """OpenAI's asynchronous client's ``videos``, over every provider. Statuses are OpenAI's words."""

    @property
    def videos(self) -> AsyncVideos:
        """Create, retrieve, list, delete, download, remix, edit and extend."""
        return AsyncVideos(self)


class Client(_Face):
    """OpenAI's client's ``videos``, over every provider. Statuses are OpenAI's words."""

    @property
    def videos(self) -> Videos:
        """Create, retrieve, list, delete, download, remix, edit and extend."""
        return Videos(self)
