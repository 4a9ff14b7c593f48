"""Pictures come as files, as data or by their address; and no address of this network is ever asked."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from soravid.errors import InvalidRequest
from soravid.proxy.guarded import CheckedTransport, Pictures
from soravid.proxy.media import MediaOptions
from soravid.proxy.options import ProxyOptions
from tests.core.helpers import picture_bytes
from tests.fakes.server import serve
from tests.proxy.conftest import Shared
from tests.proxy.operated import MODEL

PNG = picture_bytes(720, 1280)
DATA = "data:image/png;base64," + base64.b64encode(PNG).decode()


class Inside:
    """A server of the own network, with a picture that nobody outside may have, and a way on."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        routes = [Route("/picture.png", self.picture), Route("/on", self.on)]
        self.app = Starlette(routes=routes)

    async def picture(self, request: Request) -> Response:
        self.asked.append(request.headers["host"])
        return Response(PNG, media_type="image/png")

    async def on(self, request: Request) -> Response:
        self.asked.append("on")
        return RedirectResponse(request.query_params["to"], 302)


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def address(inside: Inside) -> Iterator[str]:
    with serve(inside.app) as url:
        yield url


def options(*networks: str, hosts: tuple[str, ...] = ()) -> ProxyOptions:
    return ProxyOptions(
        media=MediaOptions(path=Path("unused")),
        allowed_hosts=frozenset(hosts),
        allowed_networks=tuple(ipaddress.ip_network(each) for each in networks),
    )


def fetch(url: str, told: ProxyOptions) -> bytes:
    async def fetched() -> bytes:
        pictures = Pictures(told)
        try:
            return (await pictures.fetch(url, "input_reference")).data
        finally:
            await pictures.close()

    return asyncio.run(fetched())


# --- as they come ---


@pytest.mark.parametrize("how", ["file", "data", "object", "form text"])
def test_a_picture_comes_as_a_file_or_as_data(shared: Shared, how: str) -> None:
    client, fields = shared.key(), {"model": MODEL, "prompt": f"Picture as {how}", "size": "720x1280"}
    if how == "file":
        answer = client.post(
            "/v1/videos", data=fields, files={"input_reference": ("a.png", PNG, "image/png")}
        )
    elif how == "form text":
        answer = client.post(
            "/videos/generations",
            files={n: (None, v) for n, v in fields.items()} | {"input_reference": (None, DATA)},
        )
    else:
        value = {"image_url": DATA} if how == "object" else DATA
        answer = client.post("/v1/videos", json={**fields, "input_reference": value})
    assert answer.status_code == 200, answer.text
    (call,) = [call for call in shared.fake.asked("POST") if call.fields["prompt"] == fields["prompt"]]
    assert call.files["input_reference"].data == PNG


def test_a_file_that_is_no_picture_is_refused(shared: Shared) -> None:
    files = {"input_reference": ("a.png", b"GIF89a", "image/png")}
    answer = shared.key().post("/v1/videos", data={"model": MODEL, "prompt": "A kite"}, files=files)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "input_reference")
    assert "must be a PNG, JPEG or WebP" in error["message"]


def test_no_address_of_this_network_is_asked(shared: Shared, inside: Inside, address: str) -> None:
    for url in (address, address.replace("127.0.0.1", "localhost")):
        body = {"model": MODEL, "prompt": "A kite", "input_reference": f"{url}/picture.png"}
        answer = shared.key().post("/v1/videos", json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (400, "input_reference")
        assert "private network" in error["message"]
        assert "soravid_settings.references" in error["message"]
    assert inside.asked == []


# --- by address ---


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/picture.png",
        "http://localhost:{port}/picture.png",
        "http://127.1:{port}/picture.png",
        "http://2130706433:{port}/picture.png",
        "http://0x7f000001:{port}/picture.png",
        "http://0177.0.0.1:{port}/picture.png",
        "http://0.0.0.0:{port}/picture.png",
        "http://[::1]:{port}/picture.png",
        "http://[::ffff:127.0.0.1]:{port}/picture.png",
        "http://[::ffff:7f00:1]:{port}/picture.png",
        "http://127.0.0.1.:{port}/picture.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/picture.png",
        "http://192.168.1.1/picture.png",
        "http://172.16.0.1/picture.png",
        "http://100.64.0.1/picture.png",
        "http://[fd00::1]/picture.png",
        "http://[fe80::1]/picture.png",
        "http://[64:ff9b::7f00:1]/picture.png",
        "http://[2002:7f00:1::]/picture.png",
        "http://224.0.0.1/picture.png",
    ],
)
def test_an_address_of_this_network_by_any_name(inside: Inside, address: str, url: str) -> None:
    port = address.rpartition(":")[2]
    with pytest.raises(InvalidRequest, match=r"private network|no such host|address is none"):
        fetch(url.replace("{port}", port), options())
    assert inside.asked == []


def test_an_allowed_network_and_an_allowed_host_are_asked(inside: Inside, address: str) -> None:
    assert fetch(f"{address}/picture.png", options("127.0.0.0/8")) == PNG
    by_name = address.replace("127.0.0.1", "localhost")
    assert fetch(f"{by_name}/picture.png", options(hosts=("localhost",))) == PNG
    # The server still sees the name that was asked for.
    assert inside.asked == [address.partition("://")[2], by_name.partition("://")[2]]


def test_a_way_on_into_this_network_is_not_gone(inside: Inside, address: str) -> None:
    """The name is allowed; where it redirects to is not."""
    by_name = address.replace("127.0.0.1", "localhost")
    with pytest.raises(InvalidRequest, match="private network"):
        fetch(f"{by_name}/on?to={address}/picture.png", options(hosts=("localhost",)))
    assert inside.asked == ["on"]


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "unix"])
def test_a_way_on_to_what_is_no_web_address(inside: Inside, address: str, scheme: str) -> None:
    with pytest.raises(InvalidRequest, match="not http"):
        fetch(f"{address}/on?to={scheme}:///etc/passwd", options("127.0.0.0/8"))


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("::ffff:8.8.8.8", True),
        ("fe80::1", False),
        ("255.255.255.255", False),
    ],
)
def test_which_addresses_are_public(address: str, may: bool) -> None:
    assert CheckedTransport(options())._may(ipaddress.ip_address(address)) is may
