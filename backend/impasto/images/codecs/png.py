"""PNG: the chunks read and checked here, the pixels read by libpng.

libpng gets a file that holds the picture and nothing else, of which every checksum and the length of the decompressed data are
already known to be right. So a compressed comment never unpacks, and damage is found before memory is taken for the pixels.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, cast

import imagecodecs
import numpy as np
from isal import isal_zlib

from ...errors import BadPicture
from .. import colour_spaces, exif, metadata
from ..limits import MAX_CHUNKS, MAX_PROFILE_BYTES, MAX_TEXT_BYTES, MAX_XMP_BYTES, Limits
from ..picture import ANIMATED, Dpi, Header, Outgoing
from ..profiles import strips

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGB_ALPHA: 4}
_KINDS = {1: _GREY, 2: _GREY_ALPHA, 3: _RGB, 4: _RGB_ALPHA}
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGB_ALPHA: (8, 16)}
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_XMP, _RECIPE = b"XML:com.adobe.xmp", b"impasto"
"""Keys of texts."""

_AVERAGE = 3
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_METRE_PER_INCH = 0.0254
_PIECE = 1 << 20
_MAX_SURPLUS = 1 << 16
"""Bytes behind the last pixel in the stream, which some writers leave there."""


def head(data: bytes, limits: Limits) -> Header:
    """IHDR, and from the other chunks the profile, resolution and orientation."""
    width, height, depth, kind, _ = _ihdr(data)
    limits.check_size(width, height)
    found: dict[bytes, memoryview] = {}
    texts: dict[bytes, bytes] = {}
    for name, chunk in _chunks(data):
        found.setdefault(name, chunk[8:-4])
        if name == b"iTXt" and (key := bytes(chunk[8:88]).partition(b"\0")[0]) in (_XMP, _RECIPE):
            texts.setdefault(key, _text(chunk[8:-4], MAX_XMP_BYTES if key == _XMP else MAX_TEXT_BYTES))
    if b"IDAT" not in found:
        raise BadPicture("The PNG file holds no pixels.")
    if kind == _PALETTE and not 3 <= len(found.get(b"PLTE", b"")) <= 768:
        raise BadPicture("The PNG file has no palette.")
    turned, exif_dpi = metadata.read_exif(found[b"eXIf"]) if b"eXIf" in found else (1, None)
    icc, notes = _colours(found, grey=kind in (_GREY, _GREY_ALPHA))
    if b"acTL" in found and int.from_bytes(found[b"acTL"][:4], "big") > 1:
        notes = (*notes, ANIMATED)
    return Header(
        width,
        height,
        np.dtype(np.uint16 if depth == 16 else np.uint8),
        "grey" if kind in (_GREY, _GREY_ALPHA) else "rgb",
        alpha=kind in (_GREY_ALPHA, _RGB_ALPHA) or b"tRNS" in found,
        icc=icc,
        dpi=_dpi(found.get(b"pHYs")) or exif_dpi,
        orientation=turned,
        notes=notes,
        exif=exif.read(found.get(b"eXIf", b"")),
        xmp=texts.get(_XMP, b""),
        recipe=texts.get(_RECIPE, b"").decode("utf-8", "replace"),
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels; a palette becomes RGB, a transparent colour becomes alpha, fewer bits than 8 become 8."""
    return imagecodecs.png_decode(b"".join([SIGNATURE, *_checked(data, trimmed=True)])).reshape(header.height, header.width, -1)


def _checked(data: bytes, *, trimmed: bool = False) -> list[memoryview]:
    """The chunks that make the picture, known to be whole. ``trimmed``: without surplus behind the pixels, which libpng reports."""
    needed = [(name, chunk) for name, chunk in _chunks(data) if name in _NEEDED]
    if any(zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big") for _, chunk in needed):
        raise BadPicture("The PNG file is damaged: a checksum is wrong.")
    passes, packed = _passes(*_ihdr(data)), [chunk[8:-4] for name, chunk in needed if name == b"IDAT"]
    if _check_pixels(packed, passes) and trimmed:
        packed_again = memoryview(_chunk(b"IDAT", _packed_again(packed, sum(rows * (length + 1) for rows, length in passes))))
        needed = [*((name, chunk) for name, chunk in needed if name != b"IDAT"), (b"IDAT", packed_again)]
    return [*(chunk for name, chunk in needed if name != b"IEND"), memoryview(_chunk(b"IEND", b""))]


def verify(data: bytes, header: Header) -> None:
    """Whether :func:`samples` will find the pixels whole, at a fraction of its time and hardly any memory. Raises as it does."""
    _checked(data)


def write(outgoing: Outgoing) -> bytes:
    """Quickly; 12 MP take about half a second."""
    extra = b""
    if outgoing.icc:
        extra += _chunk(b"iCCP", b"profile\0\0" + zlib.compress(outgoing.icc))
    if outgoing.dpi:
        extra += _chunk(b"pHYs", struct.pack(">IIB", *(round(value / _METRE_PER_INCH) for value in outgoing.dpi), 1))
    if outgoing.exif:
        extra += _chunk(b"eXIf", exif.block(outgoing.own_exif))
    for key, text in ((_RECIPE, outgoing.recipe.encode()), (_XMP, outgoing.packet(MAX_XMP_BYTES))):
        extra += _chunk(b"iTXt", key + bytes(5) + text) if text else b""
    return packed(outgoing.samples, extra)


def packed(samples: np.ndarray, extra: bytes = b"") -> bytes:
    """The file of ``samples`` (H, W, C) in uint8 or uint16, with the chunks ``extra`` after its header.

    Strip by strip: a large picture is never in memory once more.
    """
    height, width, channels = samples.shape
    size, step = samples.itemsize, samples.itemsize * channels
    file = io.BytesIO()  # unlike parts that are joined in the end, it never holds everything twice
    file.write(SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * size, _KINDS[channels], 0, 0, 0)) + extra)
    packer = isal_zlib.compressobj()
    above = np.zeros(width * step, np.uint8)
    for rows in strips(height, width):
        plain = samples[rows].astype(f">u{size}").reshape(-1, width * channels).view(np.uint8)
        body = packer.compress(_filtered(plain, above, step).data)
        above = plain[-1]
        file.write(_chunk(b"IDAT", body) if body else b"")
    file.write(_chunk(b"IDAT", packer.flush()) + _chunk(b"IEND", b""))
    return file.getvalue()


def _filtered(plain: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    """Rows (N, bytes) less the mean of what lies to the left and above, each after its filter's number."""
    mean = np.empty(plain.shape, np.uint16)
    mean[0], mean[1:] = above, plain[:-1]
    mean[:, step:] += plain[:, :-step]
    mean >>= 1
    out = np.empty((plain.shape[0], plain.shape[1] + 1), np.uint8)
    out[:, 0] = _AVERAGE
    np.subtract(plain, mean, out=out[:, 1:], casting="unsafe")
    return out


def _ihdr(data: bytes) -> tuple[int, int, int, int, int]:
    """Width, height, bits per sample, colour type, interlacing."""
    if len(data) < 33 or data[8:16] != b"\0\0\0\x0dIHDR":
        raise BadPicture("The PNG file breaks off in its header.")
    width, height, depth, kind, compression, filtering, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    if (
        zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big")
        or depth not in _DEPTHS.get(kind, ())
        or compression
        or filtering
        or interlace > 1
    ):
        raise BadPicture("The PNG file's header is damaged.")
    return width, height, depth, kind, interlace


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and whole bytes (length, name, body, checksum) of each chunk up to IEND, which may be missing behind the pixels."""
    view, place, pixels = memoryview(data), len(SIGNATURE), False
    for _ in range(MAX_CHUNKS):
        if place + 12 > len(data):
            if pixels:  # whether all of them are there is found out where they are unpacked
                return
            raise BadPicture("The PNG file breaks off before its end.")
        length, name = struct.unpack_from(">I4s", data, place)
        if place + 12 + length > len(data):
            if pixels and name != b"IDAT":
                return
            raise BadPicture("The PNG file breaks off in the middle of a chunk.")
        pixels = pixels or name == b"IDAT"
        yield name, view[place : place + 12 + length]
        if name == b"IEND":
            return
        place += 12 + length
    raise BadPicture("The PNG file is made of too many pieces.")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _passes(width: int, height: int, depth: int, kind: int, interlace: int) -> list[tuple[int, int]]:
    """Rows and bytes per row (without the filter's byte) of each pass that is not empty."""
    bits = depth * _CHANNELS[kind]
    sizes = [(len(range(y, height, dy)), len(range(x, width, dx))) for x, y, dx, dy in _ADAM7] if interlace else [(height, width)]
    return [(rows, (columns * bits + 7) // 8) for rows, columns in sizes if rows and columns]


def _packed_again(packed: list[memoryview], size: int) -> bytes:
    """The first ``size`` unpacked bytes of a stream, packed lightly."""
    packer, unpacker, out = isal_zlib.compressobj(1), isal_zlib.decompressobj(), []
    for piece in _unpacked(packed, unpacker):
        out.append(packer.compress(piece[:size]))
        size -= min(size, len(piece))
    return b"".join([*out, packer.flush()])


def _check_pixels(packed: list[memoryview], passes: list[tuple[int, int]]) -> int:
    """Unpack the pixels once, a piece at a time, to know that they are whole: right length, right checksum, known filters.

    Returns how many bytes there are too many.
    """
    expected = sum(rows * (length + 1) for rows, length in passes)
    filters, start = [], 0
    for rows, length in passes:
        filters.append(start + np.arange(rows) * (length + 1))
        start += rows * (length + 1)
    positions, seen, first = np.concatenate(filters), 0, 0
    unpacker = isal_zlib.decompressobj()
    for piece in _unpacked(packed, unpacker):
        last = first + int(np.searchsorted(positions[first : first + len(piece)], seen + len(piece)))
        if (np.frombuffer(piece, np.uint8)[positions[first:last] - seen] > 4).any():
            raise BadPicture("The PNG file's pixels are damaged.")
        seen, first = seen + len(piece), last
        if seen > expected + _MAX_SURPLUS:
            raise BadPicture("The PNG file unpacks to more than its header announces.")
    if seen < expected or not unpacker.eof:
        raise BadPicture("The PNG file's pixels are truncated or damaged.")
    return seen - expected


def _unpacked(packed: list[memoryview], unpacker: Any) -> Iterator[bytes]:
    """The decompressed stream in pieces of bounded size."""
    for body in packed:
        for place in range(0, len(body), _PIECE // 4):
            rest: bytes | memoryview = body[place : place + _PIECE // 4]
            while len(rest) and not unpacker.eof:
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
    while not unpacker.eof and (piece := unpacker.decompress(b"", _PIECE)):
        yield piece


def _colours(found: Mapping[bytes, memoryview], grey: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile, by whatever chunk tells of it: cICP before iCCP before sRGB before gAMA and cHRM."""
    try:
        if len(found.get(b"cICP", b"")) == 4 and colour_spaces.UNSPECIFIED not in found[b"cICP"][:2]:
            primaries, transfer, matrix, full_range = found[b"cICP"]
            return colour_spaces.of_cicp(primaries, transfer, matrix, full_range, grey), ()
        if b"iCCP" in found:
            return _profile(found[b"iCCP"])
        if b"sRGB" in found or len(found.get(b"gAMA", b"")) != 4:
            return None, ()
        places = found.get(b"cHRM", memoryview(b""))
        chromaticities = tuple(number / 100_000 for number in struct.unpack(">8I", places)) if len(places) == 32 else None
        gamma = int.from_bytes(found[b"gAMA"], "big") / 100_000
        return colour_spaces.of_gamma(gamma, cast("colour_spaces.Chromaticities | None", chromaticities), grey), ()
    except colour_spaces.UnknownSpace:
        return None, (colour_spaces.NOT_KNOWN,)


def _profile(body: memoryview) -> tuple[bytes | None, tuple[str, ...]]:
    """The unpacked iCCP chunk, never more than a profile may have."""
    name, _, packed = bytes(body).partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        profile = b""
    return (profile, ()) if profile else (None, ("The picture's colour profile is damaged; it was left out and sRGB assumed.",))


def _text(body: memoryview, most: int) -> bytes:
    """What a text of iTXt says, up to a byte more than ``most``; nothing where it is damaged."""
    _, _, rest = bytes(body[: most + 1000]).partition(b"\0")
    packed, (_, _, text) = rest[:1], rest[2:].partition(b"\0")  # behind the language and the translated key
    text = text.partition(b"\0")[2]
    try:
        return zlib.decompressobj().decompress(text, most + 1) if packed == b"\1" else text[: most + 1]
    except zlib.error:
        return b""


def _dpi(body: memoryview | None) -> Dpi | None:
    if body is None or len(body) != 9 or body[8] != 1:
        return None
    across, down, _ = struct.unpack(">IIB", body)
    return metadata.dpi(across * _METRE_PER_INCH, down * _METRE_PER_INCH)
