"""The boxes of HEIF files, which AVIF and HEIC are: what they say of the one picture that counts, before a decoder sees them.

ISO/IEC 14496-12 (boxes, items) and 23008-12 (their properties). Decoders that read a box of their own accord still have to: nothing
here is handed to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...errors import BadPicture, UnsupportedPicture
from ..limits import MAX_CHUNKS, MAX_EXIF_BYTES, MAX_PROFILE_BYTES, MAX_XMP_BYTES

_TURNS = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORED_TURNS = {(0, 0): 4, (0, 1): 2, (1, 0): 5, (1, 1): 7, (2, 0): 2, (2, 1): 4, (3, 0): 7, (3, 1): 5}
"""Quarter turns against the clock, and then the axis of the mirror (0: top and bottom change places) -> EXIF's orientation."""

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_GAIN_MAP = b"hdrgainmap"
_CODED, _COMPOSED = (b"av01", b"hvc1"), (b"grid", b"iovl", b"iden")
_LARGEST_TILE = 4096 * 4096
"""Pixels. A tile may be larger than the whole that it is cut down to, but not by more than this."""

_MOST_LAYERS = 4
"""Times that pictures which are laid over each other may cover the whole."""

_MOST_SHARED = 64_000_000
"""Bytes that are read of a file which is shorter than that."""


@dataclass(frozen=True)
class Item:
    """One piece of the file: its type ("av01", "hvc1", "grid", "Exif"...), properties (type, body) and where its bytes are."""

    kind: bytes
    properties: tuple[tuple[bytes, memoryview], ...] = ()
    extents: tuple[memoryview, ...] = ()

    def find(self, name: bytes) -> memoryview | None:
        """The first one of that type."""
        return next((body for kind, body in self.properties if kind == name), None)

    @property
    def data(self) -> bytes:
        """All of its bytes."""
        return b"".join(self.extents)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px, as the file says. Raises :class:`BadPicture` where it does not."""
        body = self.find(b"ispe")
        if body is None or len(body) < 12:
            raise BadPicture("The picture's header names no width or no height.")
        return int.from_bytes(body[4:8], "big"), int.from_bytes(body[8:12], "big")


@dataclass(frozen=True)
class Still:
    """The picture that counts. ``coded``: the pieces that have its pixels and its transparency, each a stream of its own."""

    item: Item
    coded: tuple[Item, ...]
    alpha: bool
    exif: bytes
    xmp: bytes
    animated: bool
    gain_map: bool

    @property
    def orientation(self) -> int:
        """EXIF's number for how it has to be turned and mirrored."""
        turn, mirror = self.item.find(b"irot"), self.item.find(b"imir")
        quarters = turn[0] & 3 if turn else 0
        return _TURNS[quarters] if not mirror else _MIRRORED_TURNS[quarters, mirror[0] & 1]

    @property
    def icc(self) -> bytes | None:
        """Its colour profile."""
        for body in self._colours(b"prof", b"rICC"):
            return bytes(body[4 : 5 + MAX_PROFILE_BYTES])
        return None

    @property
    def cicp(self) -> tuple[int, int] | None:
        """Primaries and transfer function (ITU-T H.273)."""
        for body in self._colours(b"nclx"):
            return int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big")
        return None

    def _colours(self, *kinds: bytes) -> Iterator[memoryview]:
        of_all = [*self.item.properties, *(self.coded[0].properties if self.coded else ())]
        return (body for name, body in of_all if name == b"colr" and bytes(body[:4]) in kinds)


@dataclass
class _Meta:
    """What the meta box says, by the items' numbers."""

    primary: int = -1
    kinds: dict[int, bytes] = field(default_factory=dict)
    properties: list[tuple[bytes, memoryview]] = field(default_factory=list)
    owned: dict[int, list[int]] = field(default_factory=dict)
    extents: dict[int, list[memoryview]] = field(default_factory=dict)
    references: list[tuple[bytes, int, list[int]]] = field(default_factory=list)

    def item(self, number: int) -> Item:
        """The item of that number. Raises :class:`BadPicture`."""
        if number not in self.kinds:
            raise BadPicture("The picture's parts are not all there.")
        owned = [at for at in self.owned.get(number, ()) if 0 < at <= len(self.properties)]
        return Item(self.kinds[number], tuple(self.properties[at - 1] for at in owned), tuple(self.extents.get(number, ())))

    def referring(self, kind: bytes, target: int) -> list[int]:
        """The numbers of the items that refer to ``target`` so."""
        return [source for name, source, targets in self.references if name == kind and target in targets]

    def parts(self, number: int) -> list[int]:
        """What the item is put together of, or the item itself. Raises :class:`BadPicture` where that is far more than it shows:
        the same part again and again would keep a decoder busy for hours."""
        if self.kinds.get(number) not in _COMPOSED:
            return [number]
        tiles = [tile for name, source, targets in self.references if name == b"dimg" and source == number for tile in targets]
        sizes = {tile: self.item(tile).size for tile in tiles}
        across, down = (max((size[side] for size in sizes.values()), default=0) for side in (0, 1))
        width, height = self.item(number).size
        most = (width + across) * (height + down) * (1 if self.kinds[number] == b"grid" else _MOST_LAYERS)
        if sum(sizes[tile][0] * sizes[tile][1] for tile in tiles) > most:
            raise BadPicture("The picture's parts are more than the whole.")
        return list(sizes)


class _Cursor:
    """Big-endian numbers, one after the other."""

    def __init__(self, view: memoryview) -> None:
        self.view, self.place = view, 0

    def number(self, size: int) -> int:
        """The next ``size`` bytes. Raises :class:`BadPicture` where the box ends before."""
        if self.place + size > len(self.view):
            raise BadPicture("The picture's header breaks off.")
        self.place += size
        return int.from_bytes(self.view[self.place - size : self.place], "big")

    def version(self) -> tuple[int, int]:
        """Of a full box: its version, and its flags."""
        return self.number(1), self.number(3)


def read(data: bytes) -> Still:
    """The picture that counts in ``data``. Raises :class:`BadPicture` and :class:`UnsupportedPicture`."""
    view, meta, animated = memoryview(data), None, False
    for name, body in boxes(view):
        if name == b"meta" and meta is None:
            meta = _meta(body, view)
        animated = animated or name == b"moov"
    if meta is None or meta.primary not in meta.kinds:
        if animated:
            raise UnsupportedPicture("This is an animation without a still picture.", hint="Save one of its frames as a PNG.")
        raise BadPicture("The file holds no picture.")
    parts = meta.parts(meta.primary)
    masks = [mask for number in (meta.primary, *parts) for mask in meta.referring(b"auxl", number) if _is_alpha(meta.item(mask))]
    coded = [meta.item(part) for number in (meta.primary, *masks) for part in meta.parts(number)]
    still = Still(
        item=meta.item(meta.primary),
        coded=tuple(coded),
        alpha=bool(masks),
        exif=_exif(_described(meta, b"Exif", MAX_EXIF_BYTES)),
        xmp=_described(meta, b"mime", MAX_XMP_BYTES),
        animated=animated,
        gain_map=b"tmap" in meta.kinds.values() or any(n == b"auxC" and _GAIN_MAP in bytes(b[:100]) for n, b in meta.properties),
    )
    if not coded or any(item.kind not in _CODED or item.kind != coded[0].kind for item in coded):
        raise UnsupportedPicture("The picture is put together or packed in a way that is not taken.", hint="Save it as a PNG.")
    # Tiles of a plain ground may be the same bytes again and again.
    if sum(len(extent) for item in coded for extent in item.extents) > max(2 * len(data), _MOST_SHARED):
        raise BadPicture("The picture's parts lie in each other.")
    width, height = still.item.size
    if any(item.size[0] * item.size[1] > max(width * height, _LARGEST_TILE) for item in coded):
        raise BadPicture("The picture's parts are larger than the whole.")
    return still


def boxes(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Type and body of each box that lies in ``view``. Raises :class:`BadPicture` where one does not fit."""
    place = 0
    for _ in range(MAX_CHUNKS):
        if place + 8 > len(view):
            return
        length, start = int.from_bytes(view[place : place + 4], "big"), place + 8
        if length == 1:
            length, start = int.from_bytes(view[place + 8 : place + 16], "big"), place + 16
        end = place + length if length else len(view)
        if end < start or end > len(view):
            raise BadPicture("The picture's file breaks off.")
        yield bytes(view[place + 4 : place + 8]), view[start:end]
        place = end
    raise BadPicture("The picture's file is made of too many pieces.")


def _meta(body: memoryview, file: memoryview) -> _Meta:
    meta = _Meta()
    found: dict[bytes, memoryview] = {}
    for name, inner in boxes(body[4:]):
        found.setdefault(name, inner)
    nothing = memoryview(b"")
    if b"pitm" in found:
        cursor = _Cursor(found[b"pitm"])
        meta.primary = cursor.number(2 if cursor.version()[0] == 0 else 4)
    _read_kinds(_Cursor(found.get(b"iinf", nothing)), meta)
    _read_references(_Cursor(found.get(b"iref", nothing)), meta)
    for name, inner in boxes(found.get(b"iprp", nothing)):
        if name == b"ipco" and not meta.properties:
            meta.properties.extend(boxes(inner))
        elif name == b"ipma":
            _read_owners(_Cursor(inner), meta)
    _read_places(_Cursor(found.get(b"iloc", nothing)), meta, (file, found.get(b"idat", nothing)))
    return meta


def _read_kinds(cursor: _Cursor, meta: _Meta) -> None:
    if not cursor.view:
        return
    cursor.number(2 if cursor.version()[0] == 0 else 4)
    for name, body in boxes(cursor.view[cursor.place :]):
        if name == b"infe" and len(body) >= 12 and body[0] in (2, 3):
            inner = _Cursor(body)
            wide = inner.version()[0] == 3
            number, _ = inner.number(4 if wide else 2), inner.number(2)
            meta.kinds[number] = bytes(body[inner.place : inner.place + 4])


def _read_references(cursor: _Cursor, meta: _Meta) -> None:
    if not cursor.view:
        return
    wide = 2 if cursor.version()[0] == 0 else 4
    for name, body in boxes(cursor.view[cursor.place :]):
        inner = _Cursor(body)
        source, count = inner.number(wide), inner.number(2)
        meta.references.append((name, source, [inner.number(wide) for _ in range(count)]))


def _read_owners(cursor: _Cursor, meta: _Meta) -> None:
    version, flags = cursor.version()
    for _ in range(min(cursor.number(4), MAX_CHUNKS)):
        number = cursor.number(2 if version == 0 else 4)
        size = 2 if flags & 1 else 1
        mask = 0x7FFF if flags & 1 else 0x7F
        meta.owned.setdefault(number, []).extend(cursor.number(size) & mask for _ in range(cursor.number(1)))


def _read_places(cursor: _Cursor, meta: _Meta, sources: tuple[memoryview, memoryview]) -> None:
    """Where the items' bytes are: in the file (0) or in the box for small ones (1)."""
    if not cursor.view:
        return
    version, sizes = cursor.version()[0], cursor.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(min(cursor.number(2 if version < 2 else 4), MAX_CHUNKS)):
        number = cursor.number(2 if version < 2 else 4)
        method = cursor.number(2) & 15 if version else 0
        cursor.number(2)
        base = cursor.number(base_size)
        for _ in range(cursor.number(2)):
            if version:
                cursor.number(index_size)
            start, length = base + cursor.number(offset_size), cursor.number(length_size)
            if method > 1:
                raise UnsupportedPicture("The picture's parts are made of other parts, which is not taken.")
            end = start + length if length else len(sources[method])
            if end > len(sources[method]):
                raise BadPicture("The picture's file breaks off before its pixels do.")
            meta.extents.setdefault(number, []).append(sources[method][start:end])


def _is_alpha(item: Item) -> bool:
    body = item.find(b"auxC")
    return body is not None and bytes(body[4:100]).startswith(_ALPHA)


def _described(meta: _Meta, kind: bytes, most: int) -> bytes:
    """What describes the picture that counts, an item of ``kind``; empty for none, or one of more than ``most`` bytes."""
    for number in meta.referring(b"cdsc", meta.primary):
        extents = meta.extents.get(number, ())
        if meta.kinds.get(number) == kind and sum(map(len, extents)) <= most:
            return b"".join(extents)
    return b""


def _exif(block: bytes) -> bytes:
    """An EXIF block without the offset that stands before it."""
    return block[4 + int.from_bytes(block[:4], "big") :]
