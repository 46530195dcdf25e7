"""JPEG, through Pillow: grey, RGB, and CMYK or YCCK (which become RGB further on).

libjpeg only warns of damage, and paints what is missing grey. Pillow keeps its warnings to itself, so they come from simplejpeg.
"""

from __future__ import annotations

import io
import re
import struct

import numpy as np
import simplejpeg
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from ...errors import BadPicture, UnsupportedPicture
from .. import colour_spaces, exif, metadata
from ..limits import MAX_METADATA_BYTES, MAX_SCANS, Limits
from ..picture import Header, Outgoing

MAX_MARKERS = 4096
_SCAN, _APP0, _APP1 = 0xDA, 0xE0, 0xE1
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MAX_SEGMENT = 65_533
"""Bytes of a marker's body."""

END = b"\xff\xd9"
_MODELS = {"L": "grey", "RGB": "rgb", "CMYK": "cmyk"}

_GAIN_MAPS = (b"http://ns.adobe.com/hdr-gain-map/", b"urn:iso:std:iso:ts:21496:-1")
"""How an Ultra HDR picture (XMP of Google's and Adobe's, ISO 21496-1) names the second picture behind the first."""

GAIN_MAP = (
    "The picture has a second one for HDR screens (a gain map). It was left out; the ordinary picture is the one that counts."
)

_LOSSLESS, _HIERARCHICAL = (0xC3, 0xC7, 0xCB, 0xCF), (0xC5, 0xC6, 0xCD, 0xCE)
"""Markers of frames."""

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd8]")
"""The next marker, also behind a scan's data, that is none of those which stand in such data."""

_DAMAGE = re.compile("Corrupt JPEG data|Premature end|Inconsistent progression")
"""How libjpeg's warnings of damage begin; its other ones are about oddities that do no harm."""

_SURPLUS = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")
MOST_PADDING = 16
"""Equal bytes between the last pixel and the end marker: what some webcams fill a file up with."""


def head(data: bytes, limits: Limits) -> Header:
    """The markers up to the first scan."""
    _check_markers(data)
    _check_kind(data)
    image = _open(data)
    limits.check_size(*image.size)
    if image.mode not in _MODELS:
        raise UnsupportedPicture("The JPEG is neither grey, RGB nor CMYK.")
    block = image.info.get("exif", b"")
    turned, dpi = metadata.read_exif(block)
    if "jfif_density" in image.info and image.info.get("dpi"):
        dpi = metadata.dpi(*image.info["dpi"]) or dpi
    rgb = _MODELS[image.mode] == "rgb"
    has_gain_map = any(data.find(mark, 0, MAX_METADATA_BYTES) > 0 for mark in _GAIN_MAPS)
    return Header(
        *image.size,
        np.dtype(np.uint8),
        _MODELS[image.mode],
        alpha=False,
        icc=image.info.get("icc_profile") or (colour_spaces.adobe_rgb() if rgb and metadata.is_adobe_rgb(block) else None),
        dpi=dpi,
        orientation=turned,
        lossless=False,
        notes=(GAIN_MAP,) if has_gain_map else (),
        exif=exif.read(block),
        xmp=next((body.removeprefix(_XMP) for name, body in image.applist if name == "APP1" and body.startswith(_XMP)), b""),
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels. Raises :class:`BadPicture` where some of them are missing."""
    verify(data, header)
    return np.asarray(_open(data)).reshape(header.height, header.width, header.colours)


def verify(data: bytes, header: Header) -> None:
    """Whether :func:`samples` will find the pixels whole: all are unpacked, at an eighth of their size. Raises as it does."""
    if not data.endswith(END) and not _all_sent(data):
        raise BadPicture("The JPEG picture breaks off before its pixels do.")
    check_stream(_ended(data))
    image = _open(data)
    image.draft(image.mode, (header.width // 8, header.height // 8))
    image.load()


def check_stream(data: bytes) -> None:
    """Raises :class:`BadPicture` where the decoder comes upon damage."""
    try:
        space = "CMYK" if simplejpeg.decode_jpeg_header(data)[2] in ("CMYK", "YCCK") else "GRAY"
        simplejpeg.decode_jpeg(data, space, fastdct=True, fastupsample=True, min_height=1, min_width=1, min_factor=8)
    except ValueError as problem:  # it may also be something that this decoder does not know, and Pillow does
        if _DAMAGE.match(str(problem)) and not _is_padding(data, str(problem)):
            raise BadPicture("The JPEG picture is truncated or damaged.") from problem


def _is_padding(data: bytes, problem: str) -> bool:
    surplus = _SURPLUS.fullmatch(problem)
    if not surplus or int(surplus[1]) > MOST_PADDING:
        return False
    end = data.find(END, data.find(bytes((0xFF, _SCAN))))
    return len(set(data[end - int(surplus[1]) : end])) == 1


def _ended(data: bytes) -> bytes:
    """With an end marker, which a whole picture may lack; where pixels are missing, too, the decoder says so."""
    return data if data.endswith(END) else data + END


def write(outgoing: Outgoing) -> bytes:
    """Without chroma subsampling, which smears exactly the colour edges that strokes are made of."""
    buffer, block = io.BytesIO(), exif.block(outgoing.own_exif) if outgoing.exif else b""
    packet = outgoing.packet(_MAX_SEGMENT - len(_XMP))
    Image.fromarray(outgoing.squeezed).save(
        buffer,
        "JPEG",
        quality=outgoing.quality,
        subsampling=0,
        icc_profile=outgoing.icc,
        exif=exif.PREFIX + block if 0 < len(block) <= _MAX_SEGMENT - len(exif.PREFIX) else b"",
        extra=struct.pack(">HH", 0xFFE1, 2 + len(_XMP) + len(packet)) + _XMP + packet if packet else b"",
        **({"dpi": outgoing.dpi} if outgoing.dpi else {}),
    )
    return buffer.getvalue()


def without_metadata(data: bytes) -> bytes:
    """A file of :func:`write`'s, its pixels untouched, without EXIF, XMP and resolution."""
    out, place = [data[:2]], 2
    while data[place + 1] != _SCAN:
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if data[place + 1] == _APP0:
            out.append(data[place : place + 11] + b"\0\0\1\0\1" + data[place + 16 : end])  # JFIF: 1 to 1, of no unit
        elif data[place + 1] != _APP1:
            out.append(data[place:end])
        place = end
    return b"".join([*out, data[place:]])


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


def _all_sent(data: bytes) -> bool:
    """Whether the scans send every coefficient of every colour to its last bit: one that broke off between two scans is no damage
    to the decoder."""
    left: set[tuple[int, int]] = set()
    place = 2
    for _ in range(MAX_MARKERS):
        found = _MARKER.search(data, place)
        if not found or found[0] == END:
            break
        body = found.end()
        if _is_frame(data[body - 1]):
            left = {(data[body + 8 + 3 * colour], number) for colour in range(data[body + 7]) for number in range(64)}
        elif data[body - 1] == _SCAN:
            end = body + 3 + 2 * data[body + 2]
            first, last, bits = data[end : end + 3]
            if not bits & 15:
                left -= {(colour, number) for colour in data[body + 3 : end : 2] for number in range(first, last + 1)}
        place = body + int.from_bytes(data[body : body + 2], "big")
    return not left


def _check_kind(data: bytes) -> None:
    """Whole files of kinds that the decoder does not know are not damaged."""
    place = _frame(data)
    if place is None:
        return
    bits, kind = data[place + 4], data[place + 1]
    if kind in _LOSSLESS or kind in _HIERARCHICAL:
        name = "lossless" if kind in _LOSSLESS else "hierarchical"
        raise UnsupportedPicture(f"The JPEG is of the {name} kind, which is not taken.", hint="Save it as a PNG or TIFF.")
    if bits != 8:
        raise UnsupportedPicture(f"The JPEG has {bits} bits a channel; 8 are taken.", hint="Save it as a PNG or TIFF with 16 bits.")


def _is_frame(marker: int) -> bool:
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


def frame_size(data: bytes) -> tuple[int, int]:
    """Width and height that a JPEG stream's frame header names. Raises :class:`ValueError` where there is none."""
    place = _frame(data)
    if place is None:
        raise ValueError("no frame header")
    return int.from_bytes(data[place + 7 : place + 9], "big"), int.from_bytes(data[place + 5 : place + 7], "big")


def _frame(data: bytes) -> int | None:
    """Where a JPEG stream's frame header begins."""
    place = 2
    while place + 9 <= len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            place += 1 if marker == 0xFF else 2
        elif _is_frame(marker):
            return place
        elif marker in (0xD9, 0xDA):
            break
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None


def _open(data: bytes) -> JpegImageFile:
    # Not Image.open: its pixel limit is one for the whole process, and ours has been checked (see Limits). It would also take
    # a phone's several-picture file apart; the first picture, which every viewer shows, is the one that is meant.
    return JpegImageFile(io.BytesIO(_ended(data)))
