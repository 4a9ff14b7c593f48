"""LiteLLM's video functions, sync and async: change the import and go on.

They speak the words of LiteLLM's documentation: a running job is ``processing``, and a cancelled one, which
those words do not know, is ``failed`` with the code ``cancelled``. Everything else is ``Client.videos``.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Unpack, cast

from soravid.client import _Face, _Text
from soravid.deployments import Connection, Options
from soravid.faces import BlockingContent, HoppingContent
from soravid.loop import blocking, hopping
from soravid.references import ReferenceInput
from soravid.types import Video, VideoDeleted, VideoError

_WORDS = {"in_progress": "processing", "cancelled": "failed"}
_videos = _Text(_Face())


def _in_these_words(video: Video) -> Video:
    changed: dict[str, object] = {"status": _WORDS.get(video.status, video.status)}
    if video.status == "cancelled":
        changed["error"] = VideoError(code="cancelled", message="The job was cancelled.")
    return video.model_copy(update=changed)


async def _generation(
    prompt: str,
    model: str | None = None,
    *,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    **options: Unpack[Options],
) -> Video:
    """Start a clip and return its job at once; ``status`` is queued or processing.

    Args:
        prompt: what the clip should show.
        model: ``provider/model``; the default is ``SORAVID_MODEL``, else ``local/animatic``.
        seconds: duration in seconds, such as ``"8"``.
        size: ``WIDTHxHEIGHT`` in pixels, such as ``"720x1280"``.
        input_reference: a picture: path, bytes, open file, ``PIL.Image``, URL, data URL or a ``Clip``.
        **options: ``api_key, api_base, api_version, timeout, extra_headers, user, seed, negative_prompt,
            metadata, extra_body, fallbacks, max_cost, reuse, idempotency_key``.

    Raises:
        InvalidRequest: something that cannot work; nothing was sent.
        OutcomeUnknown: sent once, and the answer was lost.
        ProviderError: the provider refused.
    """
    return _in_these_words(
        await _videos.create(
            prompt, model, seconds=seconds, size=size, input_reference=input_reference, **options
        )
    )


async def _status(video_id: str, model: str | None = None, **connection: Unpack[Connection]) -> Video:
    """A job's state: queued, processing, completed or failed.

    Args:
        video_id: the job's id.
        model: needed for ids that were made elsewhere; others are found in the journal.
        **connection: ``api_key, api_base, api_version, timeout, extra_headers``.

    Raises:
        NotFound: the provider does not have it.
    """
    return _in_these_words(await _videos.retrieve(video_id, model, **connection))


async def _retrieval(
    video_id: str,
    model: str | None = None,
    *,
    variant: str = "video",
    file: str | os.PathLike[str] | BinaryIO | None = None,
    **connection: Unpack[Connection],
) -> bytes | None:
    """The finished clip: as bytes, or written to ``file`` (path or open file) without holding it in memory.

    Raises:
        ProviderError: it is not finished, or the provider does not have it any more.
        DownloadFailed: it did not arrive whole, or is no video.
    """
    return await _videos.download_content(video_id, model, variant=variant, file=file, **connection)


async def _remix(
    prompt: str,
    video_id: str | None = None,
    model: str | None = None,
    *,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    **options: Unpack[Options],
) -> Video:
    """Make a new clip from a finished one (``video_id``) and a prompt.

    Without ``video_id``, as LiteLLM's documentation shows it, the new clip starts from the picture in
    ``input_reference``.
    """
    return _in_these_words(
        await _videos.remix(
            video_id, prompt, model, seconds=seconds, size=size, input_reference=input_reference, **options
        )
    )


async def _edit(prompt: str, video_id: str, model: str | None = None, **options: Unpack[Options]) -> Video:
    """Change a finished clip as the prompt says."""
    return _in_these_words(await _videos.edit(video_id, prompt, model, **options))


async def _extension(
    prompt: str,
    video_id: str,
    seconds: str | float,
    model: str | None = None,
    **options: Unpack[Options],
) -> Video:
    """Go on from a finished clip's end for ``seconds`` more."""
    return _in_these_words(await _videos.extend(video_id, prompt, seconds, model, **options))


async def _list(
    model: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
    order: str | None = None,
    **connection: Unpack[Connection],
) -> list[Video]:
    """The account's videos, a page at a time; ``after`` is the last id of the page before."""
    page = await _videos.list(model, after=after, limit=limit, order=order, **connection)
    return [_in_these_words(video) for video in page.data]


async def _delete(video_id: str, model: str | None = None, **connection: Unpack[Connection]) -> VideoDeleted:
    """Remove a finished video at its provider; the journal and the stored clip stay."""
    return await _videos.delete(video_id, model, **connection)


video_generation = blocking(_generation, "video_generation")
avideo_generation = hopping(_generation, "avideo_generation")
video_status = blocking(_status, "video_status")
avideo_status = hopping(_status, "avideo_status")
video_retrieval = cast("BlockingContent", blocking(_retrieval, "video_retrieval"))
avideo_retrieval = cast("HoppingContent", hopping(_retrieval, "avideo_retrieval"))
video_content, avideo_content = video_retrieval, avideo_retrieval
video_remix = blocking(_remix, "video_remix")
avideo_remix = hopping(_remix, "avideo_remix")
video_edit = blocking(_edit, "video_edit")
avideo_edit = hopping(_edit, "avideo_edit")
video_extension = blocking(_extension, "video_extension")
avideo_extension = hopping(_extension, "avideo_extension")
video_list = blocking(_list, "video_list")
avideo_list = hopping(_list, "avideo_list")
video_delete = blocking(_delete, "video_delete")
avideo_delete = hopping(_delete, "avideo_delete")
