"""JPEG, through Pillow: grey, RGB, and CMYK or YCCK (which become RGB further on)."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from ...errors import BadPicture, UnsupportedPicture
from .. import metadata
from ..limits import MAX_METADATA_BYTES, MAX_SCANS, Limits
from ..picture import Header, Outgoing

MAX_MARKERS = 4096
_SCAN = 0xDA
_MODELS = {"L": "grey", "RGB": "rgb", "CMYK": "cmyk"}


def head(data: bytes, limits: Limits) -> Header:
    """The markers up to the first scan."""
    _check_markers(data)
    image = _open(data)
    limits.check_size(*image.size)
    if image.mode not in _MODELS:
        raise UnsupportedPicture("The JPEG is neither grey, RGB nor CMYK.")
    turned, dpi = metadata.read_exif(image.info.get("exif", b""))
    if "jfif_density" in image.info and image.info.get("dpi"):
        dpi = metadata.dpi(*image.info["dpi"]) or dpi
    return Header(
        *image.size,
        np.dtype(np.uint8),
        _MODELS[image.mode],
        alpha=False,
        icc=image.info.get("icc_profile") or None,
        dpi=dpi,
        orientation=turned,
        lossless=False,
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels; Pillow raises where the file ends before they do."""
    return np.asarray(_open(data)).reshape(header.height, header.width, header.colours)


def verify(data: bytes, header: Header) -> None:
    """Whether :func:`samples` will find the pixels whole: all are unpacked, at an eighth of their size. Raises as it does."""
    image = _open(data)
    image.draft(image.mode, (header.width // 8, header.height // 8))
    image.load()


def write(outgoing: Outgoing) -> bytes:
    """Without chroma subsampling, which smears exactly the colour edges that strokes are made of."""
    buffer = io.BytesIO()
    Image.fromarray(outgoing.squeezed).save(
        buffer,
        "JPEG",
        quality=outgoing.quality,
        subsampling=0,
        icc_profile=outgoing.icc,
        **({"dpi": outgoing.dpi} if outgoing.dpi else {}),
    )
    return buffer.getvalue()


def _check_markers(data: bytes) -> None:
    """Refuse heaps of metadata, which Pillow keeps all of, and pictures that are gone over again and again."""
    place = 2
    for _ in range(MAX_MARKERS):
        if place > MAX_METADATA_BYTES:
            break
        if place + 4 > len(data) or data[place] != 0xFF:  # for Pillow to judge
            return
        marker = data[place + 1]
        if marker == _SCAN:
            if data.count(b"\xff\xda", place) > MAX_SCANS:
                raise BadPicture("The JPEG file goes over its pixels too many times.")
            return
        bare = marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01
        place += (1 if marker == 0xFF else 2) if bare else 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    raise BadPicture("The JPEG file has more metadata than is taken.")


def frame_size(data: bytes) -> tuple[int, int]:
    """Width and height that a JPEG stream's frame header names. Raises :class:`ValueError` where there is none."""
    place = 2
    while place + 9 <= len(data):
        if data[place] != 0xFF:
            raise ValueError("no marker where one should be")
        marker = data[place + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            place += 1 if marker == 0xFF else 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[place + 7 : place + 9], "big"), int.from_bytes(data[place + 5 : place + 7], "big")
        elif marker in (0xD9, 0xDA):
            break
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    raise ValueError("no frame header")


def _open(data: bytes) -> JpegImageFile:
    # Not Image.open: its pixel limit is one for the whole process, and ours has been checked (see Limits). It would also take
    # a phone's several-picture file apart; the first picture, which every viewer shows, is the one that is meant.
    return JpegImageFile(io.BytesIO(data))
