"""Content credentials (C2PA): what a clip says of who made it, with what, and whether that still holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from soravid.card_text import MONTHS, shortened
from soravid.errors import DownloadFailed, MissingExtra

_C2PA_BOX = UUID("d8fec3d6-1b0e-483c-9297-5828877ec481").bytes
_AI_SOURCES = {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"}
_CHECKED = 64 << 20
"""Bytes of a file that is checked unasked: c2pa holds what it hashes in memory, up to half a gigabyte."""
_NAME = 80
"""Characters of a name that are told: it is whatever somebody has written into the file."""


_STATES = {
    True: "",
    False: "Not valid: the file was changed, or its signature does not hold. It says: ",
    None: "Not checked. It says: ",
}


class CredentialsLost(UserWarning):
    """A new file is made of clips with content credentials, and has none."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a clip's content credentials say.

    Attributes:
        maker: the program that wrote them, such as ``Sora 2``; empty where they do not say.
        signed_by: to whom the signer's certificate was given; empty where they do not say.
        when: the moment of signing as a time stamp authority attests it, or None without one.
        valid: whether the file is as it was signed and the signature holds; None where that was not checked.
            It does not say that the signer is anybody you know: no list of trusted signers is used.
        made_by_ai: whether an assertion says that a trained model made it, or a part of it.
    """

    maker: str
    signed_by: str
    when: datetime | None
    valid: bool | None
    made_by_ai: bool

    def __str__(self) -> str:
        made = "made with AI" if self.made_by_ai else "made" if self.maker else ""
        by = f" by {shortened(self.maker, _NAME)}" if self.maker else ""
        parts = [made + by, f"signed by {shortened(self.signed_by, _NAME) or 'somebody unnamed'}"]
        if self.when:
            parts.append(f"{self.when.day} {MONTHS[self.when.month - 1]} {self.when.year}")
        line = _STATES[self.valid] + ", ".join(part for part in parts if part)
        return line[0].upper() + line[1:]


def has_credentials(path: str | os.PathLike[str]) -> bool:
    """Whether an MP4 has content credentials in it. Reads the heads of its boxes only; False for other files.

    Raises:
        DownloadFailed: the file cannot be opened.
    """
    return any(box == b"uuid" + _C2PA_BOX for box in _boxes(Path(path)))


def credentials_line(path: str | os.PathLike[str]) -> str | None:
    """A clip's content credentials as a card tells them; None where it has none.

    Those of a file above 64 MiB are read and not checked.

    Raises:
        DownloadFailed: the file cannot be opened.
    """
    file = Path(path)
    if not has_credentials(file):
        return None
    try:
        found = credentials_of(file, check=file.stat().st_size <= _CHECKED)
    except MissingExtra as missing:
        return f"In the file. {missing}"
    except DownloadFailed:
        return "Damaged, cannot be read"
    return str(found) if found else None


def credentials_of(path: str | os.PathLike[str], *, check: bool = True) -> Provenance | None:
    """Read a clip's content credentials; None where it has none. Nothing is fetched.

    Args:
        path: the file.
        check: whether the file and the signature are looked at as well; that reads the file whole.

    Raises:
        MissingExtra: c2pa is not installed; an MP4 without credentials is told without it.
        DownloadFailed: the file cannot be opened, or what it has as credentials cannot be read.
    """
    file = Path(path)
    boxed = has_credentials(file)
    if not boxed and next(_boxes(file), b"") == b"ftyp":
        return None
    try:
        c2pa = import_module("c2pa")
    except (ImportError, OSError, RuntimeError):  # the last two: its library is not for this machine
        raise MissingExtra("Reading content credentials", "c2pa") from None
    try:
        with c2pa.Context.from_dict(_settings(check)) as context, file.open("rb") as data:
            # Named by what is in it, not by its name: c2pa goes by the ending.
            reader = c2pa.Reader.try_create("video/mp4" if boxed else None, data, None, context)
            if reader is None:
                return None
            with reader:
                manifest = reader.get_active_manifest()
                if not manifest:
                    return None
                return _provenance(manifest, reader, check)
    except c2pa.C2paError:
        if not boxed:
            return None
        raise DownloadFailed(f"The content credentials of {file.name} cannot be read.") from None


def _settings(check: bool) -> dict[str, Any]:
    # A file may name an address to read more from. Looking at a clip must not tell anybody of it.
    quiet = {"remote_manifest_fetch": False, "ocsp_fetch": False}
    return {"verify": quiet | {"verify_after_reading": check}}


def _provenance(manifest: dict[str, Any], reader: Any, checked: bool) -> Provenance:
    signature = manifest.get("signature_info") or {}
    time = signature.get("time")
    state = reader.get_validation_state() if checked else None
    return Provenance(
        maker=_maker(manifest),
        signed_by=signature.get("issuer") or signature.get("common_name") or "",
        when=datetime.fromisoformat(time) if time else None,
        valid=state in {"Valid", "Trusted"} if state else None,
        made_by_ai=any(_says_ai(each) for each in _history(manifest, reader)),
    )


def _maker(manifest: dict[str, Any]) -> str:
    for info in manifest.get("claim_generator_info") or []:
        if info.get("name"):
            return f"{info['name']} {info.get('version') or ''}".strip()
    return str(manifest.get("claim_generator") or "")


def _history(manifest: dict[str, Any], reader: Any) -> Iterator[dict[str, Any]]:
    """Yield a manifest and those of what the clip was before. What was only put into it does not count."""
    seen: set[str] = set()
    waiting = [manifest]
    while waiting:
        now = waiting.pop()
        yield now
        for part in now.get("ingredients") or []:
            label = part.get("active_manifest")
            if part.get("relationship") == "parentOf" and label and label not in seen:
                seen.add(label)
                waiting.append(reader.get_manifest(label))


def _says_ai(value: Any) -> bool:
    """Whether a source type anywhere in an assertion is a trained model's."""
    if isinstance(value, dict):
        return any(
            _names_ai(each) if key.rpartition(":")[2].lower() == "digitalsourcetype" else _says_ai(each)
            for key, each in value.items()
        )
    return isinstance(value, list) and any(_says_ai(each) for each in value)


def _names_ai(source: Any) -> bool:
    return isinstance(source, str) and source.rpartition("/")[2] in _AI_SOURCES


def _boxes(path: Path) -> Iterator[bytes]:
    """Yield the type of each box at the top of an MP4, a ``uuid`` with its 16 bytes; stop at what is none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = 0
            while start + 8 <= end:
                file.seek(start)
                head = file.read(32)
                size, kind, used = int.from_bytes(head[:4], "big"), head[4:8], 8
                if size == 1:
                    size, used = int.from_bytes(head[8:16], "big"), 16
                elif size == 0:
                    size = end - start
                if size < used:
                    return
                yield kind + head[used : used + 16] if kind == b"uuid" else kind
                start += size
    except OSError as wrong:
        raise DownloadFailed(f"{path.name} cannot be opened: {wrong.strerror or wrong}.") from None
