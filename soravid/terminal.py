"""Shows a job in a terminal: one line that changes while somebody looks, then one that stays."""

from __future__ import annotations

import sys
import time

from soravid import cards
from soravid.errors import SoravidError
from soravid.job import Job


def follow(job: Job) -> bool:
    """Wait for a job; whether there is a clip. Where nobody looks on, only the end is shown."""
    job.resume()
    live = sys.stderr.isatty()
    while live and not job.done():
        print(f"\r{cards.running_text(job.view)}\x1b[K", end="", file=sys.stderr, flush=True)
        time.sleep(0.1)
    if live:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    try:
        clip = job.result()
    except SoravidError:
        print(cards.failed_text(job.view), file=sys.stderr)
        return False
    print(clip)
    return True
