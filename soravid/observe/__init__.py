"""What happened, told to whoever wants to know: the log file, callbacks, OpenTelemetry.

Every change of a job is one ``Event``. ``emit`` hands it over and returns at once; a thread of its own then
takes secrets out of it, writes it to ``<SORAVID_HOME>/log/soravid.jsonl`` and tells the subscribers.

    for event in soravid.observe.read(job_id="job_0123456789abcdef"):
        print(event.at, event.name, event.cost)
"""

from soravid.observe.emitting import emit, flush, heard, lost, subscribe, tell, unsubscribe
from soravid.observe.events import DROPPABLE, Event, EventName, about
from soravid.observe.files import read
from soravid.observe.spans import opentelemetry

__all__ = [
    "DROPPABLE",
    "Event",
    "EventName",
    "about",
    "emit",
    "flush",
    "heard",
    "lost",
    "opentelemetry",
    "read",
    "subscribe",
    "tell",
    "unsubscribe",
]
