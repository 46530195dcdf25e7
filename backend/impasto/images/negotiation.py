"""Which format a client asked for, and what of a picture it cannot hold."""

from __future__ import annotations

import re

import numpy as np

from ..errors import NotAcceptable
from ..formats import FORMATS, WRITTEN
from .picture import Picture, PictureInfo


def depth_in(name: str, dtype: np.dtype) -> np.dtype:
    """The depth in which format ``name`` holds samples of ``dtype``: the same, or the deepest it has."""
    depths = FORMATS[name].depths
    return np.dtype(dtype) if np.dtype(dtype).name in depths else np.dtype(depths[-1])


def losses(picture: Picture | PictureInfo, name: str) -> tuple[str, ...]:
    """What the format ``name`` cannot hold of ``picture``, and what is done about it; empty where it holds everything."""
    form, said = FORMATS[name], []
    if np.dtype(picture.dtype).name not in form.depths:
        depth = {"uint8": "8 bit", "uint16": "16 bit"}[form.depths[-1]]
        deeper = "float" if picture.dtype == np.float32 else "16-bit"
        said.append(f"{form.label} holds no {deeper} samples; they are written in {depth}.")
    if not form.alpha and picture.alpha is not None and picture.alpha is not False:
        said.append(f"{form.label} has no transparency; the picture is laid on white.")
    if not form.grey and picture.grey:
        said.append(f"{form.label} has no greyscale; the picture is written as RGB.")
    return tuple(said)


def check_fits(name: str, width: int, height: int) -> None:
    """Raises :class:`NotAcceptable` where the format ``name`` cannot hold a picture of this size."""
    if max(width, height) > FORMATS[name].max_side:
        raise NotAcceptable(
            f"{FORMATS[name].label} holds at most {FORMATS[name].max_side} pixels a side; the picture has {width} x {height}.",
            hint="Ask for PNG or TIFF.",
        )


def negotiate(accept: str | None, own: str) -> str:
    """The format that an ``Accept`` header asks for, where ``own`` is the content's: a key of :data:`impasto.formats.WRITTEN`.

    ``own`` wins wherever it is among the best. A missing header and a browser's (it names text/html) mean ``own``.
    Raises :class:`NotAcceptable` with the choices where nothing fits.
    """
    accept = (accept or "").strip().lower()
    if not accept or "text/html" in accept:
        return own
    ranges = _ranges(accept.replace("image/jpg", "image/jpeg"))
    offers = [own] + [name for name in WRITTEN if name != own]
    quality = {name: _quality(FORMATS[name].media_type, ranges) for name in offers}
    best = max(quality.values())
    if best <= 0:
        choices = ", ".join(f.media_type for f in WRITTEN.values())
        raise NotAcceptable("None of the formats that Accept names can be written.", hint=f"Accept one of {choices}.")
    chosen = [name for name in offers if quality[name] == best]
    named = [media for media, q in ranges if q == best]
    # Among equals the content's own format, then the one that the client named first.
    return chosen[0] if chosen[0] == own else min(chosen, key=lambda n: _position(FORMATS[n].media_type, named))


def _ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for part in accept.split(",")[:100]:
        media, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = float(value) if re.fullmatch(r"\s*[01](?:\.\d{0,3})?\s*", value) else 0.0
        ranges.append((media, min(quality, 1.0)))
    return ranges


def _quality(media: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that covers ``media``."""
    for covering in (media, media.partition("/")[0] + "/*", "*/*"):
        found = [quality for named, quality in ranges if named == covering]
        if found:
            return max(found)
    return 0.0


def _position(media: str, named: list[str]) -> int:
    return named.index(media) if media in named else len(named)
