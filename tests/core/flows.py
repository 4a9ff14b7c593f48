"""A provider without a socket: what it asks first, and what it makes of a made-up answer."""

from __future__ import annotations

import json
from typing import Any

from soravid.deployments import Deployment
from soravid.providers.base import Flow, Request, Response
from soravid.providers.openai import OpenAI
from soravid.types import Reference, VideoRequest

KEY = "sk-canary-0123456789"
BASE = "https://api.example/v1"
VIDEO = {"id": "video_1", "object": "video", "status": "queued", "model": "sora-2", "created_at": 1}
PNG = Reference(b"\x89PNG\r\n\x1a\n...", "image/png", "cat.png")


def provider(kind: type[OpenAI] = OpenAI, base: str = BASE, **more: Any) -> OpenAI:
    values: dict[str, Any] = {"api_key": KEY, **more}
    deployment = Deployment(
        provider=kind.profile.name, model="sora-2", api_base=base, own_host=False, **values
    )
    return kind(deployment)


def wanted(**more: Any) -> VideoRequest:
    return VideoRequest(model="openai/sora-2", prompt="a kite", **more)


def asked(flow: Flow[Any]) -> Request:
    """The first request of a flow."""
    request = next(flow)
    flow.close()
    return request


def answered(flow: Flow[Any], status: int = 200, body: Any = None, **headers: str) -> Any:
    """What a flow makes of one answer."""
    next(flow)
    content = body if isinstance(body, bytes) else json.dumps(VIDEO if body is None else body).encode()
    try:
        flow.send(
            Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)
        )
    except StopIteration as end:
        return end.value
    raise AssertionError("The flow asks for more.")


def parts(request: Request) -> list[tuple[str, Any]]:
    return [(name, content) for name, (_, content, _) in request.files]
