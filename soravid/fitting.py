"""Makes a reference picture as large as the clip, when asked to; else says that it is not."""

from __future__ import annotations

import io
from dataclasses import replace

from soravid.catalog import Model
from soravid.errors import InvalidRequest, MissingExtra
from soravid.types import Reference, VideoRequest, parse_size


def fitted(request: VideoRequest, model: Model | None, fit: str | None) -> VideoRequest:
    """The request with a first and a last frame of the clip's size.

    ``fit`` is ``cover`` (fill the frame, cut what is too much), ``contain`` (show all, black around it) or
    None: then a picture of another size is an error where the model wants its own.

    Raises:
        InvalidRequest: the picture cannot be read, or has another size than the clip.
        MissingExtra: ``fit`` needs Pillow.
    """
    size = request.size or (model and model.default_size)
    if not size or (fit is None and not (model and model.exact_picture)):
        return request
    first, last = (
        frame and _fit(frame, size, fit) for frame in (request.input_reference, request.last_frame)
    )
    return replace(request, input_reference=first, last_frame=last)


def _fit(picture: Reference, size: str, fit: str | None) -> Reference:
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        if fit is None:
            return picture  # the provider will say so, before it charges anything
        raise MissingExtra("Fitting a picture", "notebook") from None
    wanted = parse_size(size)
    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            if image.size == wanted:
                return picture
            if fit is None:
                raise InvalidRequest(
                    f"The picture {picture.filename} is {image.width}x{image.height}, the clip {size}.",
                    param="input_reference",
                    hint='Say fit="cover" (cuts) or fit="contain" (adds black), or choose another size.',
                )
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
