"""What the OpenAPI document promises holds, whatever is sent: nothing makes a fault of the proxy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fakes.server import serve
from tests.proxy.operated import MASTER, Proxy, bearer, config, fake, running

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with serve(fake(retry_after="0.01")) as upstream:
        told = config(upstream)
        told["router_settings"] = {"allowed_fails": 1_000_000, "cooldown_time": 1e-6}
        with running(tmp_path_factory.mktemp("schema") / "home", told) as proxy:
            yield proxy


def test_every_route_answers_as_the_document_says(proxy: Proxy) -> None:
    """A failure tells the request as a line of curl."""
    document = schemathesis.openapi.from_url(f"{proxy.url}/openapi.json")
    found = list(document.get_all_operations())
    assert len(found) > 40
    for operation in found:
        assert isinstance(operation, Ok), operation
        _try(operation.ok(), proxy)
    assert not [text for text in proxy.said if "Traceback" in text]


def _try(operation: APIOperation[Any, Any, Any, Any], proxy: Proxy) -> None:
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def answers_well(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=proxy.url, headers=bearer(MASTER), checks=_CHECKS)

    answers_well()
