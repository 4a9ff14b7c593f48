"""The names in a section of a configuration: what means something here, and what is LiteLLM's and does not.

LiteLLM's names are those of its 1.109 ``litellm.types.router`` and its page "Configuration and defaults".
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Any

from soravid.errors import InvalidRequest, nearest, one_of

Resolve = Callable[[Any], Any]
"""Puts a variable's value where ``os.environ/NAME`` stands, also deep inside."""

# Of LiteLLM's, and without a meaning for video or for this program.
_UNUSED_PARAMS = """
    additional_drop_params azure_ad_token azure_password azure_scope azure_username budget_duration
    cache_control_injection_points client_id client_secret configurable_clientside_auth_params
    default_api_key_rpm_limit default_api_key_tpm_limit drop_params input_cost_per_second
    input_cost_per_token itpm litellm_credential_name litellm_trace_id max_budget max_file_size_mb
    max_retries merge_reasoning_content_in_choices mock_response model_info organization otpm
    output_cost_per_second output_cost_per_token output_cost_per_video_per_second region_name
    stream_timeout tags tenant_id tpm use_in_pass_through use_litellm_proxy vertex_credentials
    vertex_location vertex_project
"""
UNUSED_PARAMS = frozenset(_UNUSED_PARAMS.split())
_UNUSED_ROUTER = """
    alerting_config allowed_fails_policy assistants_config cache_kwargs cache_responses
    caching_groups client_ttl content_policy_fallbacks context_window_fallbacks debug_level
    default_litellm_params default_max_parallel_requests default_priority
    deployment_affinity_ttl_seconds disable_cooldowns enable_pre_call_checks enable_tag_filtering
    enable_weighted_failover guardrail_list ignore_invalid_deployments max_fallbacks max_retries
    model_group_affinity_config model_group_retry_policy optional_pre_call_checks polling_interval
    provider_budget_config redis_db redis_host redis_password redis_port redis_url retry_after
    retry_policy router_general_settings routing_groups routing_strategy_args search_tools
    set_verbose stream_timeout tag_filtering_match_any tag_routing_prefix weights
"""
UNUSED_ROUTER = frozenset(_UNUSED_ROUTER.split())


def checked(
    section: str, given: Any, known: Collection[str], unused: Collection[str] = (), *, strict: bool = True
) -> dict[str, Any]:
    """The names of a section that mean something here; what is LiteLLM's and does not is told in a warning.

    Raises:
        InvalidRequest: no names and values, or, if ``strict``, a name that nobody knows.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidRequest(f"{section} must hold names and values.", param=section)
    strangers = [str(name) for name in given if name not in known and name not in unused]
    if strangers and strict:
        near = nearest(strangers[0], known, 1)
        raise InvalidRequest(
            f"{section} has no setting {strangers[0]!r}.",
            param=strangers[0],
            hint=f"Did you mean {near[0]}?" if near else f"There are {one_of(sorted(known))}.",
        )
    if ignored := sorted(name for name in given if name in unused):
        warnings.warn(
            f"{section}: {', '.join(ignored)} of LiteLLM's has no meaning here and is ignored.",
            UserWarning,
            stacklevel=3,
        )
    return {name: value for name, value in given.items() if name in known and value is not None}


def whole(name: str, value: Any, least: int = 1) -> int:
    """A whole number, also one that a variable gave as text.

    Raises:
        InvalidRequest: it is none, or below ``least``.
    """
    text = str(value).strip()
    if isinstance(value, bool) or not text.isdecimal() or int(text) < least:
        raise InvalidRequest(f"{name} must be a whole number from {least} up, not {value!r}.", param=name)
    return int(text)


def number(name: str, value: Any, *, above: bool = True) -> float:
    """A number above 0, or from 0 up; also one that a variable gave as text.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        found = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if not (0 < found < float("inf") or (not above and found == 0)):
        least = "above 0" if above else "from 0 up"
        raise InvalidRequest(f"{name} must be a number {least}, not {value!r}.", param=name)
    return found
