"""From the options of ``%%video`` to the keywords of ``generate``: for the magic, and for the form."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from soravid import session
from soravid.clips import Clip
from soravid.errors import InvalidRequest
from soravid.job import Job
from soravid.notebook import options
from soravid.types import Operation


def keywords(args: Namespace, names: Mapping[str, Any]) -> dict[str, Any]:
    """What ``session.generate`` and ``session.estimate`` are given for every take.

    A word that is the name of a variable stands for its value; a ``Job`` is waited for.

    Raises:
        InvalidRequest: a clip that is not one, or a parameter without a name.
        SoravidError: a job to go on from ended without a clip.
    """
    operation, source = source_of(args, names)
    return {
        "model": args.model or None,
        "seconds": args.seconds or None,
        "size": args.size or None,
        "aspect_ratio": args.aspect,
        "resolution": args.resolution,
        "input_reference": value_of(args.reference, names),
        "last_frame": value_of(args.last_frame, names),
        "references": [value_of(each, names) for each in args.also] or None,
        "fit": args.fit,
        "audio": args.audio,
        "operation": operation,
        "video_id": source,
        "negative_prompt": args.negative,
        "user": args.user,
        "extra_body": options.pairs(args.param) or None,
        "fallbacks": args.fallback.split(",") if args.fallback else None,
        "max_cost": args.max_cost or None,
    }


def each_take(args: Namespace) -> Iterator[dict[str, Any]]:
    """What differs from take to take."""
    return (one_take(args, take) for take in range(1, args.takes + 1))


def one_take(args: Namespace, take: int) -> dict[str, Any]:
    """What is said for take 1, 2, 3 ... alone: its number, seed and file."""
    return {
        "take": take,
        "seed": None if args.seed is None else args.seed + take - 1,
        "path": options.output(args.output, take),
    }


def source_of(args: Namespace, names: Mapping[str, Any]) -> tuple[Operation, str | None]:
    """What is done, and the id of the clip that it is done to.

    Raises:
        InvalidRequest: the journal has no such clip, or the word is none of a clip's.
    """
    sources: dict[Operation, str | None] = {"remix": args.remix, "edit": args.edit, "extend": args.extend}
    for operation, text in sources.items():
        if text:
            value = value_of(text, names)
            if isinstance(value, Clip):
                return operation, value.job_id
            if isinstance(value, str):
                if not args.model:
                    session.find_job(value)  # an id that nobody knows is told before anything is sent
                return operation, value
            raise InvalidRequest(f"--{operation} takes a clip's variable or id, not {text!r}.")
    return "create", None


def value_of(text: str | None, names: Mapping[str, Any]) -> Any:
    """What a word of the line stands for: a variable's value, else the word itself."""
    value = names.get(text, text) if text else None
    return value.wait() if isinstance(value, Job) else value
