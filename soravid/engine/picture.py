"""The reference image as the scene: the camera moves over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from soravid.engine.camera import View
from soravid.engine.canvas import Array, Canvas, Frame

_SPARE = 1.22  # how much larger than the frame the picture is laid, so that there is room to move


class Picture:
    """An image that covers the frame, seen through the moving camera; a layer."""

    def __init__(self, path: Path, frame: Frame) -> None:
        with Image.open(path) as file:
            # A JPEG can be decoded at a fraction of its size; twice the frame is enough for the closest view.
            file.draft("RGB", (2 * frame.width, 2 * frame.height))
            image = ImageOps.exif_transpose(file)
            picture = _opaque(image)
        scale = max(frame.width / picture.width, frame.height / picture.height) * _SPARE
        # As many pixels as a push-in to one and a half shows, if the image has them.
        fine = min(1.0, 1.5 * scale)
        if fine < 1.0:
            size = max(2, round(picture.width * fine)), max(2, round(picture.height * fine))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        self._scale = scale / fine
        self._planes = _planes(picture)

    def paint(self, canvas: Canvas, view: View, time: float) -> None:  # noqa: ARG002 - a Layer
        """Paint the part of the picture the camera sees, resampled at fractions of a pixel."""
        frame = canvas.frame
        dx, dy, zoom = view.place(1.0)
        wide, high = self._planes[0].size
        scale = self._scale * max(zoom, 1 / _SPARE)
        seen_x, seen_y = frame.width / scale, frame.height / scale
        # The scene's moves are sized for a landscape without end; here they stay within the picture.
        travel = frame.unit / self._scale * 0.5
        left = min(max(0.0, (wide - seen_x) / 2 + dx * travel), wide - seen_x)
        top = min(max(0.0, (high - seen_y) / 2 + dy * travel), high - seen_y)
        box = (left, top, min(wide, left + seen_x), min(high, top + seen_y))
        for (plane, _), image, zero in zip(canvas.planes(), self._planes, (0, 128, 128), strict=True):
            size = (plane.shape[1], plane.shape[0])
            resized = image.resize(size, Image.Resampling.BILINEAR, box=box)
            np.subtract(np.asarray(resized), np.float32(zero), out=plane, dtype=np.float32)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        ground = Image.new("RGBA", image.size, (32, 34, 40, 255))
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _planes(picture: Image.Image) -> tuple[Image.Image, Image.Image, Image.Image]:
    # By strips, so that a large photograph does not need its size in floats.
    matrix: Array = np.array(
        [
            [0.2126 * 219, 0.7152 * 219, 0.0722 * 219],
            [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.9278 / 1.8556 * 224],
            [0.7874 / 1.5748 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224],
        ],
        np.float32,
    ) / np.float32(255)
    pixels = np.asarray(picture)
    planes = np.empty((3, *pixels.shape[:2]), np.uint8)
    for start in range(0, pixels.shape[0], 128):
        strip = pixels[start : start + 128].astype(np.float32)
        values = strip @ matrix.T
        values[..., 1:] += 128
        planes[:, start : start + 128] = np.moveaxis(np.clip(np.rint(values), 0, 255), -1, 0)
    luma, blue, red = (Image.fromarray(plane) for plane in planes)
    return luma, blue, red
