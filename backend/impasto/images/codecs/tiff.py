"""TIFF: the directory checked by `tiff_tags`, the pixels by tifffile, which sees the baseline tags of one page and nothing else."""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple

import numpy as np
import tifffile

from ...errors import BadPicture, UnsupportedPicture
from .. import exif, metadata
from ..alpha import unmultiplied
from ..limits import MAX_CHUNKS, MAX_METADATA_BYTES, MAX_PROFILE_BYTES, MAX_XMP_BYTES, Limits
from ..picture import TOP, Dpi, Header, Outgoing
from . import jpeg
from .tiff_tags import Directory, Tag, directories, with_only

_PIXEL_TAGS = frozenset(
    {
        Tag.WIDTH,
        Tag.HEIGHT,
        Tag.BITS,
        Tag.COMPRESSION,
        Tag.PHOTOMETRIC,
        Tag.FILL_ORDER,
        Tag.STRIPS,
        Tag.CHANNELS,
        Tag.ROWS,
        Tag.STRIP_BYTES,
        Tag.PLANAR,
        Tag.FAX3_OPTIONS,
        Tag.FAX4_OPTIONS,
        Tag.PREDICTOR,
        Tag.PALETTE,
        Tag.TILE_WIDTH,
        Tag.TILE_HEIGHT,
        Tag.TILES,
        Tag.TILE_BYTES,
        Tag.EXTRA,
        Tag.SAMPLE_FORMAT,
        Tag.JPEG_TABLES,
        Tag.SUBSAMPLING,
    }
)
"""The tags that tifffile gets to see."""

_COMPRESSIONS = {
    1: "none",
    2: "CCITT",
    3: "CCITT",
    4: "CCITT",
    5: "LZW",
    7: "JPEG",
    8: "Deflate",
    32946: "Deflate",
    32773: "PackBits",
    50000: "Zstandard",
}
_UNCOMPRESSED, _JPEG, _FAX = 1, 7, (2, 3, 4)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _COLOUR_MAP, _SEPARATED, _YCBCR = 0, 1, 2, 3, 5, 6
_BASE = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _COLOUR_MAP: 1, _SEPARATED: 4, _YCBCR: 3}
_UINT, _FLOAT = 1, 3
_PREMULTIPLIED = 1
_REDUCED, _MASK = 1, 4


class _Plan(NamedTuple):
    """How a page's samples are stored."""

    photometric: int
    bits: int
    floating: bool
    channels: int
    compression: int
    planar: bool
    alpha: int | None  # index of the alpha channel
    premultiplied: bool


def head(data: bytes, limits: Limits) -> Header:
    """The first page's tags, each checked, and that no second picture follows."""
    page = _only_page(data)
    width, height = page.number(Tag.WIDTH, 0), page.number(Tag.HEIGHT, 0)
    limits.check_size(width, height)
    plan, notes = _plan(page)
    limits.check_memory(width, height, plan.channels * math.ceil(plan.bits / 8))
    _check_segments(page, plan, width, height)
    depth = np.float32 if plan.floating else np.uint16 if plan.bits == 16 else np.uint8
    model = {1: "grey", 3: "rgb", 4: "cmyk"}[_BASE[plan.photometric]] if plan.photometric != _COLOUR_MAP else "rgb"
    turned = metadata.orientation(page.number(Tag.ORIENTATION, 1))
    return Header(
        width,
        height,
        np.dtype(depth),
        model,
        alpha=plan.alpha is not None,
        icc=page.bytes(Tag.PROFILE, MAX_PROFILE_BYTES),
        dpi=_dpi(page),
        orientation=turned,
        lossless=plan.compression != _JPEG,
        notes=notes,
        exif=exif.of_page(page),
        xmp=page.bytes(Tag.XMP, MAX_XMP_BYTES) or b"",
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels: white on top, at least 8 bits, the palette resolved, alpha last and nothing premultiplied."""
    page = _pages(data)[0]
    plan, _ = _plan(page)
    with _opened(data, page, plan) as file:
        stored = file.pages[0].asarray(maxworkers=2)
    if plan.planar and plan.channels > 1:
        stored = np.moveaxis(stored, 0, -1)
    stored = stored.reshape(header.height, header.width, plan.channels)
    colours = _colours(stored[:, :, : _BASE[plan.photometric]], plan, page, header)
    if plan.alpha is None:
        return np.ascontiguousarray(colours)
    alpha = _widened(stored[:, :, plan.alpha], plan.bits, header.dtype)
    if plan.premultiplied:
        colours = unmultiplied(colours, alpha)
    return np.concatenate([colours, alpha[:, :, None]], axis=2)


def verify(data: bytes, header: Header) -> None:
    """Whether :func:`samples` will find the pixels whole, a strip or tile at a time. Raises as it does."""
    page = _pages(data)[0]
    plan, _ = _plan(page)
    colours = len(_palette(page)) if plan.photometric == _COLOUR_MAP else 0
    sparse = sum(_is_sparse(page, *where) for where in _segments(page))
    with _opened(data, page, plan) as file:
        for segment, _, _ in file.pages[0].segments(maxworkers=1):
            if segment is None:
                sparse -= 1
            if sparse < 0 or (segment is not None and colours and segment[..., 0].max() >= colours):
                raise BadPicture("The TIFF file's pixels are damaged.")


def _opened(data: bytes, page: Directory, plan: _Plan) -> tifffile.TiffFile:
    if plan.compression == _JPEG:
        _check_jpegs(data, page)
    names = [f"is_{flag}" for flag in tifffile.TIFF.FILE_FLAGS]
    # The last tifffile for Python 3.10 has one flag that cannot be set.
    unlikely: dict[str, Any] = {name: False for name in names if not isinstance(getattr(tifffile.TiffFile, name, None), property)}
    return tifffile.TiffFile(io.BytesIO(with_only(data, page, _PIXEL_TAGS)), **unlikely)


def write(outgoing: Outgoing) -> bytes:
    """Deflate with a predictor, which every reader knows; light effort, because size is not what TIFF is for."""
    grey, alpha = outgoing.samples.shape[2] <= 2, outgoing.samples.shape[2] in (2, 4)
    options: dict[str, Any] = {"resolution": outgoing.dpi, "resolutionunit": "INCH"} if outgoing.dpi else {}
    if outgoing.samples.shape[2] > 1:
        options["planarconfig"] = "contig"
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        outgoing.squeezed,
        photometric="minisblack" if grey else "rgb",
        extrasamples=["unassalpha"] if alpha else None,
        compression="adobe_deflate",
        compressionargs={"level": 1},
        predictor=True,
        iccprofile=outgoing.icc,
        metadata=None,
        software=False,
        **options,
    )
    packet = outgoing.packet(MAX_XMP_BYTES)
    if outgoing.exif or packet:
        with buffer.getbuffer() as written:
            pieces = exif.behind_tiff(written, outgoing.own_exif if outgoing.exif else outgoing.exif, packet)
        for place, piece in pieces:
            buffer.seek(place)
            buffer.write(piece)
    return buffer.getvalue()


def _only_page(data: bytes) -> Directory:
    first, *others = pages = _pages(data)
    # Cameras keep a small picture in the first page and the raw one below it. By itself the flag is some program's mistake.
    raw = first.number(Tag.SUBFILE, 0) & _REDUCED and Tag.PARTS in first
    if Tag.DNG in first or data[8:10] == b"CR" or raw:
        raise UnsupportedPicture("This is a camera's raw file. Develop it first and send the result.")
    for page in others:
        if not (page.number(Tag.SUBFILE, 0) & (_REDUCED | _MASK) or page.number(Tag.OLD_SUBFILE, 0) == 2):
            raise UnsupportedPicture(f"The TIFF holds {len(pages)} pages; only single pictures are taken.")
    return first


def _pages(data: bytes) -> list[Directory]:
    """The pages, of which the first knows how long its one strip is, even where its writer has left that out."""
    pages = directories(data)
    page = pages[0]
    offsets = page.numbers(Tag.STRIPS, most=MAX_CHUNKS)
    if len(offsets) == 1 and Tag.STRIP_BYTES not in page and 8 <= offsets[0] < len(data):
        length = len(data) - offsets[0]
        if page.number(Tag.COMPRESSION, 1) == 1:
            bits = page.number(Tag.BITS, 1) * page.number(Tag.CHANNELS, 1) * page.number(Tag.WIDTH, 0)
            length = (bits + 7) // 8 * page.number(Tag.HEIGHT, 0)  # where that is more than there is, it is found out later
        page.add(Tag.STRIP_BYTES, length)
    return pages


def _plan(page: Directory) -> tuple[_Plan, tuple[str, ...]]:
    """Raises :class:`UnsupportedPicture` for kinds of TIFF that are not pictures of a paintable sort."""
    compression, photometric = page.number(Tag.COMPRESSION, 1), page.number(Tag.PHOTOMETRIC, -1)
    if compression not in _COMPRESSIONS:
        taken = ", ".join(dict.fromkeys(_COMPRESSIONS.values()))
        raise UnsupportedPicture(f"The TIFF uses compression {compression}; {taken} are taken.")
    if compression in _FAX and compression not in tifffile.TIFF.DECOMPRESSORS:  # for Python 3.10 there is no decoder
        raise UnsupportedPicture(
            "The TIFF is packed like a fax, which this Python's libraries do not read.", hint="Save it as a PNG."
        )
    if (
        photometric not in _BASE
        or (photometric == _YCBCR and compression != _JPEG)
        or (photometric == _SEPARATED and page.number(Tag.INKS, 1) != 1)
    ):
        raise UnsupportedPicture("The TIFF's colours are of a kind that is not taken; grey, RGB, palette and CMYK are.")
    bits, floating, channels = _sample_kind(page, compression, photometric)
    base = _BASE[photometric]
    extra = page.numbers(Tag.EXTRA, ())[: channels - base]
    extra += (0,) * (channels - base - len(extra))
    # A lone channel of unspecified meaning is what many writers make of their alpha.
    alphas = [i for i, meaning in enumerate(extra) if meaning in (1, 2)] or [0] * (len(extra) == 1)
    notes: tuple[str, ...] = ()
    if len(extra) > len(alphas[:1]):
        notes = ("The TIFF has more channels than colour and transparency; the others were left out.",)
    return _Plan(
        photometric,
        bits,
        floating,
        channels,
        compression,
        page.number(Tag.PLANAR, 1) == 2,
        base + alphas[0] if alphas else None,
        bool(alphas) and extra[alphas[0]] == _PREMULTIPLIED,
    ), notes


def _sample_kind(page: Directory, compression: int, photometric: int) -> tuple[int, bool, int]:
    """Bits per sample, whether they are floats, and how many channels there are."""
    channels = page.number(Tag.CHANNELS, 1)
    bits, formats = set(page.numbers(Tag.BITS, (1,))), set(page.numbers(Tag.SAMPLE_FORMAT, (_UINT,)))
    flat = page.number(Tag.DEPTH, 1) == page.number(Tag.TILE_DEPTH, 1) == 1
    if len(bits) != 1 or len(formats) != 1 or not _BASE[photometric] <= channels <= 16 or not flat:
        raise UnsupportedPicture("The TIFF's channels are of different kinds, or too few, or too many.")
    depth, kind = bits.pop(), formats.pop()
    floating = kind == _FLOAT
    fits = depth in (16, 32) if floating else kind == _UINT and depth in (1, 2, 4, 8, 16)
    if photometric == _COLOUR_MAP:
        fits = fits and depth <= 8
    if photometric == _SEPARATED:
        fits = fits and not floating
    if compression == _JPEG or compression in _FAX:
        fits = fits and depth == (8 if compression == _JPEG else 1) and (compression == _JPEG or channels == 1)
    if not fits:
        raise UnsupportedPicture(
            f"The TIFF has {depth}-bit {'float' if floating else 'integer'} samples; "
            "8 and 16 bit integers and 16 and 32 bit floats are taken."
        )
    return depth, floating, channels


def _check_segments(page: Directory, plan: _Plan, width: int, height: int) -> None:
    """Strips or tiles: as many as the size needs, all inside the file, none of a size out of proportion."""
    if Tag.TILE_WIDTH in page:
        across, down = page.number(Tag.TILE_WIDTH, 0), page.number(Tag.TILE_HEIGHT, 0)
        if not (0 < across <= 65_536 and 0 < down <= 65_536) or across * down > max(1 << 22, 4 * width * height):
            raise BadPicture("The TIFF file's tiles have an absurd size.")
        count, rows = math.ceil(width / across) * math.ceil(height / down), down
    else:
        across, rows = width, max(1, min(page.number(Tag.ROWS, height), height))
        count = math.ceil(height / rows)
    row_bytes = math.ceil(across * plan.bits * (1 if plan.planar else plan.channels) / 8)
    for number, (offset, length) in enumerate(_segments(page, count * (plan.channels if plan.planar else 1))):
        if _is_sparse(page, offset, length):
            continue
        there = rows if Tag.TILE_WIDTH in page else min(rows, height - number % count * rows)
        # What is not compressed would be read on into whatever comes behind it.
        least = there * row_bytes if plan.compression == _UNCOMPRESSED else 1
        if length < least or offset < 8 or offset + length > len(page.data):
            raise BadPicture("The TIFF file breaks off before its pixels do.")


def _is_sparse(page: Directory, offset: int, length: int) -> bool:
    """Whether a tile is one of zeros that was not written, as GDAL does."""
    return Tag.TILE_WIDTH in page and offset == length == 0


def _segments(page: Directory, count: int | None = None) -> list[tuple[int, int]]:
    """Offset and length of each strip or tile, of which there must be ``count``."""
    tags = (Tag.TILES, Tag.TILE_BYTES) if Tag.TILE_WIDTH in page else (Tag.STRIPS, Tag.STRIP_BYTES)
    offsets, lengths = (page.numbers(tag, most=MAX_CHUNKS) for tag in tags)
    if len(offsets) != len(lengths) or len(offsets) != (count or len(offsets)):
        raise BadPicture("The TIFF file does not say where its pixels are.")
    return list(zip(offsets, lengths, strict=True))


def _check_jpegs(data: bytes, page: Directory) -> None:
    """A JPEG inside a tile names its own size, and would be given the memory for it; and its damage would be painted grey."""
    across = page.number(Tag.TILE_WIDTH, page.number(Tag.WIDTH, 0))
    rows = min(page.number(Tag.ROWS, 1 << 31), page.number(Tag.HEIGHT, 0))
    down = page.number(Tag.TILE_HEIGHT, 0) if Tag.TILE_WIDTH in page else rows
    tables = (page.bytes(Tag.JPEG_TABLES, MAX_METADATA_BYTES) or b"").removesuffix(jpeg.END)
    for offset, length in _segments(page):
        if _is_sparse(page, offset, length):
            continue
        stream = data[offset : offset + length]
        width, height = jpeg.frame_size(stream)
        if width > across or height > down:
            raise BadPicture("The TIFF file's pixels do not fit its header.")
        jpeg.check_stream(tables + stream[2:] if tables else stream)


def _colours(stored: np.ndarray, plan: _Plan, page: Directory, header: Header) -> np.ndarray:
    if plan.photometric == _COLOUR_MAP:
        numbers = stored[:, :, 0]
        return _palette(page)[numbers.astype(np.uint8) if plan.bits == 1 else numbers]  # single bits come as truth values
    colours = _widened(stored, plan.bits, header.dtype)
    if plan.photometric == _WHITE_IS_ZERO:
        colours = colours.dtype.type(TOP[colours.dtype]) - colours
    return colours


def _palette(page: Directory) -> np.ndarray:
    """The colours (N, 3) of a palette, in 8 bits."""
    table = np.array(page.numbers(Tag.PALETTE, most=768)).reshape(3, -1).T
    # Some writers fill the 16-bit table with 8-bit numbers.
    return (table if table.max() < 256 else table >> 8).astype(np.uint8)


def _widened(stored: np.ndarray, bits: int, dtype: np.dtype) -> np.ndarray:
    """Samples of 1, 2 or 4 bits to 8, half floats to floats; all others as they are."""
    if bits >= 8:
        return stored.astype(dtype, copy=False)
    return stored.astype(np.uint8) * np.uint8(255 // (2**bits - 1))


def _dpi(page: Directory) -> Dpi | None:
    return metadata.dpi(page.ratio(Tag.X_DPI), page.ratio(Tag.Y_DPI), page.number(Tag.DPI_UNIT, 2))
