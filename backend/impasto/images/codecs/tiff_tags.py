"""The directory of a TIFF file, read with distrust: what is where, before tifffile is let near it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from ...errors import BadPicture

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_LETTERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_RATIONAL, _BYTES, _UNDEFINED = 5, 1, 7
_MAX_PAGES = 64
_MAX_TAGS = 4096


class Tag(IntEnum):
    """The tags that matter here (TIFF 6.0 and its supplements)."""

    SUBFILE, OLD_SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION = 254, 255, 256, 257, 258, 259
    PHOTOMETRIC, FILL_ORDER, STRIPS, ORIENTATION, CHANNELS, ROWS, STRIP_BYTES = 262, 266, 273, 274, 277, 278, 279
    X_DPI, Y_DPI, PLANAR, FAX3_OPTIONS, FAX4_OPTIONS, DPI_UNIT, PREDICTOR = 282, 283, 284, 292, 293, 296, 317
    PALETTE, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, PARTS, INKS = 320, 322, 323, 324, 325, 330, 332
    EXTRA, SAMPLE_FORMAT, JPEG_TABLES, SUBSAMPLING, DEPTH, TILE_DEPTH = 338, 339, 347, 530, 32997, 32998
    XMP, PROFILE, DNG = 700, 34675, 50706


@dataclass(frozen=True)
class Layout:
    """The flavour of a file: byte order, and classic or BigTIFF. The numbers are sizes in bytes."""

    order: str
    big: bool

    @classmethod
    def of(cls, data: bytes) -> Layout:
        """From the file's first bytes, whose signature has been recognised."""
        order = "<" if data[:2] == b"II" else ">"
        big = data[2:4] in (b"+\0", b"\0+")
        if len(data) < 16 or (big and struct.unpack_from(order + "HH", data, 4) != (8, 0)):
            raise BadPicture("The TIFF file breaks off or is damaged in its header.")
        return cls(order, big)

    @property
    def first(self) -> int:
        """Where the offset of the first directory stands."""
        return 8 if self.big else 4

    @property
    def word(self) -> str:
        """struct letter of an offset or a count."""
        return "Q" if self.big else "I"

    @property
    def count(self) -> str:
        """struct letter of a directory's number of entries."""
        return "Q" if self.big else "H"

    @property
    def entry(self) -> int:
        """Length of a directory's entry."""
        return 20 if self.big else 12

    @property
    def inline(self) -> int:
        """Values up to this many bytes stand in the entry itself."""
        return 8 if self.big else 4

    def number(self, letter: str, data: bytes | memoryview, place: int) -> int:
        """One number at ``place``. Raises :class:`BadPicture` beyond the file's end."""
        try:
            return struct.unpack_from(self.order + letter, data, place)[0]
        except struct.error:
            raise BadPicture("The TIFF file breaks off or points beyond its end.") from None


class Directory:
    """One page's tags, looked up by number."""

    def __init__(self, data: bytes | memoryview, layout: Layout, place: int) -> None:
        """Reads the entries at ``place``, not yet their values. Raises :class:`BadPicture`."""
        self.data, self.layout = data, layout
        entries = layout.number(layout.count, data, place)
        start = place + struct.calcsize(layout.order + layout.count)
        if not 0 < entries <= _MAX_TAGS or start + entries * layout.entry > len(data):
            raise BadPicture("The TIFF file's directory is damaged.")
        self.entries: dict[int, bytes] = {}
        for i in range(entries):
            raw = bytes(data[start + i * layout.entry : start + (i + 1) * layout.entry])
            self.entries.setdefault(struct.unpack_from(layout.order + "H", raw)[0], raw)
        self.following = layout.number(layout.word, data, start + entries * layout.entry)

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def raw(self, tag: int, most: int) -> tuple[int, bytes]:
        """A tag's type and its value's bytes. Raises :class:`BadPicture` where they are more than ``most`` or leave the file."""
        entry, layout = self.entries[tag], self.layout
        kind, count = struct.unpack_from(layout.order + "H" + layout.word, entry, 2)
        length = count * SIZES.get(kind, 1)
        place, holder = layout.entry - layout.inline, memoryview(entry)
        if length > layout.inline:
            place, holder = layout.number(layout.word, entry, place), memoryview(self.data)
        if length > most or kind not in SIZES or place + length > len(holder):
            raise BadPicture(f"The TIFF file's tag {tag} is damaged.")
        return kind, bytes(holder[place : place + length])

    def add(self, tag: int, number: int) -> None:
        """Put in a tag with one whole number."""
        kind = 16 if self.layout.big else 4
        self.entries[tag] = struct.pack(self.layout.order + "HH" + 2 * self.layout.word, tag, kind, 1, number)

    def numbers(self, tag: int, default: tuple[int, ...] = (), most: int = 64) -> tuple[int, ...]:
        """A tag's whole numbers, at most ``most`` of them; ``default`` where it is missing."""
        if tag not in self.entries:
            return default
        kind, value = self.raw(tag, most * 8)
        if kind not in _LETTERS or not value:
            raise BadPicture(f"The TIFF file's tag {tag} is damaged.")
        return struct.unpack(f"{self.layout.order}{len(value) // SIZES[kind]}{_LETTERS[kind]}", value)

    def number(self, tag: int, default: int) -> int:
        """The first of a tag's whole numbers."""
        return self.numbers(tag, (default,))[0]

    def ratio(self, tag: int) -> float | None:
        """A tag's fraction; ``None`` where it is missing or none."""
        if tag not in self.entries:
            return None
        kind, value = self.raw(tag, 64)
        if kind != _RATIONAL:
            return None
        above, below = struct.unpack_from(self.layout.order + "II", value)
        return above / below if below else None

    def bytes(self, tag: int, most: int) -> bytes | None:
        """A tag's bytes; none where it is damaged or they are more than ``most``; ``None`` where it is missing."""
        if tag not in self.entries:
            return None
        try:
            kind, value = self.raw(tag, most)
        except BadPicture:
            return b""
        return value if kind in (_BYTES, _UNDEFINED) else b""


def directories(data: bytes) -> list[Directory]:
    """The chain of pages. Raises :class:`BadPicture` for none, a loop, or an endless chain."""
    layout = Layout.of(data)
    pages: list[Directory] = []
    place, seen = layout.number(layout.word, data, layout.first), set()
    while place:
        if place in seen or len(pages) >= _MAX_PAGES:
            raise BadPicture("The TIFF file's pages form a loop or never end.")
        seen.add(place)
        pages.append(Directory(data, layout, place))
        place = pages[-1].following
    if not pages:
        raise BadPicture("The TIFF file holds no picture.")
    return pages


def with_only(data: bytes, page: Directory, tags: frozenset[int]) -> bytes:
    """The same file with a single directory that holds nothing but ``tags`` of ``page``, each known to lie in the file."""
    layout, present = page.layout, [tag for tag in sorted(tags) if tag in page]
    for tag in present:
        page.raw(tag, len(data))
    kept = [page.entries[tag] for tag in present]
    place = len(data) + len(data) % 2
    directory = struct.pack(layout.order + layout.count, len(kept)) + b"".join(kept) + struct.pack(layout.order + layout.word, 0)
    offset = struct.pack(layout.order + layout.word, place)
    return b"".join((data[: layout.first], offset, data[layout.first + len(offset) :], b"\0" * (place - len(data)), directory))
