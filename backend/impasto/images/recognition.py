"""Which format a picture's bytes are in, by how they begin; and what else they may be, to name it in the refusal."""

from __future__ import annotations

import re

from ..errors import BadPicture, UnsupportedPicture
from ..formats import FORMATS, labels

_OTHERS = (
    (rb"8BPS", "a Photoshop document"),
    (rb"gimp xcf", "a GIMP document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript"),
    (rb"%PDF", "a PDF"),
    (rb"SIMPLE  =", "a FITS file"),
    (rb".{4}ftyp|\x1aE\xdf\xa3", "a video"),
    (rb"RIFF.{4}(?!WEBP)", "sound or video"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (rb"#\?R", "a Radiance picture"),
    (rb"DDS ", "a DDS texture"),
    (rb"\0\0[\1\2]\0(?!\0\0)", "an icon"),
    (rb".(?:\0[\2\3\x0a\x0b]\0{5}|\x01[\1\x09]\0\0.[\0\1][\x10\x18\x20]).{8}[\x08\x10\x18\x20]", "a Targa picture"),
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
    """The format of ``data`` by its first bytes (never by a name): a key of :data:`impasto.formats.FORMATS`.

    Raises :class:`BadPicture` for no bytes, :class:`UnsupportedPicture` for anything else, with what it is where that can be told.
    """
    head = bytes(data[:512])
    if not head:
        raise BadPicture("The picture is empty (0 bytes).")
    for name, one in FORMATS.items():
        if any(all(head[at : at + len(part)] == part for at, part in signature) for signature in one.signatures):
            return name
    if any(_may_begin(head, signature) for one in FORMATS.values() for signature in one.signatures):
        raise BadPicture("The picture breaks off in its first bytes.")
    taken = f"{labels()} are taken."
    for pattern, noun in _OTHERS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            raise UnsupportedPicture(f"This is {noun}. {taken}")
    raise UnsupportedPicture(f"This is no picture of a known format. {taken}")


def _may_begin(head: bytes, signature: tuple[tuple[int, bytes], ...]) -> bool:
    """Whether ``head`` ends within the signature, and is like it until then."""
    (first, _), (last, part) = signature[0], signature[-1]
    return first < len(head) < last + len(part) and all(part.startswith(head[at : at + len(part)]) for at, part in signature)
