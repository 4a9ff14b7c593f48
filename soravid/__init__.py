"""soravid makes AI video from a notebook.

    %load_ext soravid

    %%video -s 8
    A red kite over a harbour at dawn, slow pan left

or from Python::

    import soravid

    clip = soravid.generate("A red kite over a harbour at dawn", seconds=8).wait()

Code written for LiteLLM's video functions or OpenAI's ``client.videos`` goes on with another import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from soravid import callbacks as callbacks
    from soravid import guardrails as guardrails
    from soravid import observe as observe
    from soravid.batches import amap as amap
    from soravid.batches import as_completed as as_completed
    from soravid.batches import map as map
    from soravid.choosing import models as models
    from soravid.client import AsyncClient as AsyncClient
    from soravid.client import Client as Client
    from soravid.clips import Clip as Clip
    from soravid.config import add_models as add_models
    from soravid.config import load_config as load_config
    from soravid.config import load_models as load_models
    from soravid.editing import continue_from as continue_from
    from soravid.editing import join as join
    from soravid.errors import SoravidError as SoravidError
    from soravid.functions import avideo_content as avideo_content
    from soravid.functions import avideo_delete as avideo_delete
    from soravid.functions import avideo_edit as avideo_edit
    from soravid.functions import avideo_extension as avideo_extension
    from soravid.functions import avideo_generation as avideo_generation
    from soravid.functions import avideo_list as avideo_list
    from soravid.functions import avideo_remix as avideo_remix
    from soravid.functions import avideo_retrieval as avideo_retrieval
    from soravid.functions import avideo_status as avideo_status
    from soravid.functions import video_content as video_content
    from soravid.functions import video_delete as video_delete
    from soravid.functions import video_edit as video_edit
    from soravid.functions import video_extension as video_extension
    from soravid.functions import video_generation as video_generation
    from soravid.functions import video_list as video_list
    from soravid.functions import video_remix as video_remix
    from soravid.functions import video_retrieval as video_retrieval
    from soravid.functions import video_status as video_status
    from soravid.guarding import guard as guard
    from soravid.job import Job as Job
    from soravid.nested import allow_nested_run as allow_nested_run
    from soravid.notebook.compare import compare as compare
    from soravid.notebook.connect import connect as connect
    from soravid.notebook.connect import disconnect as disconnect
    from soravid.notebook.form import form as form
    from soravid.notebook.gallery import gallery as gallery
    from soravid.notebook.meter import meter as meter
    from soravid.notebook.player import player as player
    from soravid.notebook.storyboard import storyboard as storyboard
    from soravid.router import Router as Router
    from soravid.session import budget as budget
    from soravid.session import doctor as doctor
    from soravid.session import estimate as estimate
    from soravid.session import find_job as find_job
    from soravid.session import generate as generate
    from soravid.session import jobs as jobs
    from soravid.session import resume as resume
    from soravid.session import spend as spend
    from soravid.types import Video as Video

__version__ = "0.1.0"

# Which room each public name lives in. A room is opened when its name is first used, so that
# `import soravid` costs next to nothing and needs no optional part.
_ROOMS = {
    "soravid.batches": ("amap", "as_completed", "map"),
    "soravid.choosing": ("models",),
    "soravid.client": ("AsyncClient", "Client"),
    "soravid.clips": ("Clip",),
    "soravid.config": ("add_models", "load_config", "load_models"),
    "soravid.editing": ("continue_from", "join"),
    "soravid.errors": ("SoravidError",),
    "soravid.functions": tuple(
        f"{face}video_{name}"
        for face in ("", "a")
        for name in (
            *("generation", "status", "retrieval", "content", "remix", "edit", "extension", "list"),
            "delete",
        )
    ),
    "soravid.job": ("Job",),
    "soravid.guarding": ("guard",),
    "soravid.nested": ("allow_nested_run",),
    "soravid.notebook.compare": ("compare",),
    "soravid.notebook.connect": ("connect", "disconnect"),
    "soravid.notebook.form": ("form",),
    "soravid.notebook.gallery": ("gallery",),
    "soravid.notebook.meter": ("meter",),
    "soravid.notebook.player": ("player",),
    "soravid.notebook.storyboard": ("storyboard",),
    "soravid.router": ("Router",),
    "soravid.session": (
        "budget",
        "doctor",
        "estimate",
        "find_job",
        "generate",
        "jobs",
        "resume",
        "spend",
    ),
    "soravid.types": ("Video",),
}
_WHERE = {name: room for room, names in _ROOMS.items() for name in names}
_WHOLE_ROOMS = ("callbacks", "guardrails", "observe")
__all__ = ["__version__", *_WHERE, *_WHOLE_ROOMS]


def __getattr__(name: str) -> Any:
    if name in _WHOLE_ROOMS:
        return import_module(f"soravid.{name}")
    try:
        room = _WHERE[name]
    except KeyError:
        raise AttributeError(f"module 'soravid' has no attribute {name!r}") from None
    value = globals()[name] = getattr(import_module(room), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext soravid`` calls."""
    from soravid.notebook import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """What ``%unload_ext soravid`` calls."""
    from soravid.notebook import unload

    unload(shell)
