"""BMP, read only, through Pillow: palettes, run lengths, bit fields, and the profile that a version 5 header may name."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile

from ...errors import BadPicture, UnsupportedPicture
from .. import metadata
from ..limits import MAX_PROFILE_BYTES, Limits
from ..picture import Header

_FILE_HEADER, _OS2_HEADER, _V5_HEADER = 14, 12, 124
_DEPTHS = (1, 4, 8, 16, 24, 32)
_RUN_LENGTHS, _JPEG_INSIDE, _PNG_INSIDE = (1, 2), 4, 5
_EMBEDDED_PROFILE = b"DEBM"
_MODES = {"1": ("grey", False), "L": ("grey", False), "P": ("rgb", False), "RGB": ("rgb", False), "RGBA": ("rgb", True)}
"""Pillow's modes -> colour model, and whether there is alpha."""


def head(data: bytes, limits: Limits) -> Header:
    """The headers; no pixel is looked at."""
    depth, packing = _kind(data)
    image = _open(data)
    limits.check_size(*image.size)
    start, row = struct.unpack_from("<I", data, 10)[0], (image.width * depth + 31) // 32 * 4
    if start + image.height * (2 if packing in _RUN_LENGTHS else row) > len(data):
        raise BadPicture("The BMP file breaks off before its picture ends.")
    model, alpha = _MODES[image.mode]
    dots = image.info.get("dpi")
    return Header(
        *image.size,
        np.dtype(np.uint8),
        model,
        alpha,
        icc=_profile(data) if model == "rgb" else None,
        dpi=metadata.dpi(*dots) if dots else None,
        lossless=True,
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels; Pillow refuses a file that ends before they do."""
    image = _open(data)
    image.load()
    mode = {"grey": "L", "rgb": "RGBA" if header.alpha else "RGB"}[header.model]
    return np.asarray(image if image.mode == mode else image.convert(mode)).reshape(header.height, header.width, header.channels)


def verify(data: bytes, header: Header) -> None:
    """Whether :func:`samples` will find the pixels whole; the file's length tells where they are not packed. Raises as it does."""
    if _kind(data)[1] in _RUN_LENGTHS:
        _open(data).load()


def _kind(data: bytes) -> tuple[int, int]:
    """Bits a pixel and how they are packed. Whole files of kinds that the decoder does not know are not damaged."""
    if len(data) < _FILE_HEADER + _OS2_HEADER:
        raise BadPicture("The BMP file breaks off in its header.")
    if data[_FILE_HEADER] == _OS2_HEADER:
        depth, packing = struct.unpack_from("<H", data, _FILE_HEADER + 10)[0], 0
    else:
        depth, packing = struct.unpack_from("<HI", data, _FILE_HEADER + 14)
    if packing in (_JPEG_INSIDE, _PNG_INSIDE):
        raise UnsupportedPicture("The BMP has a JPEG or a PNG inside, which is not taken.", hint="Save it as a PNG.")
    if depth not in _DEPTHS:
        raise UnsupportedPicture(f"The BMP has {depth} bits a pixel, which is not taken.", hint="Save it as a PNG.")
    return depth, packing


def _profile(data: bytes) -> bytes | None:
    """The profile that lies in the file itself; one that is only named is somebody else's file."""
    if data[_FILE_HEADER] != _V5_HEADER or data[_FILE_HEADER + 56 : _FILE_HEADER + 60] != _EMBEDDED_PROFILE:
        return None
    start, length = struct.unpack_from("<II", data, _FILE_HEADER + 112)
    return bytes(data[_FILE_HEADER + start :][: min(length, MAX_PROFILE_BYTES + 1)]) or None


def _open(data: bytes) -> BmpImageFile:
    # Not Image.open, as in jpeg.py: its pixel limit is one for the whole process, and ours has been checked.
    return BmpImageFile(io.BytesIO(data))
