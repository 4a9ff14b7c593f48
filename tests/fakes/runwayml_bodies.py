"""What a body of Runway's task API may hold, read from the types of Runway's client, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from runwayml.types.image_to_video_create_params import ImageToVideoCreateParams
from runwayml.types.text_to_video_create_params import TextToVideoCreateParams
from runwayml.types.video_to_video_create_params import VideoToVideoCreateParams
from typing_extensions import get_type_hints, is_typeddict

PARAMS: dict[str, Any] = {
    "text_to_video": TextToVideoCreateParams,
    "image_to_video": ImageToVideoCreateParams,
    "video_to_video": VideoToVideoCreateParams,
}
SECONDS = {
    "gen4": (2, 10),
    "veo3.1": (4, 8),
    "gemini_omni": (3, 10),
    "hailuo3": (5, 15),
    "h3_max": (5, 15),
    "seedance2": (4, 15),
    "seedance2_5": (4, 30),
    "grok_imagine": (1, 15),
    "kling": (3, 15),
    "wan3": (2, 30),
    "happyhorse": (3, 15),
}
LETTERS = {"gen4": 1000, "veo3.1": 1000, "aleph2": 1000, "seedance2": 3500, "seedance2_5": 15_000}
REFERENCES = {"hailuo3": 9, "seedance2": 9, "seedance2_5": 30, "wan3": 10, "kling_4": 10}
CREDITS = {  # a second, by resolution; "silent" is without sound
    "gen4.5": {"any": 12},
    "gen4_turbo": {"any": 5},
    "aleph2": {"any": 28},
    "veo3.1": {"any": 40, "silent": 20},
    "veo3.1_fast": {"any": 15, "silent": 10},
    "gemini_omni_flash": {"any": 10},
    "hailuo3": {"768p": 10, "2k": 15},
    "seedance2": {"any": 36, "1080p": 40, "4k": 150},
    "seedance2_fast": {"any": 29},
    "seedance2_mini": {"any": 16},
    "seedance2_5": {"480p": 20, "720p": 30, "1080p": 68},
}
A_PICTURE = {"gemini_omni_flash": 1, "hailuo3": 2}
TIERS = ((500_000, "480p"), (1_100_000, "720p"), (2_200_000, "1080p"), (10**9, "4k"))
KINDS = {str: "string", int: "int", bool: "boolean", float: "number"}

Issue = dict[str, Any]
Place = tuple[str | int, ...]


def of(table: dict[str, Any], model: str, default: Any) -> Any:
    """Return what a table says of the family of a model: the longest name that its own begins with."""
    names = [name for name in table if model.startswith(name)]
    return table[max(names, key=len)] if names else default


@cache
def variants(path: str) -> dict[str, Any]:
    """Return the models of an operation and the type of each one's body."""
    return {get_args(_plain(get_type_hints(kind)["model"]))[0]: kind for kind in get_args(PARAMS[path])}


def issues_of(path: str, body: dict[str, Any]) -> list[Issue]:
    """Return what is wrong with a body, in the words of Runway's validator."""
    kind = variants(path).get(str(body.get("model")))
    if kind is None:
        wrong = {"code": "invalid_union", "note": "No matching discriminator", "discriminator": "model"}
        return [issue("Invalid input", "model") | wrong]
    return _typed(body, kind, ()) or list(_ruled(path, body))


def credits_of(path: str, body: dict[str, Any], source_seconds: int) -> int:
    """Return what a clip costs."""
    model, images, seconds = body["model"], body.get("promptImage", []), body.get("duration")
    pictures = (1 if isinstance(images, str) else len(images)) + len(body.get("references", ()))
    prices = of(CREDITS, model, {"any": 10})
    rate = prices.get("silent") if body.get("audio") is False else None
    rate = rate or prices.get(_tier(body)) or prices.get("any") or next(iter(prices.values()))
    return int(
        rate * (seconds if isinstance(seconds, int) else source_seconds) + pictures * A_PICTURE.get(model, 0)
    )


def issue(message: str, *place: str | int, code: str = "custom") -> Issue:
    return {"code": code, "message": message, "path": list(place)}


def _plain(kind: Any) -> Any:
    """Return a type without what Required and Annotated say of it."""
    while get_origin(kind) in (Required, NotRequired, Annotated):
        kind = get_args(kind)[0]
    return kind


def _typed(value: Any, kind: Any, place: Place) -> list[Issue]:
    kind, origin = _plain(kind), get_origin(_plain(kind))
    if is_typeddict(kind):
        return _object(value, kind, place)
    if origin is Literal:
        allowed = "|".join(f'"{one}"' if isinstance(one, str) else str(one) for one in get_args(kind))
        fits = any(value == one and type(value) is type(one) for one in get_args(kind))
        wrong = issue(f"Invalid option: expected one of {allowed}", *place, code="invalid_value")
        return [] if fits else [wrong]
    if origin is Union:
        tries = [_typed(value, one, place) for one in get_args(kind)]
        return [] if [] in tries else max(tries, key=lambda found: len(found[0]["path"]))
    if isinstance(origin, type) and issubclass(origin, Iterable):
        if not isinstance(value, list):
            return [_wanted("array", value, place)]
        return [
            wrong
            for number, one in enumerate(value)
            for wrong in _typed(one, get_args(kind)[0], (*place, number))
        ]
    if kind is object or (type(value) is kind or (kind is float and type(value) is int)):
        return []
    return [_wanted(KINDS[kind], value, place)]


def _object(value: Any, kind: Any, place: Place) -> list[Issue]:
    if not isinstance(value, dict):
        return [_wanted("object", value, place)]
    hints = {_alias(name, hint): hint for name, hint in _hints(kind).items()}
    found = [
        _wanted("string", None, (*place, name))
        for name, hint in hints.items()
        if get_origin(hint) is Required and name not in value
    ]
    for name, part in value.items():
        if name in hints:
            found += _typed(part, hints[name], (*place, name))
    strange = [name for name in value if name not in hints]
    if strange:
        named = ", ".join(f'"{name}"' for name in strange)
        word = "keys" if len(strange) > 1 else "key"
        found.append(
            issue(f"Unrecognized {word}: {named}", *place, code="unrecognized_keys") | {"keys": strange}
        )
    return found


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _alias(name: str, hint: Any) -> str:
    """Return a field's name on the wire."""
    inner = get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint
    marks = get_args(inner)[1:] if get_origin(inner) is Annotated else ()
    return next((mark.alias for mark in marks if getattr(mark, "alias", None)), name)


def _wanted(kind: str, value: Any, place: Place) -> Issue:
    got = "undefined" if value is None else type(value).__name__
    return issue(f"Invalid input: expected {kind}, received {got}", *place, code="invalid_type")


def _ruled(path: str, body: dict[str, Any]) -> Iterable[Issue]:
    """Yield what breaks a rule that stands in the types' descriptions."""
    model, seconds, edit = body["model"], body.get("duration"), body.get("mode") in ("edit", "extend")
    low, high = of(SECONDS, model, (1, 60))
    if isinstance(seconds, int) and not low <= seconds <= high:
        yield issue(f"Must be an integer from {low} to {high}", "duration", code="too_big")
    if len(body.get("promptText", "").encode("utf-16-le")) // 2 > of(LETTERS, model, 6000):
        yield issue("Too long", "promptText", code="too_big")
    if not 0 <= body.get("seed", 0) < 2**32:
        yield issue("Must be from 0 to 4294967295", "seed", code="too_big")
    if len(body.get("references", ())) > of(REFERENCES, model, 5):
        yield issue("Too many references", "references", code="too_big")
    if edit and model == "seedance2_5":
        if "ratio" in body:
            yield issue("ratio may not be provided", "ratio")
        if body["mode"] == "edit" and seconds != "auto":
            yield issue('edit requires duration "auto"', "duration")
    yield from _ruled_pictures(path, body)


def _ruled_pictures(path: str, body: dict[str, Any]) -> Iterable[Issue]:
    model, images = body["model"], body.get("promptImage", [])
    images = [{"uri": images}] if isinstance(images, str) else images
    places = [image.get("position") for image in images]
    if "promptImage" in body and not images:
        yield issue("An image is required", "promptImage", code="too_small")
    keyframes = [place for place in places if place]
    if len(keyframes) > len(set(keyframes)) or (keyframes and None in places):
        yield issue("Keyframes and references cannot be mixed, nor a position repeated", "promptImage")
    if places == ["last"] and model.startswith(("veo3.1", "h3_max")):
        yield issue("A last frame requires a first frame", "promptImage")
    if keyframes and model.startswith("wan3") and not body.get("ratio", "auto_720p").startswith("auto_"):
        yield issue("Keyframes require auto_480p, auto_720p or auto_1080p", "ratio")
    if (
        model == "hailuo3"
        and path == "text_to_video"
        and body.get("ratio") == "adaptive"
        and not body.get("references")
    ):
        yield issue("adaptive requires references", "ratio")
    for name, pictures in (("promptImage", images), ("references", body.get("references", []))):
        for number, picture in enumerate(pictures):
            uri = picture.get("uri", "")
            if not uri.startswith(("https://", "runway://", "data:image/")) or len(uri) > 5 * 1024 * 1024:
                yield issue("Invalid asset", name, number, "uri")


def _tier(body: dict[str, Any]) -> str:
    """Return the resolution that a body is priced by."""
    if resolution := body.get("resolution"):
        return str(resolution).lower()
    ratio = body.get("ratio", "1280:720")
    width, _, height = ratio.partition(":")
    if not (width.isdecimal() and height.isdecimal()):
        return str(ratio.removeprefix("auto_"))
    return next(name for most, name in TIERS if int(width) * int(height) <= most)
