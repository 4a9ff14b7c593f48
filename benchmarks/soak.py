"""Our proxy under a mixed load for long, while its provider makes a fault every second.

    python -m benchmarks.soak --requests 100000

Creates, looks, contents, lists and keys from many callers at once. It prints a table and exits with 1 if
something answers with a fault of the proxy's own, if memory goes on growing, or if the ledger does not add
up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from benchmarks.fresh import ROOT
from benchmarks.probe import rss_mb
from benchmarks.proxies import MASTER, Proxy, ours
from benchmarks.report import Report, Row

CALLERS, KEYS = 32, 20
MIX = {"create": 10, "status": 50, "content": 15, "list": 15, "key": 10}
"""Of a hundred requests."""
_GROWTH = 15.0
"""MB that memory may grow by in the last half."""
_CALM = {"SORAVID_POLL_SECONDS": "1"}
_SETTLING = 120.0
"""Seconds within which the jobs that are left must have ended."""


@dataclass(slots=True)
class Soak:
    """What is asked for, and what came."""

    proxy: Proxy
    left: int
    keys: list[str] = field(default_factory=list)
    clips: dict[str, list[str]] = field(default_factory=dict)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0

    async def caller(self, http: aiohttp.ClientSession) -> None:
        """Ask until enough has been asked."""
        while self.left > 0:
            self.left -= 1
            (what,) = random.choices(list(MIX), list(MIX.values()))
            key = random.choice(self.keys)
            mine = self.clips.setdefault(key, [])
            if what in {"status", "content"} and not mine:
                what = "create"
            begin = time.perf_counter()
            status, answer = await self._ask(http, what, key, mine)
            self.slowest = max(self.slowest, time.perf_counter() - begin)
            self.answers[what, status] += 1
            if status >= 500 or status == 0:
                self._judge(what, status, answer)

    async def _ask(
        self, http: aiohttp.ClientSession, what: str, key: str, mine: list[str]
    ) -> tuple[int, dict[str, Any]]:
        base, method, path, body = f"{self.proxy.url}/v1", "GET", "/videos?limit=20", None
        if what == "create":
            method, path = "POST", "/videos"
            body = {"model": "plain", "prompt": f"A red kite {random.random()}", "seconds": "4"}
        elif what in {"status", "content"}:
            path = f"/videos/{random.choice(mine[-50:])}" + ("/content" if what == "content" else "")
        elif what == "key":
            path, key = ("/key/info", key) if random.random() < 0.7 else ("/key/list?page_size=5", MASTER)
        try:
            headers = {"authorization": f"Bearer {key}"}
            async with http.request(method, base + path, json=body, headers=headers) as answer:
                data = await answer.read()
                told = json.loads(data) if answer.content_type == "application/json" else {}
                if what == "create" and answer.status == 200:
                    mine.append(told["id"])
                return answer.status, told
        except (aiohttp.ClientError, OSError) as wrong:
            return 0, {"error": {"message": repr(wrong), "code": "none"}}

    def _judge(self, what: str, status: int, answer: dict[str, Any]) -> None:
        """Note what the provider cannot have caused."""
        error = answer.get("error", {})
        own = "The proxy" in error.get("message", "") and "provider" not in error.get("message", "")
        if what not in {"create", "content"} or status == 0 or own or not error.get("code"):
            self.faults.append(f"{what} {status} {json.dumps(answer)[:300]}")


def main() -> int:
    """Run it, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--requests", type=int, default=100_000)
    count = parser.parse_args().requests
    with _faulty() as (url, ended), tempfile.TemporaryDirectory() as folder:
        # Where it can be looked at once the proxy has ended.
        home = str(Path(folder) / "home")
        with ours({"plain": url}, _CALM | {"SORAVID_HOME": home}) as proxy:
            soak = Soak(proxy, count)
            begin = time.monotonic()
            memory = asyncio.run(_run(soak))
            took = time.monotonic() - begin
            unsettled = asyncio.run(_settled(proxy))
        made, _ = ended()
        verified = _verified(home)
    report = Report(f"soak: {count:,} requests in {took:.0f} s, {made} faults of the provider's meanwhile")
    middle, end = (median(part) for part in (memory[len(memory) // 2 - 3 :][:7], memory[-7:]))
    fives = sum(number for (_, status), number in soak.answers.items() if status >= 500)
    report.rows = [
        Row("5xx, and answers that did not come, of the proxy's own", len(soak.faults), "", below=0),
        Row("5xx that the provider caused", fives - len(soak.faults), "", below=made),
        Row("memory grown in the last half", end - middle, "MB", below=_GROWTH),
        Row("memory at the end", end, "MB"),
        Row("requests", count / took, "a second"),
        Row("slowest answer", soak.slowest, "s"),
        Row("jobs that had not ended two minutes later", unsettled, "", below=made),
        Row("ledger verify, exit code", verified, "", below=0),
    ]
    report.notes = [f"{what} {status}: {n:,}" for (what, status), n in sorted(soak.answers.items())]
    report.notes += soak.faults[:20]
    print(report.text())
    return 1 if report.missed else 0


async def _run(soak: Soak) -> list[float]:
    """Let all callers ask; returns how much memory there was, about four times a second."""
    memory: list[float] = []

    async def watch() -> None:
        while True:
            memory.append(rss_mb(soak.proxy.process))
            await asyncio.sleep(max(0.25, len(memory) / 400))

    timeout = aiohttp.ClientTimeout(total=180)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        for number in range(KEYS):
            fields = {"key_alias": f"soak-{number}", "max_budget": 1_000_000}
            headers = {"authorization": f"Bearer {MASTER}"}
            async with http.post(f"{soak.proxy.url}/key/generate", json=fields, headers=headers) as made:
                soak.keys.append((await made.json())["key"])
        watching = asyncio.create_task(watch())
        await asyncio.gather(*(soak.caller(http) for _ in range(CALLERS)))
        watching.cancel()
    return memory


async def _settled(proxy: Proxy) -> int:
    """Wait until no job runs; returns how many do all the same."""
    headers, give_up, running = {"authorization": f"Bearer {MASTER}"}, time.monotonic() + _SETTLING, 0
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < give_up:
            async with http.get(f"{proxy.url}/metrics", headers=headers) as answer:
                lines = (await answer.text()).splitlines()
            told = [line for line in lines if line.startswith("soravid_jobs_in_flight{")]
            running = int(sum(float(line.rpartition(" ")[2]) for line in told))
            if not running:
                break
            await asyncio.sleep(2)
    return running


def _verified(home: str) -> int:
    command = [sys.executable, "-m", "soravid", "ledger", "verify"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "SORAVID_HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-500:], done.stderr[-500:])
    return done.returncode


@contextmanager
def _faulty() -> Iterator[tuple[str, Any]]:
    """The provider; its second part ends it and tells what it has done."""
    command = [sys.executable, "-m", "benchmarks.faulty"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    url = process.stdout.readline().strip()

    def ended() -> tuple[int, ...]:
        said, _ = process.communicate()
        return tuple(int(word) for word in said.split())

    try:
        yield url, ended
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
