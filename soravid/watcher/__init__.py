"""Asks for all jobs in flight of a pipeline, with one clock and a bounded number of requests.

``agenda.py`` knows what is due when, ``watched.py`` one job's pace, ``account.py`` what the jobs of an
account share, and ``scheduler.py`` sends the requests.
"""

from soravid.watcher.agenda import Clock
from soravid.watcher.scheduler import Watcher
from soravid.watcher.watched import OnRow

__all__ = ["Clock", "OnRow", "Watcher"]
