"""A reference picture that cannot work is told before a create is sent; one that can arrives unchanged."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

import soravid
from soravid.errors import InvalidRequest
from tests.core.helpers import MODEL, jobs, picture_bytes
from tests.fakes.openai import OpenAIFake
from tests.fakes.server import serve

PNG = picture_bytes()


@pytest.fixture
def refused(openai: OpenAIFake, home: Path) -> Callable[[object], str]:
    """What is said of a picture, after a look that nothing was sent and nothing is held."""

    def say(value: object) -> str:
        with pytest.raises(InvalidRequest) as caught:
            soravid.video_generation("a kite", MODEL, input_reference=value)
        assert caught.value.param == "input_reference"
        assert (openai.asked("POST"), jobs(home)) == ([], [])
        return str(caught.value)

    return say


Refused = Callable[[object], str]


def test_a_missing_file_is_named(refused: Refused) -> None:
    assert "'nowhere/cat.png'" in refused("nowhere/cat.png")
    assert "'nowhere/cat.png'" in refused(Path("nowhere/cat.png"))


def test_a_folder_is_named(refused: Refused) -> None:
    Path("pictures").mkdir()
    assert "'pictures' cannot be read" in refused("pictures")


def test_a_text_file_is_named_with_what_would_work(refused: Refused) -> None:
    Path("cat.png").write_text("This is not a cat.")
    assert "PNG, JPEG or WebP; cat.png" in refused("cat.png")


def test_an_empty_file_is_named(refused: Refused) -> None:
    Path("cat.png").touch()
    assert "cat.png is empty" in refused("cat.png")
    assert "empty" in refused(b"")
    assert "empty" in refused(io.BytesIO())


def test_a_file_that_is_too_large_is_named_with_the_limit(refused: Refused) -> None:
    Path("cat.png").write_bytes(PNG + bytes(20 * 2**20))
    assert "cat.png" in refused("cat.png")
    assert "at most 20 MiB" in refused("cat.png")


def test_the_size_of_a_file_that_is_too_large_is_not_told_wrong(refused: Refused) -> None:
    Path("cat.png").write_bytes(PNG + bytes(30 * 2**20))
    assert "has 20.0 MiB" not in refused("cat.png")


@pytest.mark.parametrize(
    "address", ["data:image/png;base64,@@@", "data:image/png;base64,abc", "data:,", "data:"]
)
def test_a_broken_data_url_is_told_without_repeating_it(refused: Refused, address: str) -> None:
    said = refused(address)
    assert "@@@" not in said
    assert "data URL" in said or "empty" in said


@pytest.mark.parametrize(
    "value", [5, 1.5, object(), {"image": PNG}, [PNG], True], ids=lambda value: type(value).__name__
)
def test_what_is_no_picture_at_all_is_told_by_its_type(refused: Refused, value: object) -> None:
    assert type(value).__name__ in refused(value)


def test_a_file_opened_as_text_is_told_how_to_open_it(refused: Refused, picture: Path) -> None:
    with picture.open(encoding="utf-8") as file:
        assert 'open(path, "rb")' in refused(file)


def test_a_closed_file_is_told(refused: Refused, picture: Path) -> None:
    with picture.open("rb") as file:
        pass
    assert "closed" in refused(file)


def test_a_path_that_no_file_can_have_is_told(refused: Refused) -> None:
    assert "cannot be read" in refused("cat\0.png")


class Pictures:
    """A web server with pictures; it keeps the query strings as they came."""

    def __init__(self) -> None:
        self.queries: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        self.queries.append(scope["query_string"].decode())
        answers: dict[str, Response] = {
            "/cat.png": Response(PNG, media_type="image/png"),
            "/page.png": PlainTextResponse("<html>Please log in: this is a page and no picture.</html>"),
            "/huge.png": Response(PNG + bytes(21 * 2**20), media_type="image/png"),
        }
        await answers.get(request.url.path, PlainTextResponse("no", 404))(scope, receive, send)


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def web(pictures: Pictures) -> Iterator[str]:
    with serve(pictures) as address:
        yield address


def test_an_address_that_is_not_there_is_named_by_its_host_only(refused: Refused, web: str) -> None:
    said = refused(f"{web}/nope.png?signature=canary")
    assert "127.0.0.1" in said
    assert "404" in said
    assert "canary" not in said


def test_a_page_instead_of_a_picture_is_refused(refused: Refused, web: str) -> None:
    assert "PNG, JPEG or WebP" in refused(f"{web}/page.png")


def test_a_picture_on_the_web_that_is_too_large_is_refused(refused: Refused, web: str) -> None:
    assert "20 MiB" in refused(f"{web}/huge.png")


def test_a_host_that_does_not_answer_is_named(refused: Refused) -> None:
    assert "127.0.0.1" in refused("http://127.0.0.1:9/cat.png")


def test_a_signed_address_is_fetched_exactly_as_it_is(
    openai: OpenAIFake, web: str, pictures: Pictures
) -> None:
    query = "X-Signature=abc%2Fdef%3D&note=a%20b&flag&plus=a+b"
    soravid.video_generation("a kite", MODEL, input_reference=f"{web}/cat.png?{query}")
    assert pictures.queries == [query]


def as_file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


SHAPES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: PNG,
    "bytearray": lambda: bytearray(PNG),
    "memoryview": lambda: memoryview(PNG),
    "file": lambda: io.BytesIO(PNG),
    "name and bytes": lambda: ("cat.png", PNG),
    "name, bytes, type": lambda: ("cat.png", PNG, "image/png"),
    "data URL": lambda: "data:image/png;base64," + base64.b64encode(PNG).decode(),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_picture_may_come_in_many_shapes(openai: OpenAIFake, shape: Callable[[], Any]) -> None:
    soravid.video_generation("a kite", MODEL, input_reference=shape())
    upload = openai.asked("POST")[0].files["input_reference"]
    assert (upload.data, upload.content_type) == (PNG, "image/png")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "F"])
def test_a_pil_image_of_any_mode_is_taken(openai: OpenAIFake, mode: str) -> None:
    soravid.video_generation("a kite", MODEL, input_reference=Image.new(mode, (720, 1280)))
    upload = openai.asked("POST")[0].files["input_reference"]
    assert upload.content_type == "image/png"


def test_a_finished_clip_gives_its_last_frame(openai: OpenAIFake) -> None:
    clip = soravid.generate("a kite", seconds=1, size="720x1280").wait()
    soravid.video_generation("the kite falls", MODEL, input_reference=clip)
    upload = openai.asked("POST")[0].files["input_reference"]
    with Image.open(io.BytesIO(upload.data)) as image:
        assert image.size == (720, 1280)


def test_an_edit_takes_no_picture(refused: Refused) -> None:
    with pytest.raises(InvalidRequest, match="edit takes no reference picture"):
        soravid.generate("on", model=MODEL, operation="edit", video_id="video_1", input_reference=PNG)
