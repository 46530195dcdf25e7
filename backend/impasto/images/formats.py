"""Which formats there are, how to tell them, what each can hold, and which one a client asked for."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from ..errors import BadPicture, NotAcceptable, UnsupportedPicture
from .picture import Picture, PictureInfo


class Format(NamedTuple):
    """A format's media type and file extension."""

    media_type: str
    extension: str


FORMATS = {
    "png": Format("image/png", ".png"),
    "jpeg": Format("image/jpeg", ".jpg"),
    "webp": Format("image/webp", ".webp"),
    "tiff": Format("image/tiff", ".tif"),
    "npy": Format("application/x-npy", ".npy"),
}
"""Every format that is read and written: name -> (media type, extension)."""


class Capacity(NamedTuple):
    """What a format can hold."""

    depths: tuple[str, ...]
    alpha: bool
    grey: bool
    max_side: int


CAPACITIES = {
    "png": Capacity(("uint8", "uint16"), True, True, 2**31 - 1),
    "jpeg": Capacity(("uint8",), False, True, 65_500),
    "webp": Capacity(("uint8",), True, False, 16_383),
    "tiff": Capacity(("uint8", "uint16", "float32"), True, True, 2**31 - 1),
    "npy": Capacity(("uint8", "uint16", "float32"), True, True, 2**31 - 1),
}

TAKEN = "PNG, JPEG, WebP, TIFF and .npy are taken."

_MAGIC = (
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpeg", b"\xff\xd8\xff"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0"),
    ("tiff", b"MM\0+"),
    ("npy", b"\x93NUMPY"),
)

_OTHERS = (
    (rb"GIF8[79]a", "a GIF"),
    (rb"BM.{4}\0\0\0\0", "a BMP"),
    (rb"8BPS", "a Photoshop document"),
    (rb"gimp xcf", "a GIMP document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript"),
    (rb"%PDF", "a PDF"),
    (rb"SIMPLE  =", "a FITS file"),
    (rb".{4}ftyp(?:heic|heix|hevc|heim|heis|mif1|msf1)", "a HEIC picture"),
    (rb".{4}ftyp(?:avif|avis)", "an AVIF picture"),
    (rb".{4}ftyp|\x1aE\xdf\xa3", "a video"),
    (rb"RIFF.{4}(?!WEBP)", "sound or video"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (rb"#\?R", "a Radiance picture"),
    (rb"DDS ", "a DDS texture"),
    (rb"\0\0[\1\2]\0", "an icon"),
    (rb"qoif", "a QOI picture"),
    (rb"P[1-7]\s", "a PNM picture"),
    (rb"II\xbc\x01", "a JPEG XR picture"),
    (rb"\x8aMNG|\x8bJNG", "an animation"),
    (rb"II(?:RO|RS|U\0)|FUJIFILM", "a camera's raw file"),
    (rb"PK\x03\x04.*?mimetype(?:application/x-krita|image/openraster)", "a layered document (Krita or OpenRaster)"),
    (rb"PK(?:\x03\x04|\x05\x06)|\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", "an archive"),
    (rb"\x89HDF", "an HDF5 file"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?)?(?:<!--.*?-->\s*)?(?:<!DOCTYPE svg.*?)?<svg", "an SVG drawing"),
    (rb"(?:\xef\xbb\xbf)?\s*<(?:!DOCTYPE html|html|head|body)", "a web page"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|[{\[])", "text"),
)
"""What else may come in, only to name it in the refusal."""


def recognise(data: bytes) -> str:
    """The format of ``data`` by its first bytes (never by a name): a key of :data:`FORMATS`.

    Raises :class:`BadPicture` for no bytes, :class:`UnsupportedPicture` for anything else, with what it is where that can be told.
    """
    head = bytes(data[:512])
    if not head:
        raise BadPicture("The picture is empty (0 bytes).")
    for name, magic in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if any(magic.startswith(head) for _, magic in _MAGIC):
        raise BadPicture("The picture breaks off in its first bytes.")
    for pattern, noun in _OTHERS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            raise UnsupportedPicture(f"This is {noun}. {TAKEN}")
    raise UnsupportedPicture(f"This is no picture of a known format. {TAKEN}")


def depth_in(name: str, dtype: np.dtype) -> np.dtype:
    """The depth in which format ``name`` holds samples of ``dtype``: the same, or the deepest it has."""
    depths = CAPACITIES[name].depths
    return np.dtype(dtype) if np.dtype(dtype).name in depths else np.dtype(depths[-1])


def losses(picture: Picture | PictureInfo, name: str) -> tuple[str, ...]:
    """What the format ``name`` cannot hold of ``picture``, and what is done about it; empty where it holds everything."""
    capacity, shown, said = CAPACITIES[name], name.upper() if name != "webp" else "WebP", []
    if np.dtype(picture.dtype).name not in capacity.depths:
        kept = {"uint8": "8 bit", "uint16": "16 bit"}[capacity.depths[-1]]
        said.append(f"{shown} holds no {'float' if picture.dtype == np.float32 else '16-bit'} samples; they are written in {kept}.")
    if not capacity.alpha and picture.alpha is not None and picture.alpha is not False:
        said.append(f"{shown} has no transparency; the picture is laid on white.")
    if not capacity.grey and picture.grey:
        said.append(f"{shown} has no greyscale; the picture is written as RGB.")
    return tuple(said)


def check_fits(name: str, width: int, height: int) -> None:
    """Raises :class:`NotAcceptable` where the format ``name`` cannot hold a picture of this size."""
    if max(width, height) > CAPACITIES[name].max_side:
        raise NotAcceptable(
            f"{name.upper()} holds at most {CAPACITIES[name].max_side} pixels a side; the picture has {width} x {height}.",
            hint="Ask for PNG or TIFF.",
        )


def negotiate(accept: str | None, own: str) -> str:
    """The format that an ``Accept`` header asks for, where ``own`` is the content's: a key of :data:`FORMATS`.

    ``own`` wins wherever it is among the best. A missing header and a browser's (it names text/html) mean ``own``.
    Raises :class:`NotAcceptable` with the choices where nothing fits.
    """
    accept = (accept or "").strip().lower()
    if not accept or "text/html" in accept:
        return own
    ranges = _ranges(accept.replace("image/jpg", "image/jpeg"))
    offers = [own] + [name for name in FORMATS if name != own]
    quality = {name: _quality(FORMATS[name].media_type, ranges) for name in offers}
    best = max(quality.values())
    if best <= 0:
        choices = ", ".join(f.media_type for f in FORMATS.values())
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
