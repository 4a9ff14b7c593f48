"""From what a caller wrote to a checked and priced plan, and to the pipeline that carries it out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from soravid import catalog, settings
from soravid.asgi import App, InProcess
from soravid.errors import InvalidRequest, MissingExtra
from soravid.ledger import Journal
from soravid.pipeline import Pipeline, Plan
from soravid.references import ReferenceInput, read_reference
from soravid.transport import Transport
from soravid.types import Operation, Options, VideoRequest


@cache
def pipeline(home: Path) -> Pipeline:
    """The pipeline of one ``SORAVID_HOME``, made on first use and kept."""

    def engine() -> App:
        try:
            from soravid.engine import create_app

            app: App = create_app(home / "engine")
        except ImportError:
            raise MissingExtra("The local engine", "local") from None
        return app

    return Pipeline(Journal(home), Transport({"engine.soravid.invalid": InProcess(engine)}))


def current() -> Pipeline:
    """The pipeline of the home that the environment names now."""
    return pipeline(settings.home().absolute())


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
) -> Plan:
    """Turn what a caller wrote into a checked and priced plan. Nothing billable is sent.

    Raises:
        InvalidRequest: the first thing that cannot work.
    """
    options = options or {}
    if not isinstance(prompt, str):
        raise InvalidRequest(f"The prompt must be text, not {type(prompt).__name__}.", param="prompt")
    if model is None and source_id and (source := line.journal.find(source_id)):
        model = source.model
    request = VideoRequest(
        model=model or settings.default_model(),
        prompt=prompt.strip(),
        operation=operation,
        seconds=catalog.normal_seconds(seconds),
        size=None if size is None else str(size).strip().lower(),
        source_id=source_id,
        user=options.get("user"),
        seed=_whole(options.get("seed"), "seed"),
        negative_prompt=options.get("negative_prompt"),
        take=take,
        extra_body=options.get("extra_body") or {},
    )
    line.plan(request, options)  # an empty prompt or a missing key is told before a picture is fetched
    picture = await read_reference(input_reference, line.transport)
    return line.plan(replace(request, input_reference=picture), options)


def _whole(value: object, param: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    raise InvalidRequest(f"{param} must be a whole number, not {value!r}.", param=param)
