"""JPEG XL: the pixels that come out, their colours and which way is up; and what is said of the others."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest
from impasto.errors import BadPicture, PictureTooLarge, UnsupportedPicture
from impasto.images import Limits, decode, probe
from impasto.images.codecs import jxl, jxl_header
from impasto.images.picture import ANIMATED

from . import files, test_carried

SMOOTH = np.clip(files.SMOOTH, 0, 255).astype(np.uint8)
RGB = files.samples("uint8", 3)


def linear_to_srgb(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_lossless_pixels_come_out_to_the_bit(channels):
    array = files.samples("uint8", channels)
    picture = decode(files.jxl(array))
    colours = array[:, :, : 1 if channels <= 2 else 3]
    assert np.array_equal(np.rint(picture.rgb * 255), np.broadcast_to(colours, picture.rgb.shape))
    assert picture.grey == (channels <= 2) and picture.lossless and picture.format == "jxl" and not picture.notes
    assert picture.alpha is None or np.array_equal(picture.alpha, array[:, :, -1])


@pytest.mark.parametrize("bits", [5, 10, 12, 16])
def test_other_depths(bits):
    array = files.samples("uint16", 3) >> 16 - bits
    stored = array.astype(np.uint8) if bits < 8 else array
    picture = decode(files.jxl(stored, bitspersample=bits))
    exact = array / (2**bits - 1)
    expected = exact if bits < 8 else linear_to_srgb(exact)  # what is deeper, this writer calls linear light
    assert picture.dtype == (np.uint8 if bits < 8 else np.uint16) and np.abs(picture.rgb - expected).max() < 0.003


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_floats(dtype):
    array = files.samples("float32", 3).astype(dtype)
    picture = decode(files.jxl(array))
    assert picture.dtype == np.float32 and np.abs(picture.rgb - linear_to_srgb(array.astype(np.float32))).max() < 0.003


def test_lossy_pixels_are_near():
    picture = decode(bytes(imagecodecs.jpegxl_encode(SMOOTH, level=90)))
    assert np.abs(picture.rgb * 255 - SMOOTH).mean() < 6 and not picture.lossless and picture.icc is None


SIZES = [(n, m) for n in (16, 24, 40, 255, 256, 257, 600) for m in (16, 33, 256, 800)] + [(1000, 1200), (900, 1600), (17, 9000)]


@pytest.mark.parametrize("shape", SIZES)
def test_sizes_of_every_sort(shape):
    info = probe(bytes(imagecodecs.jpegxl_encode(np.zeros((*shape, 3), np.uint8), level=30, effort=1)))
    assert (info.height, info.width) == shape


def of_jpeg(**options) -> tuple[bytes, bytes]:
    """A JPEG, and the JPEG XL that was made of it without loss."""
    original = files.pil(SMOOTH, "JPEG", quality=90, **options)
    return original, bytes(imagecodecs.jpegxl_encode_jpeg(original))


def test_one_made_of_a_jpeg_is_that_jpeg():
    profile = files.rgb_profile(files.P3, 2.2)
    original, data = of_jpeg(icc_profile=profile, exif=b"Exif\0\0" + test_carried.exif_block(orientation=6))
    picture, jpeg = decode(data), decode(original)
    assert np.array_equal(picture.rgb, jpeg.rgb) and picture.icc == profile and picture.exif == jpeg.exif and picture.exif
    assert (picture.height, picture.width) == (160, 120) and (probe(data).height, probe(data).width) == (160, 120)


def test_pixels_are_upright_and_a_packed_profile_is_named():
    original, data = of_jpeg(icc_profile=files.rgb_profile(files.P3, 2.2), exif=files.exif(6))
    picture = decode(without(data, b"jbrd"))
    plain = decode(files.pil(SMOOTH, "JPEG", quality=90, exif=files.exif(6)))
    assert picture.rgb.shape == plain.rgb.shape and np.abs(picture.rgb - plain.rgb).mean() < 0.01
    assert jxl.PACKED_PROFILE in picture.notes


def without(data: bytes, name: bytes) -> bytes:
    place, out = 0, b""
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big") or len(data) - place
        out += b"" if data[place + 4 : place + 8] == name else data[place : place + length]
        place += length
    return out


def with_colours(data: bytes, *fields: tuple[int, int]) -> bytes:
    """A plain lossless stream, its header written anew with another description of its colours: (number, bits) each."""
    bits = int.from_bytes(data[2:40], "little")
    start = 1 + 5 + 3 + (0 if bits >> 6 & 7 else 5) + 1 + 1 + 1 + 2 + 1 + 2 + 1  # up to whether the colours are usual
    assert bits & 1 and not bits >> start - 9 & 7 and bits >> start & 1, "the writer writes other headers than it did"
    end = (start + 1 + 2 + 1 + 7) // 8  # no extensions, the usual transformation
    header, at = bits & (1 << start) - 1, start
    for number, count in (*fields, (0, 2), (1, 1)):
        header, at = header | number << at, at + count
    return data[:2] + header.to_bytes((at + 7) // 8, "little") + data[2 + end :]


PLAIN = np.asarray(np.kron(np.array([[[200, 30, 40], [20, 190, 60]]], np.uint8), np.ones((16, 16, 1), np.uint8)))
UNUSUAL, NO_PROFILE, IS_RGB, D65, NO_GAMMA, INTENT = (0, 1), (0, 1), (0, 2), (1, 2), (0, 1), (1, 2)


def enum(number: int) -> tuple[int, int]:
    return (number, 2) if number < 2 else (2 | number - 2 << 2, 6) if number < 18 else (3 | number - 18 << 2, 8)


def test_a_colour_space_told_by_numbers_counts():
    data = files.jxl(PLAIN)
    p3 = decode(with_colours(data, UNUSUAL, NO_PROFILE, IS_RGB, D65, enum(11), NO_GAMMA, enum(13), INTENT))
    expected = decode(files.png(PLAIN, files.chunk(b"cICP", bytes([12, 13, 0, 1]))))
    assert p3.icc == expected.icc is not None and np.array_equal(p3.rgb, expected.rgb)
    gamma = decode(with_colours(data, UNUSUAL, NO_PROFILE, IS_RGB, D65, enum(1), (1, 1), (5_555_556, 24), INTENT))
    expected = decode(files.png(PLAIN, files.chunk(b"gAMA", struct.pack(">I", 55_556))))
    assert np.abs(gamma.rgb - expected.rgb).max() < 0.001 and np.abs(gamma.rgb * 255 - PLAIN).max() > 3
    for transfer in (16, 18):
        with pytest.raises(UnsupportedPicture, match="HDR"):
            decode(with_colours(data, UNUSUAL, NO_PROFILE, IS_RGB, D65, enum(9), NO_GAMMA, enum(transfer), INTENT))


def test_of_an_animation_the_first_frame_counts():
    picture = decode(files.jxl(np.stack([RGB, RGB[::-1], RGB])))
    assert ANIMATED in picture.notes and np.array_equal(np.rint(picture.rgb * 255), RGB)


def test_missing_and_damaged_pixels_are_an_error():
    for data in (files.jxl(SMOOTH), bytes(imagecodecs.jpegxl_encode(SMOOTH, level=90)), of_jpeg()[1]):
        for cut in (len(data) - 1, len(data) // 2, 40):
            with pytest.raises(BadPicture):
                decode(data[:cut])
        middle = len(data) // 2
        with pytest.raises(BadPicture):
            decode(data[:middle] + bytes(40) + data[middle + 40 :])


def test_a_size_is_held_against_the_limits_before_anything_is_unpacked():
    original, data = of_jpeg()
    for one in (data, files.jxl(SMOOTH)):
        with pytest.raises(PictureTooLarge):
            probe(one, Limits(max_megapixels=0.019))


def test_a_jpeg_inside_that_unpacks_to_far_more_is_left_alone(monkeypatch):
    data = of_jpeg()[1]
    asked = {}

    def unpack(data, numthreads, out):
        asked["most"] = out
        raise ValueError("cannot resize output buffer")

    monkeypatch.setattr(imagecodecs, "jpegxl_decode_jpeg", unpack)
    assert decode(data).width == 160, "its pixels are there all the same"
    assert asked["most"] < 5 * len(data) + 2_000_000


def test_what_is_said_of_the_photograph_goes_on():
    block, packet = test_carried.exif_block(orientation=1), test_carried.xmp()
    stream = files.jxl(SMOOTH)
    start = jxl_header.CONTAINER + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", stream)
    plain = start + box(b"Exif", bytes(4) + block) + box(b"xml ", packet)
    packed = start + box(b"brob", b"Exif" + imagecodecs.brotli_encode(bytes(4) + block))
    packed += box(b"brob", b"xml " + imagecodecs.brotli_encode(packet))
    for data in (plain, packed):
        picture = decode(data)
        assert picture.exif.photo and picture.exif.place and b"Garten" in picture.xmp
        assert np.array_equal(picture.rgb, decode(stream).rgb)
    bomb = start + box(b"brob", b"Exif" + imagecodecs.brotli_encode(bytes(50_000_000)))
    assert not decode(bomb).exif


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + bytes(body)


def test_without_the_library_it_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr(jxl, "lacking", lambda: jxl.REINSTALL)
    with pytest.raises(UnsupportedPicture, match="JPEG XL pictures are read by a library") as caught:
        probe(files.jxl(RGB))
    assert "imagecodecs" in caught.value.hint
