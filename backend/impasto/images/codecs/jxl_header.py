"""What the first bits of a JPEG XL stream say of the picture (ISO/IEC 18181-1, annex D), and where a file has them (18181-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import imagecodecs

from ...errors import BadPicture, UnsupportedPicture
from ..limits import MAX_EXIF_BYTES, MAX_XMP_BYTES
from .heif_boxes import boxes

CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_HEADER_BYTES = 1 << 16
"""More than the header can have, but for names of channels that nobody gives."""

_EXIF_STARTS = (b"II*\0", b"MM\0*")
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_ALPHA, _SPOT, _BLACK, _FILTER = 0, 2, 4, 5
_RGB, _GREY, _XYB = 0, 1, 2
_CUSTOM = 2

Size = tuple[tuple[int, int], ...]
"""Of a number in one of four ways: what is added to so many bits."""

_SIDE: Size = ((1, 9), (1, 13), (1, 18), (1, 30))
_ENUM: Size = ((0, 0), (1, 0), (2, 4), (18, 6))


@dataclass(frozen=True)
class JxlColours:
    """How the samples are to be seen: code points of H.273 (13 is sRGB's curve) or a gamma. ``profile``: there is an ICC profile
    instead, which is packed in a way of its own. ``known``: whether any of it can be used."""

    primaries: int = 1
    transfer: int = 13
    gamma: float = 0
    profile: bool = False
    known: bool = True


@dataclass(frozen=True)
class JxlHeader:
    """``bits`` of a sample, and whether it is a float; ``premultiplied``: the colours, by the transparency. ``xyb``: the samples
    were stored in libjxl's own space, and are converted to whatever space it is told."""

    width: int
    height: int
    orientation: int = 1
    bits: int = 8
    floating: bool = False
    grey: bool = False
    alpha: bool = False
    premultiplied: bool = False
    animated: bool = False
    xyb: bool = True
    colours: JxlColours = JxlColours()


@dataclass(frozen=True)
class JxlFile:
    """A file's pieces. ``from_jpeg``: the stream is a JPEG's, which can be had again to the bit."""

    stream: bytes
    exif: bytes = b""
    xmp: bytes = b""
    from_jpeg: bool = False


class _Bits:
    """Bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def read(self, count: int) -> int:
        """The next ``count``. Raises :class:`BadPicture` where there are none."""
        if count > self._left:
            raise BadPicture("The JPEG XL file breaks off in its header.")
        self._left -= count
        value = self._value & (1 << count) - 1
        self._value >>= count
        return value

    def flag(self) -> bool:
        """One bit."""
        return bool(self.read(1))

    def one_of(self, size: Size) -> int:
        """A number in one of four ways."""
        offset, bits = size[self.read(2)]
        return offset + self.read(bits)

    def enum(self) -> int:
        """A number that names something."""
        return self.one_of(_ENUM)


def split(data: bytes) -> JxlFile:
    """The file's pieces. Raises :class:`BadPicture`."""
    if not data.startswith(CONTAINER):
        return JxlFile(data)
    found: dict[bytes, list[memoryview]] = {}
    for name, body in boxes(memoryview(data)):
        found.setdefault(name, []).append(body)
    parts = found.get(b"jxlc") or [part[4:] for part in found.get(b"jxlp", [])]
    exif = _text(found, b"Exif", MAX_EXIF_BYTES)
    if exif[:4] not in _EXIF_STARTS:  # as it should be: how far away the block begins
        exif = exif[4 + int.from_bytes(exif[:4], "big") :]
    return JxlFile(b"".join(parts), exif, _text(found, b"xml ", MAX_XMP_BYTES), b"jbrd" in found)


def _text(found: Mapping[bytes, list[memoryview]], name: bytes, most: int) -> bytes:
    """The first box of that name, be it packed; empty for none, or for more than ``most`` bytes."""
    if name in found:
        return bytes(found[name][0]) if len(found[name][0]) <= most else b""
    for body in found.get(b"brob", []):
        if body[:4] == name:
            try:
                return bytes(imagecodecs.brotli_decode(bytes(body[4:]), out=most))
            except (imagecodecs.BrotliError, ValueError):
                return b""
    return b""


def read(stream: bytes) -> JxlHeader:
    """The header of a stream. Raises :class:`BadPicture` and :class:`UnsupportedPicture`."""
    if not stream.startswith(b"\xff\x0a"):
        raise BadPicture("The JPEG XL file holds no picture.")
    bits = _Bits(stream[2:_HEADER_BYTES])
    width, height = _size(bits)
    if bits.flag():  # all as usual
        return JxlHeader(width, height)
    orientation, animated = 1, False
    if bits.flag():
        orientation = 1 + bits.read(3)
        if bits.flag():
            _size(bits)
        if bits.flag():
            _preview(bits)
        animated = bits.flag()
        if animated:
            _animation(bits)
    depth, floating = _depth(bits)
    bits.read(1)
    alpha, premultiplied = _extra_channels(bits)
    xyb = bits.flag()
    grey, colours = _colours(bits)
    return JxlHeader(width, height, orientation, depth, floating, grey, alpha, premultiplied, animated, xyb, colours)


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()
    height = 8 * (1 + bits.read(5)) if small else bits.one_of(_SIDE)
    ratio = bits.read(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down, height
    return 8 * (1 + bits.read(5)) if small else bits.one_of(_SIDE), height


def _preview(bits: _Bits) -> None:
    side: Size = ((16, 0), (32, 0), (1, 5), (33, 9)) if bits.flag() else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.one_of(side)
    if not bits.read(3):
        bits.one_of(side)


def _animation(bits: _Bits) -> None:
    bits.one_of(((100, 0), (1000, 0), (1, 10), (1, 30)))
    bits.one_of(((1, 0), (1001, 0), (1, 8), (1, 10)))
    bits.one_of(((0, 0), (0, 3), (0, 16), (0, 32)))
    bits.read(1)


def _depth(bits: _Bits) -> tuple[int, bool]:
    if not bits.flag():
        return bits.one_of(((8, 0), (10, 0), (12, 0), (1, 6))), False
    depth = bits.one_of(((32, 0), (16, 0), (24, 0), (1, 6)))
    bits.read(4)
    return depth, True


def _extra_channels(bits: _Bits) -> tuple[bool, bool]:
    """Whether there is alpha, and whether the colours are multiplied by it."""
    alpha = premultiplied = False
    for _ in range(bits.one_of(((0, 0), (1, 0), (2, 4), (1, 12)))):
        kind, multiplied = _ALPHA, False
        if not bits.flag():
            kind = bits.enum()
            _depth(bits)
            bits.one_of(((0, 0), (3, 0), (4, 0), (1, 3)))
            bits.read(8 * bits.one_of(((0, 0), (0, 4), (16, 5), (48, 10))))
            if kind == _ALPHA:
                multiplied = bits.flag()
            elif kind == _SPOT:
                bits.read(4 * 16)
            elif kind == _FILTER:
                bits.one_of(((1, 0), (0, 2), (3, 4), (19, 8)))
        if kind == _BLACK:
            raise UnsupportedPicture("The JPEG XL picture is CMYK, which is not taken.", hint="Save it as a TIFF.")
        if kind == _ALPHA and not alpha:
            alpha, premultiplied = True, multiplied
    return alpha, premultiplied


def _colours(bits: _Bits) -> tuple[bool, JxlColours]:
    """Whether the samples are grey, and how they are to be seen."""
    if bits.flag():
        return False, JxlColours()
    profile, space = bits.flag(), bits.enum()
    grey = space == _GREY
    if profile:
        return grey, JxlColours(profile=True, known=space in (_RGB, _GREY))
    if space not in (_RGB, _GREY):
        return False, JxlColours(known=False)
    white, primaries = bits.enum(), 1
    if white == _CUSTOM:
        _places(bits, 1)
    if not grey:
        primaries = bits.enum()
        if primaries == _CUSTOM:
            _places(bits, 3)
    gamma = bits.read(24) / 10_000_000 if bits.flag() else 0
    transfer = 0 if gamma else bits.enum()
    # Display P3 is 11 here with the white of D65, and 12 in H.273, where 11 has the cinema's.
    primaries = 12 if (primaries, white) == (11, 1) else primaries
    usual_white = white == 1 or (primaries, white) == (11, 11)
    return grey, JxlColours(primaries, transfer, gamma, known=usual_white and primaries != _CUSTOM)


def _places(bits: _Bits, count: int) -> None:
    """Places of colours given by number, which are not used."""
    for _ in range(2 * count):
        bits.one_of(((0, 19), (524_288, 19), (1_048_576, 20), (2_097_152, 21)))
