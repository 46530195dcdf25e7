"""WebP: the container read here (sizes, profile, EXIF), the pixels by libwebp."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
from PIL import Image

from ...errors import BadPicture
from .. import colour_spaces, exif, metadata
from ..limits import MAX_CHUNKS, MAX_PROFILE_BYTES, MAX_XMP_BYTES, Limits
from ..picture import ANIMATED, Header, Outgoing

_ALPHA, _METADATA = 0x10, 0x0C
"""Flags of the extended header: alpha; EXIF and XMP."""

_LOSSLESS_EFFORT = 0
"""libwebp's effort in lossless mode. More takes several times as long (a 12 MP picture: 5 s instead of 1) to save a fifth."""


class _Parts(NamedTuple):
    """What of a file counts. ``frame``: where an animation's first frame lies on the canvas, (left, top, width, height) in px."""

    stream: tuple[bytes, memoryview]
    transparency: memoryview | None
    canvas: tuple[int, int] | None
    alpha: bool
    icc: bytes | None
    exif: memoryview | None
    xmp: bytes
    frame: tuple[int, int, int, int] | None
    frames: int


def head(data: bytes, limits: Limits) -> Header:
    """Sizes from the bitstream's own header; the canvas, where there is one, must agree."""
    parts = _parts(data)
    kind, body = parts.stream
    width, height, alpha = _stream_size(kind, bytes(body[:10]))
    limits.check_size(*(parts.canvas or (width, height)))
    if parts.frame is None:
        if parts.canvas not in (None, (width, height)):
            raise BadPicture("The WebP file names two different sizes.")
        alpha = alpha if parts.canvas is None else parts.alpha
    else:
        left, top, across, down = parts.frame
        if (across, down) != (width, height) or not parts.canvas:
            raise BadPicture("The WebP file names two different sizes.")
        if left + across > parts.canvas[0] or top + down > parts.canvas[1]:
            raise BadPicture("The WebP file's first frame does not lie within the picture.")
        alpha = alpha or parts.transparency is not None or parts.canvas != (across, down)
    block = parts.exif
    turned, dpi = metadata.read_exif(block) if block else (1, None)
    return Header(
        *(parts.canvas or (width, height)),
        np.dtype(np.uint8),
        "rgb",
        alpha=alpha,
        icc=parts.icc or (colour_spaces.adobe_rgb() if block and metadata.is_adobe_rgb(block) else None),
        dpi=dpi,
        orientation=turned,
        lossless=kind == b"VP8L",
        notes=(ANIMATED,) if parts.frames > 1 else (),
        exif=exif.read(block or b""),
        xmp=parts.xmp,
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels; libwebp refuses a file that ends before they do. What an animation's first frame leaves free is transparent."""
    parts = _parts(data)
    if parts.frame is None:
        return imagecodecs.webp_decode(data, hasalpha=header.alpha)
    left, top, width, height = parts.frame
    canvas = np.zeros((header.height, header.width, header.channels), np.uint8)
    canvas[top : top + height, left : left + width] = imagecodecs.webp_decode(_still(parts), hasalpha=header.alpha)
    return canvas


def _still(parts: _Parts) -> bytes:
    """A file of its own for an animation's first frame."""
    kind, body = parts.stream
    width, height, _ = _stream_size(kind, bytes(body[:10]))
    inside = b""
    if parts.transparency is not None:
        inside += _packed(
            b"VP8X", bytes([_ALPHA, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        )
        inside += _packed(b"ALPH", parts.transparency)
    return _packed(b"RIFF", b"WEBP" + inside + _packed(kind, body))


def _packed(kind: bytes, body: bytes | memoryview) -> bytes:
    return kind + struct.pack("<I", len(body)) + bytes(body) + bytes(len(body) % 2)


def _parts(data: bytes) -> _Parts:
    """The picture's, or its first frame's, and what stands around it."""
    found: dict[bytes, memoryview] = {}
    frame, frames = None, 0
    for kind, body in _chunks(data, 12, 8 + int.from_bytes(data[4:8], "little")):
        if kind == b"ANMF":
            frames += 1
            if frames == 1:
                left, top, across, down = (int.from_bytes(body[at : at + 3], "little") for at in (0, 3, 6, 9))
                frame = (2 * left, 2 * top, across + 1, down + 1)
                for inner, part in _chunks(body, 16, len(body)):
                    found.setdefault(inner, part)
        elif not frames or kind in (b"EXIF", b"XMP ", b"ICCP"):
            found.setdefault(kind, body)
    streams = [name for name in found if name in (b"VP8 ", b"VP8L")]
    if not streams:
        raise BadPicture("The WebP file holds no picture.")
    canvas, alpha = None, False
    if b"VP8X" in found:
        body = found[b"VP8X"]
        canvas = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
        alpha = bool(body[0] & _ALPHA)
    icc = bytes(found[b"ICCP"][: MAX_PROFILE_BYTES + 1]) if b"ICCP" in found else None
    block, packet = found.get(b"EXIF"), bytes(found.get(b"XMP ", b"")[: MAX_XMP_BYTES + 1])
    return _Parts((streams[0], found[streams[0]]), found.get(b"ALPH"), canvas, alpha, icc, block, packet, frame, frames)


def write(outgoing: Outgoing) -> bytes:
    """Lossless (with hidden colours as they are) or lossy with lossless alpha."""
    options: dict[str, Any] = (
        {"lossless": True, "quality": _LOSSLESS_EFFORT, "method": 0, "exact": True}
        if outgoing.lossless
        else {"quality": outgoing.quality, "method": 4}
    )
    options |= {"exif": exif.block(outgoing.own_exif), "xmp": outgoing.packet(MAX_XMP_BYTES)}
    buffer = io.BytesIO()
    Image.fromarray(outgoing.samples).save(buffer, "WEBP", icc_profile=outgoing.icc or b"", **options)
    return buffer.getvalue()


def without_metadata(data: bytes) -> bytes:
    """A file of :func:`write`'s, its pixels untouched, without EXIF and XMP."""
    inside = [b"WEBP"]
    for kind, body in _chunks(data, 12, 8 + int.from_bytes(data[4:8], "little")):
        if kind == b"VP8X":
            body = memoryview(bytes([body[0] & ~_METADATA]) + bytes(body[1:]))
        if kind not in (b"EXIF", b"XMP "):
            inside.append(_packed(kind, body))
    return _packed(b"RIFF", b"".join(inside))


def _chunks(data: bytes | memoryview, place: int, end: int) -> Iterator[tuple[bytes, memoryview]]:
    """Name and body of each chunk between ``place`` and ``end``."""
    view = memoryview(data)
    if end > len(data):
        raise BadPicture(f"The WebP file breaks off: it should have {end} bytes and has {len(data)}.")
    for _ in range(MAX_CHUNKS):
        if place + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, place)
        if place + 8 + length > end:
            raise BadPicture("The WebP file breaks off in the middle of a chunk.")
        yield kind, view[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    raise BadPicture("The WebP file is made of too many pieces.")


def _stream_size(kind: bytes, start: bytes) -> tuple[int, int, bool]:
    """Width, height and alpha from the first bytes of a lossy or lossless bitstream."""
    if kind == b"VP8L":
        if start[0] != 0x2F:
            raise BadPicture("The WebP picture is damaged.")
        bits = int.from_bytes(start[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
    if start[3:6] != b"\x9d\x01\x2a":
        raise BadPicture("The WebP picture is damaged.")
    width, height = struct.unpack_from("<HH", start, 6)
    return width & 0x3FFF, height & 0x3FFF, False
