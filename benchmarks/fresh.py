"""Processes that a benchmark starts: a fresh interpreter for one script, and the fake provider."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
KEY = "sk-test"


def interpreter(code: str, *, python: Path | None = None, env: dict[str, str] | None = None) -> list[float]:
    """Run a script in a fresh interpreter, and return the numbers on the last line that it printed.

    Raises:
        RuntimeError: it failed; the message is the end of what it said.
    """
    done = subprocess.run(
        [str(python or sys.executable), "-W", "ignore", "-c", code],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"A measured script failed:\n{code}\n{done.stderr[-2000:]}")
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


@contextmanager
def provider(*, polls_to_finish: int = 3, content_size: int | None = None) -> Iterator[dict[str, str]]:
    """Serve the fake of OpenAI's Videos API from a process of its own; yields the environment to reach it.

    The journal of whoever uses that environment is in a new folder.
    """
    options = ["--polls-to-finish", str(polls_to_finish)]
    if content_size is not None:
        options += ["--content-size", str(content_size)]
    with _served("tests.fakes.openai", *options) as env:
        yield env


@contextmanager
def upstream() -> Iterator[dict[str, str]]:
    """As ``provider``, but the leanest server there is (``benchmarks.upstream``): what it costs is little."""
    with _served("benchmarks.upstream") as env:
        yield env


@contextmanager
def _served(module: str, *options: str) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", module, *options]
    with tempfile.TemporaryDirectory(prefix="soravid-bench-") as home:
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            if not url:
                raise RuntimeError("The fake provider did not start.")
            yield {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{url}/v1", "SORAVID_HOME": home}
        finally:
            server.terminate()
            server.wait(10)


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """These variables in this process, for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
