"""A reference picture and the clip's size: told when they differ, brought together when asked."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import soravid
from soravid import errors, planning
from tests.core.helpers import MODEL, picture_bytes
from tests.fakes.openai import OpenAIFake


def sent(openai: OpenAIFake) -> Image.Image:
    """The picture that arrived."""
    return Image.open(io.BytesIO(openai.asked("POST")[-1].files["input_reference"].data))


def test_a_picture_of_another_size_is_told_with_both(openai: OpenAIFake) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"is 640x640, the clip 1280x720\. Say fit=") as caught:
        soravid.video_generation("a kite", MODEL, size="1280x720", input_reference=picture_bytes(640, 640))
    assert (caught.value.param, openai.requests, planning.current().journal.recent()) == (
        "input_reference",
        [],
        [],
    )


@pytest.mark.parametrize("fit", ["cover", "contain"])
def test_it_is_made_to_fit_when_asked(openai: OpenAIFake, fit: str) -> None:
    soravid.video_generation(
        "a kite", MODEL, size="1280x720", input_reference=picture_bytes(640, 640), fit=fit
    )
    picture = sent(openai).convert("RGB")
    assert picture.size == (1280, 720)
    assert picture.getpixel((640, 360)) == (0, 128, 128)
    assert picture.getpixel((5, 360)) == ((0, 128, 128) if fit == "cover" else (0, 0, 0))


def test_a_picture_that_fits_is_sent_as_it_is(openai: OpenAIFake) -> None:
    data = picture_bytes(1280, 720, "WEBP")
    soravid.video_generation("a kite", MODEL, size="1280x720", input_reference=data, fit="cover")
    assert openai.asked("POST")[-1].files["input_reference"].data == data


def test_without_a_size_the_clip_takes_the_pictures_shape(openai: OpenAIFake) -> None:
    for width, height in ((1280, 720), (720, 1280)):
        soravid.video_generation("a kite", MODEL, input_reference=picture_bytes(width, height))
        assert openai.asked("POST")[-1].fields["size"] == f"{width}x{height}"


def test_the_models_own_duration_and_size_are_sent(openai: OpenAIFake) -> None:
    """What is held is what was ordered, whatever the server's defaults are."""
    soravid.video_generation("a kite", MODEL)
    assert openai.asked("POST")[-1].fields == {
        "prompt": "a kite",
        "model": "sora-2",
        "seconds": "4",
        "size": "720x1280",
    }


def test_the_same_clip_is_found_whether_the_default_was_said_or_not(openai: OpenAIFake) -> None:
    first = soravid.video_generation("a kite", MODEL)
    assert soravid.video_generation("a kite", MODEL, seconds=4, reuse=True).id == first.id
