"""Digests in the place of what was asked for: the same text gives the same digest in one home only."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from soravid.observe.files import folder

PREFIX = "hmac:"


def hashed(values: dict[str, Any], salt: bytes) -> dict[str, Any]:
    """An event's fields with prompt, each parameter and the error message as digests.

    A provider's message may quote the prompt.
    """
    hidden = dict(values)
    for name in ("prompt", "error_message"):
        if name in hidden:
            hidden[name] = _digest(hidden[name], salt)
    if "parameters" in hidden:
        hidden["parameters"] = {name: _digest(value, salt) for name, value in hidden["parameters"].items()}
    return hidden


def salt_of(home: Path) -> bytes:
    """The home's salt, 32 random bytes in ``log/salt``, made on first use by whichever process is first.

    Raises:
        OSError: it cannot be read or written.
    """
    file = folder(home) / "salt"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mine = file.with_name(f"salt.{os.getpid()}")
        with suppress(FileNotFoundError):
            mine.unlink()
        handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            os.write(handle, secrets.token_bytes(32))
        finally:
            os.close(handle)
        with suppress(FileExistsError):
            os.link(mine, file)  # whole or not at all, and never over another's
        mine.unlink()
    return file.read_bytes()


def _digest(value: Any, salt: bytes) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return PREFIX + hmac.new(salt, text.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:32]
