"""What ``soravid.form`` begins with: the keywords of ``generate`` as the options of a cell."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any

from soravid import checks, loop
from soravid.catalog import normal_seconds
from soravid.clips import Clip
from soravid.errors import InvalidRequest, UnknownKeyword, nearest, one_of
from soravid.job import Job
from soravid.money import to_nano, to_usd
from soravid.notebook import options
from soravid.types import parse_size


def args_of(preset: Mapping[str, Any]) -> Namespace:
    """The options of the cell that asks for this; a picture that has no file is put into one.

    Raises:
        InvalidRequest: a value that cannot be; UnknownKeyword: a name that there is not.
        SoravidError: a picture cannot be read.
    """
    args = options.parse("")
    words = (
        "negative_prompt",
        "aspect_ratio",
        "resolution",
        "user",
        "audio",
        "fit",
        "extra_body",
        "fallbacks",
    )
    checks.check_options({name: preset[name] for name in words if name in preset})  # type: ignore[arg-type]
    for name, value in preset.items():
        if name not in _NAMES:
            near = nearest(name, _NAMES)
            hint = f"Did you mean {one_of(near)}?" if near else f"There are {one_of(_NAMES)}."
            raise UnknownKeyword(f"form() has no argument {name!r}.", param=name, hint=hint)
        if value is not None:
            dest, read = _NAMES[name]
            setattr(args, dest, read(value, name))
    options.check(args)
    return args


def _text(value: Any, name: str) -> str:
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    raise InvalidRequest(f"{name} must be text, not {type(value).__name__}.", param=name)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidRequest(f"{name} must be a whole number, not {value!r}.", param=name)


def _clip(value: Any, name: str) -> str:
    if isinstance(value, Clip):
        return value.job_id
    return value.id if isinstance(value, Job) else _text(value, name)


def _picture(value: Any, name: str) -> str:
    from soravid.notebook.widgets.form_pictures import kept, word_of

    slot = _NAMES[name][0]
    word = word_of(value.wait() if isinstance(value, Job) else value)
    return word if isinstance(word, str) else loop.run(kept(*word, slot)).word


def _pictures(value: Any, name: str) -> list[str]:
    return [_picture(each, name) for each in (value if isinstance(value, (list, tuple)) else [value])]


def _fields(value: Any, name: str) -> list[str]:
    if isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values()):
        return [f"{key}={each}" for key, each in value.items()]
    raise InvalidRequest(f"{name} of a form holds names and texts, as --param does.", param=name)


def _as_is(value: Any, _name: str) -> Any:
    return value


_Reading = tuple[str, Callable[[Any, str], Any]]
_NAMES: dict[str, _Reading] = {
    "model": ("model", _text),
    "seconds": ("seconds", lambda value, _: normal_seconds(value)),
    "size": ("size", lambda value, name: "{}x{}".format(*parse_size(_text(value, name).strip()))),
    "aspect_ratio": ("aspect", _as_is),
    "resolution": ("resolution", _as_is),
    "input_reference": ("reference", _picture),
    "last_frame": ("last_frame", _picture),
    "references": ("also", _pictures),
    "fit": ("fit", _as_is),
    "audio": ("audio", _as_is),
    "takes": ("takes", _whole),
    "seed": ("seed", _whole),
    "negative_prompt": ("negative", _as_is),
    "user": ("user", _as_is),
    "extra_body": ("param", _fields),
    "fallbacks": ("fallback", lambda value, _: ",".join(value)),
    "max_cost": ("max_cost", lambda value, name: f"{to_usd(to_nano(value, param=name)):f}"),
    "path": ("output", _text),
    "remix": ("remix", _clip),
    "edit": ("edit", _clip),
    "extend": ("extend", _clip),
}
"""Each keyword, what a cell calls it, and how its value becomes the cell's."""
