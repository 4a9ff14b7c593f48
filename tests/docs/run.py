"""Run the code of one page as a reader would, from its top to its end: ``python -m tests.docs.run PAGE``.

One IPython shell for the whole page, in the working folder. What each kind of block is:

    python          a cell; it may await
    %... or %%...   in a block without a language: a cell
    a file          that its first line or the heading above names: it is there from the start
    yaml            a configuration, ``config.yaml`` where no name is given: it is read, and ``config`` then
                    is what it says, ``folder`` where it lies
    json            has to be JSON
    bash            ``soravid ...`` is run (a server is only looked at), ``make`` and ``pip install`` name
                    what there is, anything else is passed over

Clips are drawn small, sleeps are short, and nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from IPython.core.interactiveshell import ExecutionResult
from IPython.terminal.interactiveshell import TerminalInteractiveShell

import soravid
from soravid import cli
from soravid.proxy.options import read_options
from tests.docs.blocks import ROOT, Block, blocks

SERVERS = {"engine", "proxy"}


def main(page: Path, served: dict[str, str]) -> None:
    """Run a page; ``served`` are addresses in it, and where they are served here."""
    sys.addaudithook(_stay_here)
    sys.path.insert(0, "")
    _make_short()
    soravid.add_models({"id": "local/animatic", "default_size": "320x180", "default_seconds": "1"})
    shell = TerminalInteractiveShell.instance(history_enabled=False, colors="nocolor")
    shell.run_line_magic("load_ext", "soravid")
    found = [
        replace(block, text=_served_here(block.text, served)) for block in blocks(page) if not block.reason
    ]
    for block in found:
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf-8")
    for block in found:
        try:
            _run(shell, block)
        except BaseException as wrong:
            where = f"{page.name}:{block.line}"
            raise SystemExit(f"{where}: {type(wrong).__name__}: {wrong}\n{block.text}") from wrong
    soravid.observe.flush()


def _served_here(text: str, served: dict[str, str]) -> str:
    for theirs, ours in served.items():
        text = text.replace(theirs, ours)
    return text


def _run(shell: TerminalInteractiveShell, block: Block) -> None:
    text = block.text
    if block.language == "yaml":
        file = Path(block.file or "config.yaml")
        file.write_text(text, encoding="utf-8")
        read_options(file)
        shell.push({"config": yaml.safe_load(text), "folder": Path.cwd()})
    elif block.language == "toml":
        tomllib.loads(text)
    elif block.file:
        shell.run_cell(f"import {Path(block.file).stem}").raise_error()
    elif block.language == "python" or (not block.language and text.startswith("%")):
        done: ExecutionResult = shell.run_cell(text)
        done.raise_error()
    elif block.language == "json":
        json.loads(text)
    elif block.language in {"bash", "sh"}:
        for line in text.replace("\\\n", " ").splitlines():
            _command(line)


def _command(line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[:1] == ["soravid"]:
        if words[1] in SERVERS:
            cli._parser().parse_args(words[1:])
        elif cli.main(words[1:]) != 0:
            raise AssertionError(line)
    elif words[:1] == ["make"]:
        targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())
        assert set(words[1:]) <= set(targets), line
    elif words[:2] == ["pip", "install"]:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        for extra in re.findall(r"soravid\[([\w,]+)\]", line):
            assert set(extra.split(",")) <= project["optional-dependencies"].keys(), line


def _make_short() -> None:
    sleep, asleep = time.sleep, asyncio.sleep

    def short(seconds: float) -> None:
        sleep(min(seconds, 0.01))

    async def ashort(delay: float, result: Any = None) -> Any:
        return await asleep(min(delay, 0.01), result)

    time.sleep, asyncio.sleep = short, ashort  # type: ignore[assignment]


def _stay_here(event: str, args: tuple[Any, ...]) -> None:
    """Forbid every connection but those to this machine."""
    if event == "socket.getaddrinfo" and args[0] not in {"127.0.0.1", "localhost", None}:
        raise ConnectionRefusedError(f"The documentation's code asked for {args[0]}.")
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in {"127.0.0.1", "::1"}:
        raise ConnectionRefusedError(f"The documentation's code asked for {args[1][0]}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
