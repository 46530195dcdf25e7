"""JPEG XL, read only: the header read by `jxl_header`, the pixels by libjxl; one that was made of a JPEG is read as that JPEG."""

from __future__ import annotations

import imagecodecs
import numpy as np

from ...errors import BadPicture, UnsupportedPicture
from .. import colour_spaces, exif, metadata
from ..alpha import unmultiplied
from ..limits import Limits
from ..picture import ANIMATED, TOP, Header
from . import jpeg, jxl_header
from .avif import REINSTALL, spread
from .jxl_header import JxlFile, JxlHeader

PACKED_PROFILE = "The picture's colour profile is packed in a way that is not read; sRGB was assumed."
_MOST_DEEP = 16


def lacking() -> str:
    """The command that installs what is missing to read JPEG XL; empty where nothing is."""
    return "" if imagecodecs.JPEGXL.available else REINSTALL


def head(data: bytes, limits: Limits) -> Header:
    """What the stream's first bits say; of one made of a JPEG, what that says, with its profile."""
    file = jxl_header.split(data)
    said = jxl_header.read(file.stream)
    limits.check_size(said.width, said.height)
    original = _original(data, file)
    if original:
        header = jpeg.head(original, limits)
        if (header.width, header.height) != (said.width, said.height):
            raise BadPicture("The JPEG XL file names two different sizes.")
        return header
    if not said.floating and said.bits > _MOST_DEEP:
        raise UnsupportedPicture(f"The JPEG XL picture has {said.bits} bits a channel; at most 16 are taken.")
    icc, notes = _colours_of(said)
    return Header(
        said.width,
        said.height,
        np.dtype(np.float32 if said.floating else np.uint8 if said.bits <= 8 else np.uint16),
        "grey" if said.grey else "rgb",
        alpha=said.alpha,
        icc=icc,
        dpi=metadata.read_exif(file.exif)[1] if file.exif else None,
        orientation=said.orientation,
        lossless=not said.xyb,
        notes=(ANIMATED,) * said.animated + notes,
        exif=exif.read(file.exif),
        xmp=file.xmp,
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels of the first frame, not yet turned. libjxl refuses what breaks off or is damaged."""
    file = jxl_header.split(data)
    original = _original(data, file)
    if original:
        return jpeg.samples(original, header)
    said = jxl_header.read(file.stream)
    decoded = imagecodecs.jpegxl_decode(data, index=0, keeporientation=True).reshape(header.height, header.width, -1)
    decoded = decoded[:, :, : header.channels]
    if decoded.dtype.kind == "f":
        decoded = decoded.astype(np.float32, copy=False)
    elif (1 << said.bits) - 1 != TOP[decoded.dtype]:
        decoded = spread(decoded, said.bits)
    if said.premultiplied:
        decoded = np.dstack([unmultiplied(decoded[:, :, :-1], decoded[:, :, -1]), decoded[:, :, -1]])
    return decoded


def _original(data: bytes, file: JxlFile) -> bytes:
    """The JPEG that the file was made of; empty where it was not, or that cannot be had: the pixels are there all the same."""
    if not file.from_jpeg:
        return b""
    try:  # the repacked form is about a fifth smaller; what would unpack to far more has been made to hurt
        return bytes(imagecodecs.jpegxl_decode_jpeg(data, numthreads=1, out=4 * len(data) + (1 << 20)))
    except (imagecodecs.JpegxlError, ValueError):
        return b""


def _colours_of(said: JxlHeader) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile, and a note where it cannot be told."""
    colours = said.colours
    if colours.profile:
        # Where the samples come from libjxl's own space, it converts them to sRGB.
        return None, () if said.xyb else (PACKED_PROFILE,)
    try:
        if not colours.known:
            raise colour_spaces.UnknownSpace
        if colours.gamma:
            return colour_spaces.of_gamma(colours.gamma, colour_spaces.places(colours.primaries), said.grey), ()
        return colour_spaces.of_video(colours.primaries, colours.transfer, said.grey), ()
    except colour_spaces.UnknownSpace:
        return None, (colour_spaces.NOT_KNOWN,)
