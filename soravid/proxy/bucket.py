"""The media store in a bucket that speaks S3: one place for all replicas, on nobody's disk.

A clip comes to this machine's folder first, is checked there as any, and goes on to the bucket, in parts. The
folder's copy is for whoever wants the clip at once, and for what is made from it; after an hour it goes. One
that could not be sent is sent then. Content is read from the bucket as it is asked for; memory does not grow.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soravid.errors import DownloadFailed, InvalidRequest, MissingExtra
from soravid.ledger import JobRow
from soravid.proxy.answers import media_type_of
from soravid.proxy.media import BucketOptions, MediaOptions
from soravid.proxy.store import VARIANTS, Store, overdue

_STAYS = 3600.0
"""Seconds for which a clip stays in the folder, too."""
_PART, _PARTS = 5 << 20, 2
"""Bytes that are sent at a time, and how many of these at once."""
_CHUNK = 256 << 10
_OURS = re.compile(r"[0-9a-z]{2}/[0-9a-z]+\.[a-z0-9]+")
_TYPE = "Content-Type"
_MESSAGE = re.compile(r"<Message>([^<]{1,300})</Message>")
_TRIED = re.compile(r"Error performing (\w+ [^\s?]+)\S* in .*? - ([^<\n]{1,200})$")


@dataclass(frozen=True, slots=True)
class Blob:
    """A clip or still in the bucket."""

    bucket: Any
    key: str
    size: int
    etag: str

    async def read(self, start: int, end: int) -> tuple[str, AsyncIterator[bytes]]:
        """Its media type, and its bytes from ``start`` to before ``end`` as they come.

        Raises:
            FileNotFoundError: it has been removed meanwhile.
            DownloadFailed: the bucket does not give it.
        """
        import obstore

        with _told():
            got = await obstore.get_async(self.bucket, self.key, options={"range": (start, end)})
        return str(got.attributes.get(_TYPE, "video/mp4")), _bytes(got)


class BucketStore(Store):
    """Clips in a bucket, each named by its job.

    Raises:
        InvalidRequest: the bucket cannot be used.
    """

    def __init__(self, options: MediaOptions, bucket: BucketOptions) -> None:
        super().__init__(options)
        self._bucket = _opened(bucket)
        self._measured: tuple[int, int] | None = None
        try:
            with _sending():
                next(self._stored(), None)
        except DownloadFailed as wrong:
            raise InvalidRequest(f"media_store: {wrong.message}", param="path") from None

    async def look(self, row: JobRow, variant: str = "video") -> Path | Blob | None:
        """A job's clip or still, here or in the bucket."""
        if path := self.find(row, variant):
            return path
        import obstore

        key = self._key(self.path(row, variant))
        with _told():
            try:
                meta = await obstore.head_async(self._bucket, key)
            except FileNotFoundError:
                return None
        return Blob(self._bucket, key, meta["size"], meta["e_tag"] or f'"{key}-{meta["size"]:x}"')

    async def keep(self, row: JobRow, variant: str = "video") -> None:
        """Send what has just come to the bucket."""
        import obstore

        path = self.path(row, variant)
        with _sending():
            await obstore.put_async(self._bucket, self._key(path), path, **_how(path))

    async def bring(self, row: JobRow) -> None:
        """Have a clip in the folder, if there is one: something is to be made from it."""
        found = await self.look(row)
        if not isinstance(found, Blob):
            return
        path = self.path(row)
        part = path.with_name(f".{path.name}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        _, chunks = await found.read(0, found.size)
        with part.open("wb") as file:
            async for chunk in chunks:
                file.write(chunk)
        part.replace(path)

    def remove(self, row: JobRow) -> None:
        """Remove what is here, and there, of a job."""
        super().remove(row)
        self._delete([self._key(self.path(row, variant)) for variant in VARIANTS])

    def sweep(self) -> int:
        """Send what has not been sent, and remove what is too old or too much; returns how many."""
        now = time.time()
        stored = {key: (at, size) for at, size, key in self._stored()}
        for path, stat in list(self._files()):
            if path.name.startswith(".") or now - stat.st_mtime < _STAYS:
                continue
            if (key := self._key(path)) not in stored:
                self._send(path)
                stored[key] = (now, stat.st_size)
            path.unlink(missing_ok=True)
        gone = overdue([(at, size, key) for key, (at, size) in stored.items()], self._options, now)
        self._delete(gone)
        left = stored.keys() - gone
        self._measured = _sum_of(stored[key][1] for key in left)
        return len(gone) + self._without_left_overs(now)

    def measured(self) -> tuple[int, int]:
        """How many files there are in the bucket, and how many bytes they have, as of the last sweep.

        A list is paid for.
        """
        if self._measured is None:
            self._measured = _sum_of(size for _, size, _ in self._stored())
        return self._measured

    def _stored(self) -> Iterator[tuple[float, int, str]]:
        """When each file of ours in the bucket was sent, its size, and its key."""
        import obstore

        with _told():
            for batch in obstore.list(self._bucket):
                for meta in batch:
                    if _OURS.fullmatch(meta["path"]):
                        yield meta["last_modified"].timestamp(), meta["size"], meta["path"]

    def _send(self, path: Path) -> None:
        import obstore

        with _sending():
            obstore.put(self._bucket, self._key(path), path, **_how(path))

    def _delete(self, keys: list[str]) -> None:
        import obstore

        if keys:
            with _told(), suppress(FileNotFoundError):
                obstore.delete(self._bucket, keys)

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _sum_of(sizes: Iterable[int]) -> tuple[int, int]:
    found = list(sizes)
    return len(found), sum(found)


async def _bytes(got: Any) -> AsyncIterator[bytes]:
    with _told():
        async for chunk in got.stream(min_chunk_size=_CHUNK):
            yield bytes(chunk)


def _how(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        kind = media_type_of(file.read(4))
    return {"chunk_size": _PART, "max_concurrency": _PARTS, "attributes": {_TYPE: kind}}


def _opened(bucket: BucketOptions) -> Any:
    try:
        from obstore.store import S3Store
    except ModuleNotFoundError:
        raise MissingExtra("A media store in a bucket", "s3") from None
    told = {
        "endpoint": bucket.endpoint_url,
        "region": bucket.region,
        "access_key_id": bucket.access_key_id,
        "secret_access_key": bucket.secret_access_key,
    }
    plain = (bucket.endpoint_url or "").startswith("http://")
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        client_options={"allow_http": plain, "timeout": "600s", "connect_timeout": "10s"},
        retry_config={"max_retries": 3},
        **{name: value for name, value in told.items() if value},  # type: ignore[arg-type]
    )


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with the bucket, in one line."""
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as wrong:
        raise DownloadFailed(f"The bucket cannot be used: {_sense_of(str(wrong))}.") from None


@contextmanager
def _sending() -> Iterator[None]:
    """The same, where only the bucket itself may be missing."""
    with _told():
        try:
            yield
        except FileNotFoundError:
            raise DownloadFailed("There is no such bucket.") from None


def _sense_of(said: str) -> str:
    """What the server said, or else what was tried, without the library's insides."""
    if message := _MESSAGE.search(said):
        return message[1].rstrip(".")
    first = said.partition("\n")[0]
    tried = _TRIED.search(first)
    return f"{tried[1]}: {tried[2]}" if tried else first[:200]
