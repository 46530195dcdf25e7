"""What is not taken, and how that is said: a code, a sentence, and no memory spent on it."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from impasto.errors import BadPicture, ImpastoError, PictureTooLarge, PictureTooSmall, UnsupportedPicture
from impasto.images import Limits, decode, probe, thumbnail, verify
from impasto.images.codecs.tiff_tags import Tag, directories
from PIL import Image

from . import files

RGB = files.samples("uint8", 3)


def zipped(first: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", first)
    return buffer.getvalue()


OTHERS = {
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "a PDF": b"%PDF-1.7\n",
    "a Photoshop document": b"8BPS\0\1" + bytes(40),
    "a FITS file": b"SIMPLE  =                    T",
    "an icon": files.pil(RGB, "ICO"),
    "a Targa picture": files.pil(RGB, "TGA"),
    "an SVG drawing": b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a web page": b"<!DOCTYPE html><html></html>",
    "text": b'{"content": 1}',
    "a video": b"\0\0\0\x18ftypisom" + bytes(20),
    "a PNM picture": b"P6 16 16 255\n" + bytes(768),
    "an archive": zipped(b"nothing special"),
    "a layered document": zipped(b"image/openraster"),
    "a JPEG 2000 picture": files.pil(RGB, "JPEG2000"),
    "a GIMP document": b"gimp xcf v011",
    "an OpenEXR picture": b"\x76\x2f\x31\x01\2\0\0\0",
    "sound": b"RIFF\x24\0\0\0WAVEfmt ",
    "no picture": b"just some words, and then some more of them",
    "no picture of": bytes(5000),
}


@pytest.mark.parametrize("noun", OTHERS)
def test_other_formats_are_named_and_refused(noun):
    with pytest.raises(UnsupportedPicture) as caught:
        decode(OTHERS[noun])
    assert noun in caught.value.message and all(name in caught.value.message for name in ("PNG", "JPEG", "WebP", "TIFF", ".npy"))


def test_nothing_at_all():
    with pytest.raises(BadPicture, match="empty"):
        decode(b"")


def test_pages_are_refused():
    for read in (probe, decode):
        with pytest.raises(UnsupportedPicture, match="3 pages"):
            read(files.animated("TIFF"))


def test_a_tiff_with_a_thumbnail_behind_is_one_picture():
    buffer = io.BytesIO()
    with files.tifffile.TiffWriter(buffer) as writer:
        writer.write(RGB, photometric="rgb", metadata=None)
        writer.write(RGB[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    assert decode(buffer.getvalue()).width == RGB.shape[1]


def test_a_phones_several_picture_jpeg_is_its_first_picture():
    frames = [Image.fromarray(files.samples("uint8", 3, seed=i)).resize((64, 48), Image.Resampling.BICUBIC) for i in range(2)]
    picture = decode(files.pil(frames[0], "MPO", save_all=True, append_images=frames[1:], quality=95))
    off = [np.abs(picture.rgb * 255 - np.asarray(frame)).mean() for frame in frames]
    assert off[0] < off[1] / 2


KINDS = {
    "lab tiff": files.tiff(RGB, photometric="cielab"),
    "int16 tiff": files.tiff(RGB.astype(np.int16), photometric="rgb"),
    "double tiff": files.tiff(RGB.astype(float), photometric="rgb"),
    "uint32 tiff": files.tiff(RGB.astype(np.uint32), photometric="rgb"),
    "complex tiff": files.tiff(RGB[:, :, 0].astype(np.complex64)),
    "double npy": files.npy(RGB.astype(float)),
    "five-channel npy": files.npy(np.zeros((20, 20, 5), np.uint8)),
    "flat npy": files.npy(np.zeros(4000, np.uint8)),
    "int npy": files.npy(RGB.astype(np.int64)),
    "bool npy": files.npy(RGB > 9),
    "text npy": files.npy(np.full((20, 20), "abc")),
    "dng": files.tiff(RGB, photometric="rgb", extratags=[(50706, 1, 4, b"\1\4\0\0", True)]),
    "lzma tiff": files.tiff(RGB, photometric="rgb", compression="lzma"),
}


@pytest.mark.parametrize("label", KINDS)
def test_kinds_that_are_no_paintable_picture(label):
    with pytest.raises(UnsupportedPicture):
        decode(KINDS[label])


def test_pickles_are_never_opened():
    buffer = io.BytesIO()
    np.save(buffer, np.array([[{}, print]] * 20, dtype=object), allow_pickle=True)
    with pytest.raises(ImpastoError):
        decode(buffer.getvalue())


SMALL = files.small_files()


@pytest.mark.parametrize("label", SMALL)
def test_a_file_cut_anywhere_is_an_error(label):
    data = SMALL[label]
    whole = decode(data)
    cuts = {1, 2, 3, 4, 7, 8, 9, 11, 12, 13, 20, 33, 40, *range(1, len(data), len(data) // 60), *range(len(data) - 24, len(data))}
    for cut in sorted(cuts):
        try:
            picture = decode(data[:cut])
        except (BadPicture, UnsupportedPicture):
            continue
        # Some TIFFs end with tags that say nothing about the pixels, and some JPEGs with their end marker, or padding.
        assert cut >= len(data) - 24 and np.array_equal(picture.rgb, whole.rgb), f"cut at {cut} of {len(data)}"


@pytest.mark.parametrize("label", ["png rgb8", "jpeg rgb", "webp lossless", "npy u16", "tiff rgba16"])
def test_the_sentence_is_for_people(label):
    with pytest.raises(BadPicture) as caught:
        decode(SMALL[label][:-40])
    assert caught.value.message.endswith(".") and "Traceback" not in caught.value.message and "/" not in caught.value.message


AVIF = files.avif(RGB)
SIZES = {
    "png": lambda w, h: files.png_of(w, h, 8, 2, zlib.compress(b"")),
    "jpeg": lambda w, h: (
        b"\xff\xd8\xff\xc0\0\x11\x08"
        + struct.pack(">HH", h, w)
        + (b"\3\1\x11\0\2\x11\0\3\x11\0\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0")
    ),
    "webp": lambda w, h: (
        b"RIFF"
        + struct.pack("<I", 30)
        + b"WEBPVP8L"
        + struct.pack("<I", 18)
        + b"\x2f"
        + struct.pack("<I", (w - 1) & 0x3FFF | ((h - 1) & 0x3FFF) << 14)
        + bytes(13)
    ),
    "tiff": lambda w, h: (
        b"II*\0\x08\0\0\0\x03\0"
        + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in ((256, w), (257, h), (262, 1)))
        + bytes(4)
    ),
    "npy": lambda w, h: (
        b"\x93NUMPY\1\0\x76\0"
        + (f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({h}, {w}, 3), }}".encode().ljust(117) + b"\n")
    ),
    "avif": lambda w, h: AVIF.replace(struct.pack(">II", 23, 19), struct.pack(">II", w, h)),
    "jxl": lambda w, h: (
        b"\xff\x0a"
        + sum(n << at for n, at in ((3, 1), (max(h, 1) - 1, 3), (3, 36), (max(w, 1) - 1, 38), (1, 68))).to_bytes(10, "little")
    ),
    "gif": lambda w, h: (
        b"GIF89a" + struct.pack("<HH", w, h) + b"\xf0\0\0" + bytes(6) + b"\x2c\0\0\0\0" + struct.pack("<HH", w, h) + b"\0\2\0\x3b"
    ),
    "bmp": lambda w, h: b"BM" + struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 54, 40, w, h, 1, 24, 0, 0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize(
    "width, height, error", [(16383, 16383, PictureTooLarge), (15, 300, PictureTooSmall), (300, 1, PictureTooSmall)]
)
def test_sizes_are_judged_by_the_header(name, width, height, error):
    for read in (probe, decode, thumbnail):
        with pytest.raises(error) as caught:
            read(SIZES[name](width, height))
        assert f"{width} x {height}" in caught.value.message


@pytest.mark.parametrize(
    "name, width, height",
    [
        ("png", 60000, 60000),
        ("png", 2**31 - 1, 2**31 - 1),
        ("jpeg", 65535, 65535),
        ("tiff", 2**32 - 1, 2**32 - 1),
        ("tiff", 1, 2**32 - 1),
        ("avif", 2**32 - 1, 2**32 - 1),
        ("jxl", 2**30, 2**30),
        ("gif", 65535, 65535),
        ("bmp", 2**31 - 1, 2**31 - 1),
        ("npy", 10**9, 10**9),
        ("npy", 10**30, 16),
        ("png", 70000, 16),
    ],
)
def test_absurd_sizes(name, width, height):
    with pytest.raises(PictureTooLarge):
        decode(SIZES[name](width, height))


@pytest.mark.parametrize("name", ["png", "jpeg", "tiff", "npy", "gif", "bmp", "avif"])
def test_no_size_at_all(name):
    with pytest.raises(BadPicture):
        decode(SIZES[name](0, 0))


def test_the_limits_are_those_asked_for():
    data = files.png(files.samples("uint8", 3, 100, 120))
    assert probe(data, Limits(max_megapixels=0.012)).width == 120
    for limits in (Limits(max_megapixels=0.0119), Limits(max_bytes=len(data) - 1), Limits(max_side=119)):
        with pytest.raises(PictureTooLarge):
            decode(data, limits)
    with pytest.raises(PictureTooSmall):
        decode(data, Limits(min_side=101))
    assert decode(files.png(files.samples("uint8", 3, 16, 16))).height == 16


def test_what_does_not_fit_into_memory_is_refused_on_its_header():
    data = files.png(files.samples("uint8", 3, 100, 120))
    assert decode(data, Limits(room=2 * 120 * 100 * 3)).height == 100
    with pytest.raises(PictureTooLarge, match="memory"):
        probe(data, Limits(room=2 * 120 * 100 * 3 - 1))
    deep = files.npy(np.zeros((100, 120, 4), np.float32))  # twice as many bytes a pixel as a picture at the limit may have
    with pytest.raises(PictureTooLarge, match="channels|MB"):
        probe(deep, Limits(max_megapixels=0.0239))
    assert probe(deep, Limits(max_megapixels=0.024)).width == 120


BOMB = files.zeros_deflated(300_000_000)
PLAIN = files.png(RGB)


GIANT = SIZES["jpeg"](65500, 65500)


def classic_tiff(tags: tuple[tuple[int, int], ...], body: bytes) -> bytes:
    """A TIFF of these tags, with ``body`` at offset 200."""
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4)
    return (b"II*\0\x08\0\0\0" + directory).ljust(200, b"\0") + body


BOMBS = {
    "png pixels": files.png_of(20, 20, 8, 2, BOMB),
    "png short pixels": files.png_of(12000, 12000, 8, 2, zlib.compress(bytes(10))),
    "png text": files.png(RGB, files.chunk(b"zTXt", b"x\0\0" + BOMB)),
    "png international text": files.png(RGB, files.chunk(b"iTXt", b"x\0\1\0\0\0" + BOMB)),
    "png profile": files.png(RGB, files.chunk(b"iCCP", b"x\0\0" + BOMB)),
    "tiff strip": classic_tiff(((256, 20), (257, 20), (258, 8), (259, 8), (262, 1), (273, 200), (278, 20), (279, len(BOMB))), BOMB),
    "tiff tile": classic_tiff(  # says 65536 x 65536
        ((256, 20), (257, 20), (258, 8), (259, 8), (262, 1), (322, 65536), (323, 65536), (324, 200), (325, 60)), bytes(60)
    ),
    "tiff jpeg": classic_tiff(
        ((256, 20), (257, 20), (258, 8), (259, 7), (262, 6), (273, 200), (277, 3), (278, 20), (279, len(GIANT))), GIANT
    ),
    "npy header": b"\x93NUMPY\2\0" + struct.pack("<I", 2**31) + b"{" * 100_000,
    "npy nested": b"\x93NUMPY\1\0\xff\x1f" + b"(" * 8191,
}


@pytest.mark.parametrize("label", BOMBS)
def test_bombs_cost_neither_memory_nor_time(label):
    """Bounded by what Python allocates; the decoders of other languages only ever get files that have passed these checks."""
    tracemalloc.start()
    try:
        decode(BOMBS[label])
    except ImpastoError as error:
        assert isinstance(error, (BadPicture, PictureTooLarge, UnsupportedPicture))
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20_000_000 + 2 * len(BOMBS[label])


@pytest.mark.parametrize("label", ["png text", "png international text"])
def test_a_comment_that_is_never_read_does_no_harm(label):
    assert np.array_equal(np.rint(decode(BOMBS[label]).rgb * 255), RGB)


def test_a_file_of_empty_pieces_is_given_up():
    with pytest.raises(BadPicture, match="too many pieces"):
        decode(PLAIN[:33] + files.chunk(b"teXt") * 300_000 + PLAIN[33:])


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_tiff_s_strip_or_tile_that_is_shorter_than_its_rows_is_damage(tile, planar):
    """It would be read on into whatever comes behind it."""
    pixels = np.moveaxis(RGB, 2, 0) if planar == "separate" else RGB
    data = files.tiff(np.ascontiguousarray(pixels), photometric="rgb", planarconfig=planar, tile=tile)
    decode(data)
    with files.tifffile.TiffFile(io.BytesIO(data)) as file:
        lengths = file.pages[0].tags["TileByteCounts" if tile else "StripByteCounts"]
    kind = "<" + {3: "H", 4: "I"}[lengths.dtype]
    (first,) = struct.unpack_from(kind, data, lengths.valueoffset)
    damaged = bytearray(data)
    struct.pack_into(kind, damaged, lengths.valueoffset, first - 1)
    for look in (probe, decode, verify):
        with pytest.raises(BadPicture):
            look(bytes(damaged))


def test_tiff_directories_that_loop():
    page = struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 20)
    for following in (struct.pack("<I", 8), struct.pack("<I", 26) + page + struct.pack("<I", 8)):
        data = b"II*\0\x08\0\0\0" + page + following
        with pytest.raises(BadPicture):
            decode(data)


DAMAGED = {f"{kind}, {how}": data for kind, whole in files.jpegs().items() for how, data in files.damaged_jpegs(whole).items()}


@pytest.mark.parametrize("label", DAMAGED)
def test_a_damaged_jpeg_is_not_half_a_picture(label):
    for read in (verify, decode):
        with pytest.raises(BadPicture, match="truncated or damaged"):
            read(DAMAGED[label])


@pytest.mark.parametrize("label", ["cut in half, with an end", "cut near its end, with an end", "400 zeros"])
def test_a_damaged_jpeg_inside_a_tiff_is_not_half_a_picture(label):
    whole = files.pil(Image.fromarray(np.clip(files.SMOOTH, 0, 255).astype(np.uint8)), "TIFF", compression="jpeg")
    assert decode(whole).width == 160
    page = directories(whole)[0]
    offset, length = page.number(Tag.STRIPS, 0), page.number(Tag.STRIP_BYTES, 0)
    damaged = files.damaged_jpegs(whole[offset : offset + length])[label]
    for read in (verify, decode):
        with pytest.raises(BadPicture):
            read(whole[:offset] + damaged.ljust(length, b"\0") + whole[offset + length :])


@pytest.mark.parametrize("scan", range(1, 10))
def test_a_progressive_jpeg_that_breaks_off_between_two_scans_is_not_whole(scan):
    whole = files.jpegs()["progressive"]
    ends = [at for at in range(len(whole)) if whole[at : at + 2] in (b"\xff\xda", b"\xff\xc4")]
    with pytest.raises(BadPicture):
        decode(whole[: ends[-scan]])


ODD_ENDS = {
    "no end marker": lambda data: data[:-2],
    "half an end marker": lambda data: data[:-1],
    "two bytes too many": lambda data: data[:-2] + b"\0\0" + data[-2:],  # as some webcams do
    "something behind": lambda data: data + b"something" * 50,
}


@pytest.mark.parametrize("end", ODD_ENDS)
@pytest.mark.parametrize("kind", files.jpegs())
def test_a_jpeg_with_every_pixel_is_taken_however_it_ends(kind, end):
    whole = files.jpegs()[kind]
    odd = ODD_ENDS[end](whole)
    assert verify(odd) == verify(whole) and np.array_equal(decode(odd).rgb, decode(whole).rgb)


@pytest.mark.parametrize("place", ["data", "checksum", "filter"])
def test_a_damaged_png_is_not_half_a_picture(place):
    raw = b"".join(b"\0" + row.tobytes() for row in RGB)
    broken = {
        "data": PLAIN[:60] + bytes([PLAIN[60] ^ 1]) + PLAIN[61:],
        "checksum": PLAIN[:30] + b"\0" + PLAIN[31:],
        "filter": files.png_of(23, 19, 8, 2, zlib.compress(b"\7" + raw[1:])),
    }[place]
    with pytest.raises(BadPicture):
        decode(broken)


def of_kind(marker: int, bits: int) -> bytes:
    """A JPEG whose frame says that it is of another kind."""
    whole = files.jpegs()["baseline"]
    place = whole.index(b"\xff\xc0")
    return whole[:place] + bytes((0xFF, marker)) + whole[place + 2 : place + 4] + bytes([bits]) + whole[place + 5 :]


@pytest.mark.parametrize(
    "marker, bits, word",
    [(0xC1, 12, "12 bits"), (0xC2, 12, "12 bits"), (0xC3, 8, "lossless"), (0xC3, 16, "lossless"), (0xC5, 8, "hierarchical")],
)
def test_a_jpeg_of_another_kind_is_not_called_damaged(marker, bits, word):
    for read in (probe, verify, decode):
        with pytest.raises(UnsupportedPicture, match=word):
            read(of_kind(marker, bits))


def test_a_cameras_small_picture_is_not_taken_for_the_picture():
    tags = ((254, 1), (256, 20), (257, 20), (258, 8), (259, 1), (262, 1), (273, 200), (278, 20), (279, 400), (330, 8))
    assert decode(classic_tiff(tags[:-1], bytes(400))).width == 20, "the flag alone is some program's mistake"
    with pytest.raises(UnsupportedPicture, match="raw"):
        decode(classic_tiff(tags, bytes(400)))
