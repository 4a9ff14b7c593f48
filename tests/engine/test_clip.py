"""What comes out of the engine is a sound clip with its pictures, by the official client too."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import av
import openai
import pytest
from PIL import Image

from .conftest import Served, png


def probe(data: bytes) -> dict[str, Any]:
    with av.open(io.BytesIO(data), "r") as file:
        stream = file.streams.video[0]
        context = stream.codec_context
        frames = [(frame.pts, frame.key_frame) for frame in file.decode(stream)]
        base = stream.time_base
        assert base is not None
        return {
            "frames": len(frames),
            "times": [float(pts * base) for pts, _ in frames if pts is not None],
            "keys": [index for index, (_, key) in enumerate(frames) if key],
            "duration": float((stream.duration or 0) * base),
            "size": (context.width, context.height),
            "codec": context.name,
            "format": context.pix_fmt,
            "colours": (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
            "metadata": dict(file.metadata),
        }


@pytest.mark.parametrize(
    ("seconds", "fps", "size", "frames"),
    [("1", 24, "160x90", 24), (2.5, 24, "90x160", 60), ("1.04", 30, "128x128", 31), (3, 5, "64x64", 15)],
)
def test_a_clip_has_exactly_the_frames_that_were_asked_for(
    served: Served, seconds: Any, fps: int, size: str, frames: int
) -> None:
    video = served.make(seconds=seconds, fps=fps, size=size)
    assert video["seconds"] == str(seconds)
    clip = probe(served.content(video["id"]))
    assert clip["frames"] == frames
    assert clip["duration"] == pytest.approx(frames / fps, abs=1e-4)
    assert clip["times"] == pytest.approx([number / fps for number in range(frames)], abs=1e-4)
    assert f"{clip['size'][0]}x{clip['size'][1]}" == size


def test_a_clip_plays_in_a_browser(served: Served) -> None:
    video = served.make("A prompt for the title. Cut to: another", seconds=3)
    data = served.content(video["id"])
    clip = probe(data)
    assert (clip["codec"], clip["format"]) == ("h264", "yuv420p")
    assert clip["colours"] == (1, 1, 1, 1)  # BT.709, limited range
    assert data.index(b"moov") < data.index(b"mdat")  # plays before it is whole
    gaps = [b - a for a, b in zip(clip["keys"], [*clip["keys"][1:], clip["frames"]], strict=True)]
    assert max(gaps) <= 24  # seeks within a second
    assert 36 in clip["keys"]  # the cut
    assert clip["metadata"]["title"] == "A prompt for the title. Cut to: another"
    assert clip["metadata"]["comment"] == "local preview, not AI"


def test_the_pictures_of_a_clip_can_be_had(served: Served) -> None:
    video = served.make(size="320x180")
    with Image.open(io.BytesIO(served.content(video["id"], "thumbnail"))) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (320, 180))
    with Image.open(io.BytesIO(served.content(video["id"], "spritesheet"))) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (960, 3 * 136))


def test_the_same_request_gives_the_same_file(served: Served) -> None:
    one, two, other = (served.make(seed=seed, size="320x180") for seed in (5, 5, 6))
    assert served.content(one["id"]) == served.content(two["id"])
    assert served.content(one["id"]) != served.content(other["id"])


def test_a_reference_image_of_any_size_becomes_the_picture(served: Served) -> None:
    answer = served.http.post(
        "/videos",
        data={"prompt": "pan left", "size": "160x90", "seconds": "1"},
        files={"input_reference": ("a.jpg", png(77, 301, (20, 40, 220), "JPEG"), "image/jpeg")},
    )
    video = served.wait(answer.json()["id"])
    with Image.open(io.BytesIO(served.content(video["id"], "thumbnail"))) as thumbnail:
        red, _, blue = thumbnail.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert blue > 2 * red


def test_the_official_client_drives_the_whole_life_of_a_clip(served: Served, tmp_path: Path) -> None:
    with warnings.catch_warnings(), openai.OpenAI(base_url=served.url, api_key="none") as client:
        warnings.simplefilter("ignore", DeprecationWarning)  # the client's own notice that OpenAI closed Sora
        size: Any = "160x90"
        seconds: Any = "1"
        video = client.videos.create_and_poll(prompt="A boat", model="animatic", size=size, seconds=seconds)
        assert (video.status, video.progress, video.seconds, video.size) == ("completed", 100, "1", "160x90")
        assert client.videos.retrieve(video.id) == video
        assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
        assert client.videos.download_content(video.id, variant="thumbnail").read()[:4] == b"RIFF"
        assert client.videos.download_content(video.id, variant="spritesheet").read()[:2] == b"\xff\xd8"

        remix = client.videos.remix(video.id, prompt="at night")
        assert remix.remixed_from_video_id == video.id
        assert (remix.size, remix.seconds, remix.prompt) == ("160x90", "1", "at night")
        assert client.videos.poll(remix.id).status == "completed"

        picture = tmp_path / "reference.png"
        picture.write_bytes(png())
        third = client.videos.create(prompt="pan left", size=size, seconds=seconds, input_reference=picture)
        assert client.videos.poll(third.id).status == "completed"

        newest = [row.id for row in client.videos.list(limit=2)][:3]  # pages by itself
        assert newest == [third.id, remix.id, video.id]
        for made in (video, remix, third):
            assert client.videos.delete(made.id).deleted
        with pytest.raises(openai.NotFoundError):
            client.videos.retrieve(video.id)


@pytest.mark.parametrize("size", ["320x180", "640x360"])
def test_a_clip_is_small_enough_to_keep(served: Served, size: str) -> None:
    video = served.make("A harbour at dawn, pan left", size=size, seconds=2)
    assert len(served.content(video["id"])) < 400_000


def test_content_can_be_fetched_in_parts(served: Served) -> None:
    video = served.make()
    whole, address = served.content(video["id"]), f"/videos/{video['id']}/content"
    head = served.http.get(address, headers={"range": "bytes=0-99"})
    assert (head.status_code, head.content) == (206, whole[:100])
    rest = served.http.get(address, headers={"range": "bytes=100-", "if-range": head.headers["etag"]})
    assert (rest.status_code, head.content + rest.content) == (206, whole)
    for wrong in ("bytes=999999999-", "bytes=5-1", "lines=1-2", "bytes=x"):
        answer = served.http.get(address, headers={"range": wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (416, "invalid_range")
    assert int(served.http.head(address).headers["content-length"]) == len(whole)


def test_a_720p_clip_of_four_seconds_is_drawn_while_one_waits(served: Served) -> None:
    # The figure is under 3 s on two idle cores; a shared machine is given four times that.
    import time

    started = time.monotonic()
    video = served.make("A red kite over a harbour at dawn, slow pan left", size="1280x720", seconds=4)
    assert video["status"] == "completed"
    assert time.monotonic() - started < 12 * max(1.0, os.getloadavg()[0] / 2)
