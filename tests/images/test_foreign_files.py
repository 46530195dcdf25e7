"""Files as other programs write them, with the pixels they are known to hold."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from impasto.errors import BadPicture
from impasto.images import decode, verify
from impasto.images.codecs.tiff_tags import Tag, directories
from PIL import Image

from . import files

RGB, RGBA, GREY = files.samples("uint8", 3), files.samples("uint8", 4), files.samples("uint8", 1)
BILEVEL = GREY[:, :, 0] > 120


def eight_bit(picture) -> np.ndarray:
    return np.rint(picture.rgb * 255).astype(np.uint8)


@pytest.mark.parametrize(
    "array", [files.samples(d, c) for d in ("uint8", "uint16") for c in (1, 2, 3, 4)], ids=lambda a: f"{a.dtype}x{a.shape[2]}"
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_png_of_every_kind(array, interlaced):
    picture = decode(files.png(array, interlaced=interlaced))
    colours = array[:, :, : 1 if array.shape[2] <= 2 else 3]
    assert np.array_equal(np.rint(picture.rgb * np.iinfo(array.dtype).max), np.broadcast_to(colours, picture.rgb.shape))
    assert picture.dtype == array.dtype and (picture.alpha is None or np.array_equal(picture.alpha, array[:, :, -1]))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_becomes_rgb(bits):
    palette = np.random.default_rng(3).integers(0, 256, (2**bits, 3)).astype(np.uint8)
    indices = np.random.default_rng(4).integers(0, 2**bits, (19, 21))
    picture = decode(files.indexed_png(indices, palette, bits=bits))
    assert np.array_equal(eight_bit(picture), palette[indices]) and picture.alpha is None and not picture.grey
    see_through = decode(files.indexed_png(indices, palette, transparency=b"\0\x37", bits=bits))
    opacity = np.full(2**bits, 255)
    opacity[:2] = [0, 0x37]
    assert np.array_equal(see_through.alpha, opacity[indices]) and np.array_equal(eight_bit(see_through), palette[indices])


def test_a_transparent_colour_becomes_alpha():
    marked = RGB.copy()
    marked[5, 6:9] = [10, 20, 30]
    picture = decode(files.png(marked, files.chunk(b"tRNS", bytes([0, 10, 0, 20, 0, 30]))))
    assert np.array_equal(picture.alpha == 0, (marked == [10, 20, 30]).all(axis=2)) and (picture.alpha == 0).sum() == 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_pillow_modes(mode):
    image = Image.fromarray(RGBA).convert(mode, dither=Image.Dither.NONE) if mode != "1" else Image.fromarray(BILEVEL)
    picture = decode(files.pil(image, "PNG"))
    assert np.array_equal(eight_bit(picture), np.asarray(image.convert("RGB")))
    assert picture.grey == (mode in ("1", "L", "LA"))


TIFFS = {
    "none": {},
    "lzw": {"compression": "lzw"},
    "deflate": {"compression": "zlib"},
    "old deflate": {"compression": "deflate"},
    "packbits": {"compression": "packbits"},
    "zstd": {"compression": "zstd"},
    "predictor": {"compression": "lzw", "predictor": True},
    "strips": {"rowsperstrip": 4},
    "tiles": {"tile": (16, 16)},
    "compressed tiles": {"tile": (16, 32), "compression": "zlib"},
    "big-endian": {"byteorder": ">"},
    "BigTIFF": {"bigtiff": True},
    "big-endian BigTIFF": {"bigtiff": True, "byteorder": ">"},
}


@pytest.mark.parametrize("options", TIFFS.values(), ids=list(TIFFS))
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_tiff_layouts(options, depth):
    array = files.samples(depth, 4)
    picture = decode(files.tiff(array, photometric="rgb", extrasamples=["unassalpha"], **options))
    full = np.float32(1 if depth == "float32" else np.iinfo(depth).max)
    assert np.array_equal(picture.rgb, array[:, :, :3].astype(np.float32) / full)
    assert np.array_equal(picture.alpha, array[:, :, 3])


def test_tiff_planes_apart():
    array = files.samples("uint16", 3)
    picture = decode(files.tiff(np.moveaxis(array, 2, 0), photometric="rgb", planarconfig="separate"))
    assert np.array_equal(np.rint(picture.rgb * 65535), array)


FAX = pytest.mark.skipif(not files.HAS_FAX, reason="the libraries for this Python have no decoder for faxes")


@pytest.mark.parametrize("compression", [None, pytest.param("group3", marks=FAX), pytest.param("group4", marks=FAX), "packbits"])
def test_tiff_of_one_bit(compression):
    picture = decode(files.pil(Image.fromarray(BILEVEL), "TIFF", compression=compression))
    assert picture.grey and picture.dtype == np.uint8 and np.array_equal(picture.rgb[:, :, 0], BILEVEL)


def test_tiff_where_white_is_zero():
    picture = decode(files.tiff(GREY[:, :, 0], photometric="miniswhite"))
    assert np.array_equal(eight_bit(picture)[:, :, 0], 255 - GREY[:, :, 0]) and picture.grey


def test_tiff_with_a_palette():
    image = Image.fromarray(RGB).quantize(16)
    assert np.array_equal(eight_bit(decode(files.pil(image, "TIFF"))), np.asarray(image.convert("RGB")))


def test_tiff_with_a_palette_of_two():
    table = struct.pack("<6H", 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000)  # all reds, all greens, all blues
    tags = [
        (256, 4, 24),
        (257, 4, 16),
        (258, 3, 1),
        (259, 3, 1),
        (262, 3, 3),
        (273, 4, 200),
        (277, 3, 1),
        (278, 4, 16),
        (279, 4, 48),
    ]
    entries = [struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags] + [struct.pack("<HHII", 320, 3, 6, 260)]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    data = (b"II*\0\x08\0\0\0" + directory).ljust(200, b"\0") + (b"\xff\0\0" * 16).ljust(60, b"\0") + table
    picture = decode(data)
    assert np.array_equal(eight_bit(picture)[3, 7:9], [[0x20, 0x40, 0x60], [0x10, 0x30, 0x50]])


def test_tiff_with_jpeg_inside():
    smooth = np.asarray(Image.fromarray(RGB).resize((64, 48), Image.Resampling.BICUBIC))
    picture = decode(files.pil(smooth, "TIFF", compression="jpeg", quality=97))
    assert np.abs(picture.rgb * 255 - smooth).mean() < 4 and not picture.lossless


def test_tiff_with_premultiplied_alpha():
    alpha = RGBA[:, :, 3:].astype(float) / 255
    premultiplied = np.concatenate([np.rint(RGBA[:, :, :3] * alpha), RGBA[:, :, 3:]], axis=2).astype(np.uint8)
    picture = decode(files.tiff(premultiplied, photometric="rgb", extrasamples=["assocalpha"]))
    well_seen = RGBA[:, :, 3] > 100
    assert np.array_equal(picture.alpha, RGBA[:, :, 3])
    assert np.abs(eight_bit(picture)[well_seen].astype(int) - RGBA[:, :, :3][well_seen]).max() <= 2


def test_tiff_with_more_channels_than_are_wanted():
    array = np.concatenate([RGBA, GREY], axis=2)
    picture = decode(files.tiff(array, photometric="rgb", extrasamples=["unassalpha", "unspecified"]))
    assert np.array_equal(picture.alpha, RGBA[:, :, 3]) and np.array_equal(eight_bit(picture), array[:, :, :3])
    assert len(picture.notes) == 1


def test_half_floats_become_floats():
    half = files.samples("float32", 3).astype(np.float16)
    for data in (files.npy(half), files.tiff(half, photometric="rgb")):
        picture = decode(data)
        assert picture.dtype == np.float32 and np.array_equal(picture.rgb, half.astype(np.float32))


def test_npy_layouts():
    array = files.samples("uint16", 3)
    for same in (array.astype(">u2"), np.asfortranarray(array)):
        assert np.array_equal(np.rint(decode(files.npy(same)).rgb * 65535), array)
    flat, stacked = decode(files.npy(GREY[:, :, 0])), decode(files.npy(GREY))
    assert np.array_equal(flat.rgb, stacked.rgb) and flat.grey and stacked.grey


def test_cmyk_without_a_profile_becomes_rgb_by_the_plain_formula():
    inks = np.zeros((32, 32, 4), np.uint8)
    inks[:16, :16, 0], inks[16:, :16, 3], inks[16:, 16:] = 255, 128, 255
    for data in (files.tiff(inks, photometric="separated"), files.pil(Image.fromarray(inks, mode="CMYK"), "JPEG", quality=100)):
        picture = decode(data)
        cyan, paper, half, black = (picture.rgb[y, x] for y, x in ((4, 4), (4, 28), (28, 4), (28, 28)))
        assert np.allclose(cyan, [0, 1, 1], atol=0.02) and np.allclose(paper, 1, atol=0.02)
        assert np.allclose(half, 0.5, atol=0.02) and np.allclose(black, 0, atol=0.02)
        assert picture.icc is None and any("CMYK" in note for note in picture.notes) and not picture.grey


# -- whole files that others refuse or write oddly ---------------------------------------------------------------------------


def entries_of(data: bytes) -> list[bytes]:
    """The entries of a little-endian TIFF's first directory."""
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    return [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]


def without_tag(data: bytes, tag: int) -> bytes:
    """A little-endian TIFF whose first directory lacks ``tag``."""
    start, entries = struct.unpack_from("<I", data, 4)[0], entries_of(data)
    count = len(entries)
    kept = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != tag]
    assert len(kept) == count - 1
    following = data[start + 2 + 12 * count : start + 6 + 12 * count]
    directory = struct.pack("<H", len(kept)) + b"".join(kept) + following
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


RAW = b"".join(b"\0" + row.tobytes() for row in RGB)
HEIGHT, WIDTH = RGB.shape[:2]
PLAIN_PNG = files.png(RGB)
ONE_STRIP = {
    name: files.tiff(RGB, photometric="rgb", compression=name, rowsperstrip=HEIGHT) for name in (None, "adobe_deflate", "lzw")
}

WHOLE = {
    "a PNG without its end": PLAIN_PNG[:-12],
    "a PNG with half an end": PLAIN_PNG[:-6],
    "a PNG cut in a comment behind the pixels": PLAIN_PNG[:-12] + files.chunk(b"tEXt", b"x" * 100)[:50],
    "a PNG with bytes behind its pixels": files.png_of(WIDTH, HEIGHT, 8, 2, zlib.compress(RAW + bytes(50))),
    "a PNG with a row too many": files.png_of(WIDTH, HEIGHT, 8, 2, zlib.compress(RAW + b"\7" + bytes(3 * WIDTH))),
    "a TIFF flagged as reduced": files.tiff(RGB, photometric="rgb", subfiletype=1),
    **{f"a TIFF's one strip without its length, {name}": without_tag(data, 279) for name, data in ONE_STRIP.items()},
}


@pytest.mark.parametrize("label", WHOLE)
def test_a_picture_with_every_pixel_is_taken(label, capfd):
    info, picture = verify(WHOLE[label]), decode(WHOLE[label])
    assert (info.width, info.height) == (WIDTH, HEIGHT) and np.array_equal(eight_bit(picture), RGB)
    assert capfd.readouterr().err == "", "and the decoder writes nothing into the daemon's log"


def test_one_strip_without_its_length_and_its_end_is_damage():
    whole = without_tag(ONE_STRIP[None], 279)
    place = struct.unpack_from("<I", next(entry for entry in entries_of(whole) if entry[:2] == struct.pack("<H", 273)), 8)[0]
    moved = whole.replace(struct.pack("<HHII", 273, 4, 1, place), struct.pack("<HHII", 273, 4, 1, len(whole) - 100))
    assert moved != whole
    for read in (verify, decode):
        with pytest.raises(BadPicture):
            read(moved)


@pytest.mark.parametrize("flags", [4, 5])
def test_a_mask_in_a_second_page_is_no_second_picture(flags):
    buffer = io.BytesIO()
    with files.tifffile.TiffWriter(buffer) as writer:
        writer.write(RGB, photometric="rgb", metadata=None)
        writer.write(BILEVEL, photometric="mask" if flags == 4 else "minisblack", subfiletype=flags, metadata=None)
    assert np.array_equal(eight_bit(decode(buffer.getvalue())), RGB)


@pytest.mark.parametrize("compression", [None, "adobe_deflate", "jpeg"])
def test_a_tile_that_was_not_written_is_zeros(compression):
    large = np.full((48, 64, 3), 200, np.uint8)
    whole = files.tiff(large, photometric="rgb", tile=(16, 16), compression=compression)
    page = directories(whole)[0]
    data = bytearray(whole)
    for tag in (Tag.TILES, Tag.TILE_BYTES):
        kind, count = struct.unpack_from("<HI", page.entries[tag], 2)
        size = {3: 2, 4: 4}[kind]
        place = struct.unpack_from("<I", page.entries[tag], 8)[0] + 5 * size
        data[place : place + size] = bytes(size)
    assert verify(bytes(data)).width == 64
    picture = eight_bit(decode(bytes(data)))
    assert (picture[16:32, 16:32] == 0).all() and np.abs(picture[:16].astype(int) - 200).max() < 4
    data[place : place + size] = b"\x10" + bytes(size - 1)  # a length without a place is damage
    with pytest.raises(BadPicture):
        decode(bytes(data))
