"""HEIC, as phones take it, read only: the container read by `heif_boxes`, the pixels by libheif where pillow-heif is installed.

It is an extra of its own: its wheel has libraries under the LGPL and GPL inside, which Impasto has not.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ...errors import BadPicture, UnsupportedPicture
from .. import exif, metadata
from ..alpha import unmultiplied
from ..limits import Limits
from ..picture import Header
from . import heif_boxes, streams
from .avif import colours_of, spread

INSTALL = "pip install pillow-heif"
_GREY_MODES = "LI"
_PADDING = 64
"""Pixels a side that a stream may have more than its picture: its blocks' size."""


def lacking() -> str:
    """The command that installs what is missing to read HEIC; empty where nothing is."""
    try:
        importlib.import_module("_pillow_heif")  # pillow_heif itself imports without it
    except Exception:  # a broken binary raises anything
        return INSTALL
    return ""


def head(data: bytes, limits: Limits) -> Header:
    """What the boxes say, and that the streams in them are no larger."""
    still = heif_boxes.read(data)
    if still.coded[0].kind != b"hvc1":
        raise UnsupportedPicture("The file is called HEIC and has no HEVC inside.", hint="Save it as a PNG.")
    limits.check_size(*still.item.size)
    for item in still.coded:
        sizes = list(streams.hevc_sizes(bytes(item.find(b"hvcC") or b""), item.data))
        more = [(across - item.size[0], down - item.size[1]) for across, down in sizes]
        if not more or not all(0 <= side <= _PADDING for pair in more for side in pair):
            raise BadPicture("The HEIC file names two different sizes.")
    image = _open(data)
    width, height = image.size
    limits.check_size(width, height)
    bits, grey = image.info["bit_depth"], image.mode[0] in _GREY_MODES
    icc, notes = colours_of(still, grey)
    dpi = metadata.read_exif(still.exif)[1] if still.exif else None
    return Header(
        width,
        height,
        np.dtype(np.uint8 if bits == 8 else np.uint16),
        "grey" if grey else "rgb",
        alpha=image.has_alpha,
        icc=icc,
        dpi=dpi[::-1] if dpi and still.orientation >= 5 else dpi,
        lossless=False,  # and orientation 1: libheif turns the picture, and what EXIF says of it does not count
        notes=notes,
        exif=exif.read(still.exif) if still.orientation == 1 else exif.read(still.exif).turned(),
        xmp=still.xmp,
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels, upright. Depths between 8 and 16 bit are spread over 16."""
    for item in heif_boxes.read(data).coded:
        streams.check_whole(item.data)
    image = _open(data)
    decoded = np.asarray(image).reshape(header.height, header.width, header.channels)
    decoded = decoded if decoded.dtype == np.uint8 else spread(decoded, image.info["bit_depth"])
    if image.premultiplied_alpha:
        decoded = np.dstack([unmultiplied(decoded[:, :, :-1], decoded[:, :, -1]), decoded[:, :, -1]])
    return decoded


def _open(data: bytes) -> Any:
    import pillow_heif

    # What else may lie in a file is of no interest, and would be unpacked.
    pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
    return pillow_heif.open_heif(data, convert_hdr_to_8bit=False, hdr_to_16bit=False)
