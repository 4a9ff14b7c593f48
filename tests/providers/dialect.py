"""What the tests of the OpenAI dialect share: the official client, our adapter without the rest, and both."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from openai import OpenAI as Client

from soravid import loop, planning
from soravid.deployments import Deployment
from soravid.providers.base import Flow, Response
from soravid.providers.openai import OpenAI
from soravid.types import Reference, VideoRequest
from tests.core.helpers import picture_bytes
from tests.fakes.jobs import JobFake
from tests.fakes.recorder import Recorded
from tests.providers.cases import KEY

PICTURE = Reference(picture_bytes(64, 36), "image/png", "kite.png")
OTHER = Reference(picture_bytes(36, 64), "image/png", "tail.png")
UPLOAD = (PICTURE.filename, PICTURE.data, PICTURE.media_type)
SHUT_DOWN = "ignore:The Sora API is scheduled to permanently shut down:DeprecationWarning"
"""The client says this of every call, wherever it goes."""


def client(url: str, key: str = KEY) -> Client:
    """The official client, which tries once."""
    return Client(base_url=f"{url}/v1", api_key=key, max_retries=0)


def adapter(kind: type[OpenAI], model: str = "m", base: str = "https://host/v1") -> Any:
    deployment = Deployment(
        provider=kind.profile.name, model=model, api_base=base, own_host=False, api_key=KEY
    )
    return kind(deployment)


def wanted(prompt: str = "a red kite", **more: Any) -> VideoRequest:
    return VideoRequest(model="any/m", prompt=prompt, **more)


def drive(flow: Flow[Any]) -> Any:
    """The result of a flow, over HTTP."""
    return loop.run(planning.current().transport.drive(flow))


def both(fake: JobFake, theirs: Callable[[], Any], ours: Flow[Any]) -> tuple[Recorded, Recorded]:
    """The last request of each, as it arrived."""
    theirs()
    first = fake.requests[-1]
    drive(ours)
    return first, fake.requests[-1]


def answered(flow: Flow[Any], body: Any, status: int = 200) -> Any:
    """What a flow makes of one answer."""
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Response(status, {}, json.dumps(body).encode()))
    return end.value.value


def first_request(flow: Flow[Any]) -> Any:
    request = next(flow)
    flow.close()
    return request


def text_of(request: Any) -> dict[str, str]:
    """The text parts of a form."""
    return {name: cast(str, content) for name, (file, content, _) in request.files if file is None}


def files_of(request: Any) -> list[tuple[str, str]]:
    """The file parts of a form: name and file name, in their order."""
    return [(name, file) for name, (file, _, _) in request.files if file is not None]
