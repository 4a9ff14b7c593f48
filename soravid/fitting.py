"""Brings a request's size and its pictures together.

Where no size is said, the clip gets the shape of the picture that it starts from. A picture of another size
is made to fit when asked to; else it is said that it does not, where the model wants its own size.
"""

from __future__ import annotations

import io
from dataclasses import replace

import imagesize

from soravid.catalog import Model
from soravid.errors import InvalidRequest, MissingExtra
from soravid.shapes import aspect_of, resolution_of
from soravid.types import Reference, VideoRequest, parse_size


def fitted(request: VideoRequest, model: Model | None, fit: str | None) -> VideoRequest:
    """The request with its size, and with a first and a last frame that go with it.

    ``fit`` is ``cover`` (fill the frame, cut what is too much), ``contain`` (show all, black around it) or
    None: then a picture of another size is an error where the model wants its own.

    Raises:
        InvalidRequest: the picture cannot be read, or has another size than the clip.
        MissingExtra: ``fit`` needs Pillow.
    """
    first, last = request.input_reference, request.last_frame
    if model and request.size is None and first and request.operation == "create":
        request = replace(request, size=_shaped_as(first, model))
    size = request.size or (model and model.default_size)
    if size and (fit or (model and model.exact_picture)):
        first, last = (frame and _fit(frame, size, fit) for frame in (first, last))
        request = replace(request, input_reference=first, last_frame=last)
    return request


def _shaped_as(picture: Reference, model: Model) -> str | None:
    """The size of the model that is shaped like a picture: of the default's class, if there is one."""
    width, height = imagesize.get(io.BytesIO(picture.data))
    if not isinstance(model.sizes, tuple) or model.default_size is None or min(width, height) < 1:
        return None
    shape, usual = aspect_of(f"{width}x{height}"), resolution_of(model.default_size)
    near = [size for size in model.sizes if aspect_of(size) == shape]
    return next((size for size in near if resolution_of(size) == usual), near[0] if near else None)


def _fit(picture: Reference, size: str, fit: str | None) -> Reference:
    wanted = parse_size(size)
    measured = imagesize.get(io.BytesIO(picture.data))
    if measured == wanted:
        return picture
    if fit is None:
        if min(measured) < 1:
            raise InvalidRequest(f"The picture {picture.filename} cannot be read.", param="input_reference")
        raise InvalidRequest(
            f"The picture {picture.filename} is {measured[0]}x{measured[1]}, the clip {size}.",
            param="input_reference",
            hint='Say fit="cover" (cuts) or fit="contain" (adds black), or choose another size.',
        )
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise MissingExtra("Fitting a picture", "notebook") from None
    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            whole = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise InvalidRequest(
            f"The picture {picture.filename} cannot be read.", param="input_reference"
        ) from None
    change = ImageOps.fit if fit == "cover" else ImageOps.pad
    buffer = io.BytesIO()
    change(whole, wanted, method=Image.Resampling.LANCZOS).save(buffer, format="PNG")
    stem = picture.filename.rpartition(".")[0] or picture.filename
    return Reference(buffer.getvalue(), "image/png", f"{stem}.png")
