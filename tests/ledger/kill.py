"""Kill a process that reserves and settles, again and again, and see whether the money adds up.

``python -m tests.ledger.kill --times 1000 [--url postgresql://...]``
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from soravid.errors import BudgetExceeded, SoravidError
from soravid.ledger.journal import Journal
from tests.core.helpers import running
from tests.ledger.helpers import HERE, KEY, KITE, TEAM, USER, told

LIMIT = 50_000
_ENDS = (("completed", 300), ("completed", 500), ("completed", None), ("failed", None), ("cancelled", 0))


def nursery(home: Path, url: str | None) -> None:
    """For each line that comes, start a worker, and see it die; a worker that works says its number."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            _begin(Journal(home, url=url))
        os.waitpid(child, 0)
        print("dead", flush=True)


def _begin(journal: Journal) -> None:
    """Reserve, submit and settle until killed: from several threads, or alone on a loop."""
    journal.open(KITE, HERE, 0, scopes=[KEY])  # the first hold is there before
    journal.soon.alone = bool(os.getpid() % 2)
    faces: list[Any] = [journal.soon] if journal.soon.alone else [journal] * 3
    works = [_work(journal, steps, number) for number, steps in enumerate(faces)]
    threads = [threading.Thread(target=asyncio.run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    print(os.getpid(), flush=True)
    for thread in threads:
        thread.join()


async def _work(journal: Journal, steps: Any, number: int) -> None:
    dice = random.Random(f"{number} {time.time()}")
    while True:
        try:
            row, _ = await _end(steps.open(KITE, HERE, 400, scopes=[KEY, USER, TEAM][: dice.randint(1, 3)]))
        except BudgetExceeded:
            journal.budgets.set(KEY, (journal.budgets.get(KEY).limit or 0) + LIMIT)
            continue
        if dice.random() < 0.1:
            await _end(steps.refused(row.id, SoravidError("No.")))
            continue
        await _end(steps.submitted(row.id, told("queued")))
        await _end(steps.observe(row.id, told("in_progress"), None))
        status, cost = dice.choice(_ENDS)
        await _end(steps.observe(row.id, told(status), cost))


async def _end(step: Any) -> Any:
    """What came of a step, of whichever face."""
    return await step if inspect.isawaitable(step) else step


def kill(times: int, home: Path, url: str | None = None) -> tuple[int, list[str]]:
    """Start, kill, look, as often as asked; how many jobs there are then, and what does not add up."""
    dice = random.Random(7)
    journal = Journal(home, url=url)
    journal.budgets.set(KEY, LIMIT, "1mo")
    command = [
        sys.executable,
        "-m",
        "tests.ledger.kill",
        "--work",
        str(home),
        *(["--url", url] if url else []),
    ]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    problems: list[str] = []
    with running(command, **pipes) as workers:
        assert workers.stdin
        assert workers.stdout
        for number in range(1, times + 1):
            print("next", file=workers.stdin, flush=True)
            worker = int(workers.stdout.readline())
            time.sleep(dice.random() * 0.08)
            os.kill(worker, signal.SIGKILL)
            assert workers.stdout.readline() == "dead\n"
            if number % 20 == 0 or number == times:
                problems += journal.verify()
    jobs = journal.spend().jobs
    journal.close()
    return jobs, problems


def main() -> int:
    """Tell what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.ledger.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--url", help="a PostgreSQL database; none: a SQLite file in a temporary folder")
    parser.add_argument("--work", type=Path, metavar="HOME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        nursery(options.work, options.url)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        jobs, problems = kill(options.times, Path(folder), options.url)
    took = time.monotonic() - begin
    print(
        f"{options.times} kills in {took:.0f} s, {jobs} jobs, {len(problems)} mismatches.",
        *problems,
        sep="\n",
    )
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
