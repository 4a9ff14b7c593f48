"""From what a caller wrote to a checked and priced plan, and to the pipeline that carries it out."""

from __future__ import annotations

import os
import re
import threading
from functools import cache, lru_cache
from pathlib import Path

from soravid import catalog, checks, config, fitting, guarding, listings, loop, references, settings, shapes
from soravid.asgi import App, InProcess
from soravid.deployments import Options
from soravid.drafting import Purpose, draw_up
from soravid.errors import InvalidRequest, MissingExtra
from soravid.ledger import Scope
from soravid.money import to_nano
from soravid.pipeline import Pipeline
from soravid.plans import Plan
from soravid.references import ReferenceInput
from soravid.transport import Transport
from soravid.types import Operation, VideoRequest, parse_size

_making = threading.Lock()


@cache
def pipeline(home: Path) -> Pipeline:
    """The pipeline of one ``SORAVID_HOME``, made on first use and kept."""
    from soravid import living

    def engine() -> App:
        try:
            from soravid.engine import create_app

            app: App = create_app(home / "engine")
        except ImportError:
            raise MissingExtra("The local engine", "local") from None
        return app

    transport = Transport({"engine.soravid.invalid": InProcess(engine)})
    loop.on_exit(transport.close)
    journal = living.begin(home, settings.database_url())
    if (limit := settings.budget()) is not None:
        journal.budgets.set(Scope("session", journal.session), to_nano(limit, param="SORAVID_BUDGET"))
    return Pipeline(journal, transport)


if hasattr(os, "register_at_fork"):
    # A forked child must not speak on its parent's connections.
    os.register_at_fork(after_in_child=pipeline.cache_clear)


def current() -> Pipeline:
    """The pipeline of the home that the environment names now."""
    home = _home(tuple(os.environ.get(name) for name in _DECIDE))
    if not home.is_absolute():
        home = home.absolute()
    with _making:  # one of each, whichever thread is first
        return pipeline(home)


@lru_cache
def _home(_: tuple[str | None, ...]) -> Path:
    """``settings.home()``, for as long as nothing changes that it is made of."""
    return settings.home()


_DECIDE = ("SORAVID_HOME", "HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA")
"""The variables that say where the home is, on one system or another."""


async def make_plan(
    line: Pipeline,
    prompt: str,
    model: str | None,
    *,
    operation: Operation = "create",
    source_id: str | None = None,
    seconds: str | float | None = None,
    size: str | None = None,
    input_reference: ReferenceInput = None,
    take: int = 1,
    options: Options | None = None,
    purpose: Purpose = "send",
) -> Plan:
    """Turn what a caller wrote into a checked and priced plan. Nothing billable is sent.

    Raises:
        InvalidRequest: the first thing that cannot work.
    """
    options = checks.check_options(options or {})
    checks.check_words(prompt, model, operation)
    origin = await line.accounts.row_of(source_id) if source_id else None
    if model is None:
        model = origin.model if origin else settings.default_model()
    routes = config.groups().find(model)
    for each in routes:
        await listings.learn(line.transport, each.entry.model, each.connection)
    if not routes:
        await listings.learn(line.transport, model, options)
    # What holds for a group is what holds for its first deployment; the others are checked as well.
    entry, seed = (
        catalog.find(routes[0].entry.model if routes else model),
        _whole(options.get("seed"), "seed"),
    )
    if seed is None and take > 1 and entry and "seed" in entry.abilities:
        seed = take  # else a model that repeats itself would make the same clip again
    request = VideoRequest(
        model=model,
        prompt=prompt.strip(),
        operation=operation,
        seconds=catalog.normal_seconds(seconds),
        size=_size(entry, size, options),
        source_id=source_id,
        user=options.get("user"),
        seed=seed,
        negative_prompt=options.get("negative_prompt"),
        audio=options.get("audio"),
        take=take,
        extra_body=options.get("extra_body") or {},
    )
    wanted = references.Pictures(input_reference, options.get("last_frame"), options.get("references"))
    # A mistake or a missing key is told before a picture is fetched.
    plan = draw_up(wanted.stand_in(request) if wanted else request, options, origin, purpose)
    whole = request
    if wanted:
        pictures = await wanted.read(line.transport)
        whole = await loop.in_thread(fitting.fitted, pictures.onto(request), entry, options.get("fit"))
    if purpose == "send":
        whole = await guarding.let_in(whole, options, origin)
    return plan if whole == request else draw_up(whole, options, origin, purpose)


def _size(entry: catalog.Model | None, size: object, options: Options) -> str | None:
    """Pixels, from the size itself or from the shape and the resolution class that stand for it."""
    shape, resolution = options.get("aspect_ratio"), options.get("resolution")
    if size is not None:
        if shape or resolution:
            raise InvalidRequest("size says it all: leave aspect_ratio and resolution out.", param="size")
        return "{}x{}".format(*parse_size(str(size).strip()))
    if not (shape or resolution):
        return None
    sizes = entry.sizes if entry and isinstance(entry.sizes, tuple) else None
    return shapes.pick_size(sizes, shape, resolution, (entry and entry.default_size) or "1280x720")


def _whole(value: object, param: str) -> int | None:
    """A whole number, also one that came as text."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
        return int(value)
    raise InvalidRequest(f"{param} must be a whole number, not {value!r}.", param=param)
