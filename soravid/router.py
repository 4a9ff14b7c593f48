"""``Router``: LiteLLM's, for video. Its calls are the functions' own, made with its model groups."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from soravid import functions, session
from soravid.config import with_environment
from soravid.faces import BlockingContent, HoppingContent
from soravid.loop import blocking, hopping
from soravid.routing import Groups, Route
from soravid.routing.active import using
from soravid.tables import Table

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Callable[..., Any])


def _mine(
    function: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Router, P], Coroutine[Any, Any, R]]:
    """A coroutine function as a method that uses the router's groups."""

    @functools.wraps(function)
    async def method(self: Router, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with using(self._groups):
            return await function(*args, **kwargs)

    return _signed(method, function)


def _mine_at_once(function: Callable[P, R]) -> Callable[Concatenate[Router, P], R]:
    """The same for a plain function."""

    @functools.wraps(function)
    def method(self: Router, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with using(self._groups):
            return function(*args, **kwargs)

    return _signed(method, function)


def _signed(method: M, function: Callable[..., Any]) -> M:
    """Give a method the function's signature, for Jupyter's help and completion."""
    signature = inspect.signature(function)
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
    parameters += signature.parameters.values()
    method.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return method


class Router:
    """Spreads clips over the deployments of model groups, as LiteLLM's ``Router`` does.

        router = Router(model_list=[
            {"model_name": "sora", "litellm_params": {"model": "openai/sora-2", "api_key": "os.environ/A"}},
            {"model_name": "sora", "litellm_params": {"model": "azure/sora-2", "api_base": "https://..."}},
        ], routing_strategy="least-busy")
        video = router.video_generation("A red kite", model="sora", seconds=8)

    Every later call of a job goes to the deployment that made it. The methods take what the functions of the
    same name take; ``model`` may be a group, an alias, a deployment's id or ``provider/model``.
    """

    def __init__(
        self,
        model_list: Sequence[Mapping[str, Any]],
        *,
        routing_strategy: str = "simple-shuffle",
        num_retries: int | None = None,
        allowed_fails: int | None = None,
        cooldown_time: float | None = None,
        fallbacks: Sequence[Mapping[str, Sequence[str]]] | None = None,
        default_fallbacks: Sequence[str] | None = None,
        model_group_alias: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        on_failed_job: bool = False,
        clock: Callable[[], float] = time.monotonic,
        **settings: Any,
    ) -> None:
        """Make a router.

        Args:
            model_list: entries with ``model_name`` (the group) and ``litellm_params``, as in ``config.yaml``.
            routing_strategy: simple-shuffle, least-busy, lowest-cost or latency-based.
            num_retries: how many of a group's deployments are tried after the first; None: all.
            allowed_fails: failures within a minute that do not cool a deployment down (default 3).
            cooldown_time: seconds for which one is left alone (default 5).
            fallbacks: ``[{"sora": ["veo"]}]``: the groups or models that come after a group.
            default_fallbacks: the same for groups that have none of their own.
            model_group_alias: other names of groups.
            timeout: seconds without a byte, for deployments that say none.
            on_failed_job: whether a job that its provider failed is made again by the next choice.
            clock: gives seconds; for tests.
            **settings: other settings of LiteLLM's, which have no meaning here and are told in a warning.

        Raises:
            InvalidRequest: something that cannot work; the message says what.
        """
        said = {
            "routing_strategy": routing_strategy,
            "num_retries": num_retries,
            "allowed_fails": allowed_fails,
            "cooldown_time": cooldown_time,
            "fallbacks": fallbacks,
            "default_fallbacks": default_fallbacks,
            "model_group_alias": model_group_alias,
            "timeout": timeout,
            "on_failed_job": on_failed_job,
            **settings,
        }
        self._groups = Groups.read(model_list, said, with_environment, section="Router", clock=clock)

    @property
    def model_names(self) -> list[str]:
        """The groups' names."""
        return self._groups.names

    def deployments(self) -> Table:
        """Each deployment with its health and its load: jobs running, and creates under way or queued."""
        rows = [_row(route) for route in self._groups.routes.values()]
        columns = (
            "Group",
            "Deployment",
            "Model",
            "State",
            "Failures",
            "Cooldown",
            "Load",
            "Queued",
            "Latency",
        )
        return Table(columns, rows, "Deployments")

    generate = _mine_at_once(session.generate)
    estimate = _mine_at_once(session.estimate)
    video_generation = blocking(_mine(functions._generation))
    avideo_generation = hopping(_mine(functions._generation))
    video_status = blocking(_mine(functions._status))
    avideo_status = hopping(_mine(functions._status))
    video_retrieval = cast("BlockingContent", blocking(_mine(functions._retrieval)))
    avideo_retrieval = cast("HoppingContent", hopping(_mine(functions._retrieval)))
    video_content, avideo_content = video_retrieval, avideo_retrieval
    video_remix = blocking(_mine(functions._remix))
    avideo_remix = hopping(_mine(functions._remix))
    video_edit = blocking(_mine(functions._edit))
    avideo_edit = hopping(_mine(functions._edit))
    video_extension = blocking(_mine(functions._extension))
    avideo_extension = hopping(_mine(functions._extension))
    video_list = blocking(_mine(functions._list))
    avideo_list = hopping(_mine(functions._list))
    video_delete = blocking(_mine(functions._delete))
    avideo_delete = hopping(_mine(functions._delete))


def _row(route: Route) -> tuple[str, ...]:
    health, gate = route.health, route.gate
    wait = f"{health.wait:.0f} s" if health.wait else ""
    latency = "" if route.latency is None else f"{route.latency:.1f} s"
    return (
        *(route.entry.group, route.entry.id, route.entry.model, health.word, str(health.failures), wait),
        *(str(route.load), str(gate.waiting), latency),
    )
