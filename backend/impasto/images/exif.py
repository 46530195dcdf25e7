"""EXIF: what of a photograph's is true of its painting, too, read with distrust and written anew.

Carried are the tags of the EXIF standard that tell of the photograph: who, when, where, with what. Left out are what cannot be
moved (a maker's notes, which point at places in the old file, and tags that nobody has standardised), thumbnails, which show the
photograph and not the painting, and what describes the old file's samples. Orientation, size, resolution and colour space are those
of the new file. An EXIF block is a TIFF file without pixels, so it is read as one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ..errors import BadPicture
from .codecs.tiff_tags import SIZES, Directory, Layout
from .limits import MAX_EXIF_BYTES

PREFIX = b"Exif\0\0"
"""What stands before the block in a JPEG, and in the files of some writers elsewhere."""

_BYTE, _SHORT, _LONG, _RATIONAL = 1, 3, 4, 5
_KINDS = range(1, 13)
"""Of values in an EXIF block; BigTIFF's and later ones are read by few."""

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT, _XMP = 274, 282, 283, 296, 700
_PHOTO, _GPS = 0x8769, 0x8825
"""Where the directories of the shot and of the place are."""

_COLOUR_SPACE, _WIDTH, _HEIGHT, _COMMENT, _AREA, _LOCATION = 0xA001, 0xA002, 0xA003, 0x9286, 0x9214, 0xA214
_SRGB, _UNCALIBRATED = 1, 0xFFFF

_MAIN_TAGS = frozenset(
    (269, 270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, 40091, 40092, 40093, 40094, 40095)
)  # name, description, maker, model, software, date, artist, computer, ratings, copyright, and Windows' five texts
_SAMPLES = frozenset((0x8828, 0x9101, 0x9102, 0x927C, 0xA005, 0xA20C, 0xA302, 0xA40B))
"""Of the shot's directory: what describes the old samples, is written in the file's own byte order, or is the maker's."""

_PHOTO_TAGS = frozenset(
    (0x829A, 0x829D, *range(0x8822, 0x8836), *range(0x9000, 0x92A0), *range(0x9400, 0x9406), *range(0xA000, 0xA004))
    + tuple(range(0xA20B, 0xA218))
    + (*range(0xA300, 0xA303), *range(0xA401, 0xA40D), 0xA420, *range(0xA430, 0xA440), *range(0xA460, 0xA463), 0xA500)
) - frozenset(_SAMPLES)
_GPS_TAGS = frozenset(range(32))

_SWAPPED = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8}
"""Kind -> bytes of its numbers, where they have more than one."""


class Value(NamedTuple):
    """A tag's value: its kind as TIFF numbers them, and its numbers, the lowest byte first."""

    kind: int
    data: bytes


@dataclass(frozen=True)
class Exif:
    """The tags that are carried: of the picture, of the shot, of the place. Empty where there are none."""

    main: Mapping[int, Value] = field(default_factory=dict)
    photo: Mapping[int, Value] = field(default_factory=dict)
    place: Mapping[int, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.main or self.photo or self.place)

    def turned(self) -> Exif:
        """For a picture that has been made upright: without what names places in it as it lay."""
        return replace(self, photo={tag: value for tag, value in self.photo.items() if tag not in (_AREA, _LOCATION)})

    def of_result(self, width: int, height: int, dpi: tuple[float, float] | None, srgb: bool) -> Exif:
        """With what is true of a file of so many px. ``srgb``: its colours need no profile."""
        main, photo = dict(self.main), dict(self.photo)
        if dpi:
            main |= {_X_RESOLUTION: _ratio(dpi[0]), _Y_RESOLUTION: _ratio(dpi[1]), _UNIT: _number(_SHORT, 2)}
        if self:
            main[_ORIENTATION] = _number(_SHORT, 1)
        if photo:
            photo |= {_WIDTH: _number(_LONG, width), _HEIGHT: _number(_LONG, height)}
            photo[_COLOUR_SPACE] = _number(_SHORT, _SRGB if srgb else _UNCALIBRATED)
        return Exif(main, photo, self.place)


def read(block: bytes | memoryview) -> Exif:
    """What can be carried of an EXIF block, with or without its prefix; of a damaged or an enormous one nothing."""
    if len(block) > MAX_EXIF_BYTES:
        return Exif()
    data = bytes(block).removeprefix(PREFIX)
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return Exif()
    data += bytes(16)  # some writers leave the end of the last directory out
    try:
        layout = Layout.of(data)
        return of_page(Directory(data, layout, layout.number(layout.word, data, layout.first)))
    except BadPicture:
        return Exif()


def of_page(page: Directory) -> Exif:
    """What can be carried of a TIFF's tags."""
    found = Exif(_values(page, _MAIN_TAGS), _values(_below(page, _PHOTO), _PHOTO_TAGS), _values(_below(page, _GPS), _GPS_TAGS))
    size = sum(len(value.data) for part in (found.main, found.photo, found.place) for value in part.values())
    return found if size <= MAX_EXIF_BYTES else Exif()


def block(exif: Exif) -> bytes:
    """As it stands in a file, without prefix; empty for none."""
    layout = Layout("<", big=False)
    return b"II*\0" + struct.pack("<I", 8) + _directories(layout, 8, exif, {}) if exif else b""


def behind_tiff(data: memoryview, exif: Exif, xmp: bytes) -> list[tuple[int, bytes]]:
    """What puts tags into a TIFF file with one page: bytes to be written behind its end and over its start, each after its place.

    The page's directory is written anew; its own tags stay, and go before those of ``exif``.
    """
    layout = Layout.of(bytes(data[:16]))
    page = Directory(data, layout, layout.number(layout.word, data, layout.first))
    extra = Exif({**exif.main, **({_XMP: Value(_BYTE, xmp)} if xmp else {})}, exif.photo, exif.place)
    place = len(data) + len(data) % 2
    tail = bytes(place - len(data)) + _directories(layout, place, extra, page.entries)
    return [(len(data), tail), (layout.first, struct.pack(layout.order + layout.word, place))]


def _values(page: Directory | None, wanted: Iterable[int]) -> dict[int, Value]:
    """Of the tags that are ``wanted``, those that are whole."""
    found: dict[int, Value] = {}
    room = MAX_EXIF_BYTES  # several may point at the same bytes
    if page is None:
        return found
    for tag in sorted(page.entries.keys() & set(wanted)):
        try:
            kind, data = page.raw(tag, room)
        except BadPicture:
            continue
        room -= len(data)
        if kind in _KINDS and data and len(data) % SIZES[kind] == 0:
            found[tag] = Value(kind, data if page.layout.order == "<" else _reversed(tag, kind, data))
    return found


def _below(page: Directory, tag: int) -> Directory | None:
    try:
        return Directory(page.data, page.layout, page.number(tag, 0)) if tag in page else None
    except BadPicture:
        return None


def _reversed(tag: int, kind: int, data: bytes) -> bytes:
    """The same numbers with the lowest byte first."""
    if tag == _COMMENT and data.startswith(b"UNICODE\0"):
        return data[:8] + _swapped(data[8 : len(data) - len(data) % 2], 2)
    return _swapped(data, _SWAPPED.get(kind, 1))


def _swapped(data: bytes, size: int) -> bytes:
    return np.frombuffer(data, f"u{size}").byteswap().tobytes()


def _number(kind: int, value: int) -> Value:
    return Value(kind, struct.pack({_SHORT: "<H", _LONG: "<I"}[kind], value))


def _ratio(value: float) -> Value:
    fraction = Fraction(value).limit_denominator(10_000)
    return Value(_RATIONAL, struct.pack("<II", fraction.numerator, fraction.denominator))


def _directories(layout: Layout, place: int, exif: Exif, kept: Mapping[int, bytes]) -> bytes:
    """The three directories and their values, from ``place`` of the file on; ``kept``: entries of the first, ready-made."""
    parts = {tag: part for tag, part in ((_PHOTO, exif.photo), (_GPS, exif.place)) if part}
    pointers = dict.fromkeys(parts, 0)
    while True:
        first = _directory(layout, place, {**exif.main, **{tag: _number(_LONG, at) for tag, at in pointers.items()}}, kept)
        out, found = first, {}
        for tag, part in parts.items():
            found[tag] = place + len(out)
            out += _directory(layout, found[tag], part, {})
        if found == pointers:  # it is as long wherever they point
            return out
        pointers = found


def _directory(layout: Layout, place: int, values: Mapping[int, Value], kept: Mapping[int, bytes]) -> bytes:
    entries, heap = dict(kept), b""
    start = place + struct.calcsize(layout.order + layout.count + layout.word) + len(values.keys() | kept.keys()) * layout.entry
    for tag, (kind, plain) in values.items():
        if tag in kept:
            continue
        data = plain if layout.order == "<" else _reversed(tag, kind, plain)
        entry = struct.pack(layout.order + "HH" + layout.word, tag, kind, len(data) // SIZES[kind])
        if len(data) <= layout.inline:
            entries[tag] = entry + data.ljust(layout.inline, b"\0")
        else:
            entries[tag] = entry + struct.pack(layout.order + layout.word, start + len(heap))
            heap += data + bytes(len(data) % 2)
    body = b"".join(entries[tag] for tag in sorted(entries))
    return struct.pack(layout.order + layout.count, len(entries)) + body + struct.pack(layout.order + layout.word, 0) + heap
