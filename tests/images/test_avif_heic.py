"""AVIF and HEIC: the pixels that come out, their colours and which way is up; and what is said of the others."""

from __future__ import annotations

import io
import struct
import sys

import imagecodecs
import numpy as np
import pytest
from impasto.cli.checks import NOTE, _pictures
from impasto.errors import BadPicture, PictureTooLarge, UnsupportedPicture
from impasto.images import Limits, decode, encode, probe, recognise
from impasto.images.codecs import avif as avif_codec
from impasto.images.codecs.jpeg import GAIN_MAP
from impasto.images.colour_spaces import NOT_KNOWN
from impasto.images.picture import ANIMATED
from PIL import Image, ImageOps

from . import files, test_carried

needs_heic = pytest.mark.skipif(not files.HAS_HEIC, reason="pillow-heif, which makes and reads HEIC, is not installed")
KINDS = ["avif", pytest.param("heic", marks=needs_heic)]
MAKE = {"avif": files.avif, "heic": files.heic}
SMOOTH = np.clip(files.SMOOTH, 0, 255).astype(np.uint8)
QUARTERS = np.zeros((64, 96, 3), np.uint8)
QUARTERS[:32, :48], QUARTERS[:32, 48:], QUARTERS[32:, :48] = [200, 0, 0], [0, 200, 0], [0, 0, 200]
NCLX = b"colrnclx"


def off(picture, samples: np.ndarray) -> float:
    """Mean distance from 8-bit ``samples``, in 8-bit steps."""
    return float(np.abs(picture.rgb * 255 - samples).mean())


def replaced(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def in_space(data: bytes, primaries: int, transfer: int) -> bytes:
    """``data`` with another colour space in its boxes."""
    return replaced(data, data.index(NCLX) + len(NCLX), struct.pack(">HH", primaries, transfer))


def of_size(data: bytes, width: int, height: int) -> bytes:
    """``data`` with another size in its boxes."""
    return replaced(data, data.index(b"ispe") + 8, struct.pack(">II", width, height))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(64, 64), (120, 160), (65, 131), (17, 31), (16, 301), (255, 257)])
def test_pixels_come_out_at_any_size(kind, shape):
    array = np.asarray(Image.fromarray(SMOOTH).resize(shape[::-1]))
    picture = decode(MAKE[kind](array))
    assert (picture.height, picture.width) == shape and picture.dtype == np.uint8 and picture.format == kind
    assert off(picture, array) < 3 and not picture.notes and not picture.lossless


@pytest.mark.parametrize("options", [{}, {"subsampling": "4:2:0"}, {"range": "limited"}, {"quality": 30}])
def test_an_avif_is_what_pillow_sees(options):
    data = files.avif(SMOOTH, **options)
    assert off(decode(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("bits", [10, 12])
def test_deep_avif_stays_deep(bits):
    deep = np.linspace(0, 65535, 120 * 160).astype(np.uint16).reshape(120, 160, 1).repeat(3, 2)
    picture = decode(bytes(imagecodecs.avif_encode(deep >> 16 - bits, level=100, bitspersample=bits)))
    assert picture.dtype == np.uint16 and picture.rgb.max() > 0.999
    assert np.abs(picture.rgb - deep / 65535).max() < 4 / 2**bits, "finer than 8 bit"


@needs_heic
def test_deep_heic_stays_deep():
    deep = np.linspace(0, 65535, 120 * 160).astype(np.uint16).reshape(120, 160, 1).repeat(3, 2)
    picture = decode(files.heic(deep, quality=100))
    assert picture.dtype == np.uint16 and picture.rgb.max() > 0.999 and np.abs(picture.rgb - deep / 65535).max() < 4 / 1024


@pytest.mark.parametrize("kind", KINDS)
def test_alpha_and_greyness(kind):
    rgba = np.dstack([SMOOTH, np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1))])
    picture = decode(MAKE[kind](rgba))
    assert np.abs(picture.alpha.astype(int) - rgba[:, :, 3]).max() < 12
    assert off(picture, SMOOTH) < 3
    grey = decode(MAKE[kind](SMOOTH[:, :, :1] if kind == "heic" else SMOOTH[:, :, 0]))
    assert grey.grey and off(grey, SMOOTH[:, :, :1]) < 3 and grey.alpha is None


def test_grey_and_transparent():
    array = np.dstack([SMOOTH[:, :, 0], np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1))])
    picture = decode(bytes(imagecodecs.avif_encode(array, level=95)))
    assert picture.grey and np.abs(picture.alpha.astype(int) - array[:, :, 1]).max() < 8 and off(picture, array[:, :, :1]) < 3


@needs_heic
def test_colours_multiplied_by_alpha_are_divided_again():
    import pillow_heif

    colour, alpha = np.full((64, 64, 3), [200, 100, 50]), np.tile(np.linspace(60, 255, 64).astype(np.uint8), (64, 1))
    stored = np.dstack([np.rint(colour * (alpha[:, :, None] / 255)), alpha]).astype(np.uint8)
    buffer = io.BytesIO()
    pillow_heif.from_bytes("RGBa", (64, 64), stored.tobytes()).save(buffer, quality=100, chroma=444)
    assert off(decode(buffer.getvalue()), colour) < 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright_and_turned_once(kind, orientation):
    exif = files.exif(orientation)
    # Image.save makes boxes of the orientation, as phones do; some leave it in EXIF, too, where it must not count once more.
    data = files.pil(QUARTERS, "AVIF", quality=90, subsampling="4:4:4", exif=exif) if kind == "avif" else turned_heic(exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(files.pil(QUARTERS, "PNG", exif=exif)))))
    picture, info = decode(data), probe(data)
    assert (info.width, info.height) == (picture.width, picture.height) == upright.shape[1::-1]
    assert off(picture, upright) < 3


def turned_heic(exif: bytes) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    try:
        return files.pil(QUARTERS, "HEIF", quality=90, chroma=444, exif=exif)
    finally:
        for table in (Image.OPEN, Image.SAVE):
            table.pop("HEIF", None)
        Image.ID.remove("HEIF")


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_counts_and_is_kept(kind):
    profile = files.rgb_profile(files.P3, 2.2)
    picture, plain = decode(MAKE[kind](QUARTERS, icc_profile=profile)), decode(files.pil(QUARTERS, "PNG", icc_profile=profile))
    assert picture.icc == profile and off(picture, plain.rgb * 255) < 3
    assert off(picture, QUARTERS) > 5, "taken as sRGB, the colours would be these"


@pytest.mark.parametrize("kind", KINDS)
def test_a_colour_space_told_by_numbers_counts(kind):
    data = MAKE[kind](QUARTERS)
    assert decode(data).icc is None
    p3 = decode(in_space(data, 12, 13))
    expected = decode(files.png(QUARTERS, files.chunk(b"cICP", bytes([12, 13, 0, 1]))))
    assert p3.icc == expected.icc is not None and off(p3, expected.rgb * 255) < 3
    for primaries, transfer in ((1, 1), (2, 2), (1, 6)):  # a video camera's curve, and nothing said
        assert np.array_equal(decode(in_space(data, primaries, transfer)).rgb, decode(data).rgb)
    assert NOT_KNOWN in decode(in_space(data, 8, 13)).notes
    for transfer in (16, 18):
        with pytest.raises(UnsupportedPicture, match="HDR"):
            decode(in_space(data, 9, transfer))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_the_photograph_goes_on(kind):
    exif, xmp = test_carried.exif_block(orientation=1), test_carried.xmp()
    picture = decode(MAKE[kind](SMOOTH, exif=b"Exif\0\0" + exif, xmp=xmp))
    plain = decode(files.pil(SMOOTH, "PNG", exif=b"Exif\0\0" + exif))
    assert picture.exif.main == plain.exif.main and b"Garten" in picture.xmp
    assert set(picture.exif.photo) == set(plain.exif.photo) and set(picture.exif.place) == set(plain.exif.place) != set()
    tags = Image.open(io.BytesIO(encode(picture))).getexif()
    assert tags[271] == "Canon"


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.fromarray(np.roll(SMOOTH, 40 * number, 0)) for number in range(3)]
    data = files.pil(frames[0], "AVIF", save_all=True, append_images=frames[1:], quality=95, subsampling="4:4:4")
    picture = decode(data)
    assert ANIMATED in picture.notes and off(picture, SMOOTH) < 3


def test_an_animation_without_a_still_picture_is_named():
    frames = [Image.fromarray(np.roll(SMOOTH, 40 * number, 0)) for number in range(3)]
    data = files.pil(frames[0], "AVIF", save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedPicture, match="animation"):
        decode(data.replace(b"pitm", b"free", 1))


def test_tiles_that_are_the_same_bytes():
    """As writers leave them where a ground is plain: here four tiles of one stream, put together by hand."""
    plain = np.full((64, 64, 3), [40, 150, 220], np.uint8)
    stream, config = files.avif_parts(files.avif(plain))
    picture = decode(files.avif_grid(stream, config, rows=8, columns=8, side=64))
    assert (picture.width, picture.height) == (512, 512) and off(picture, np.uint8([40, 150, 220])) < 3


@pytest.mark.slow
@pytest.mark.parametrize("rows, columns, shown", [(8, 8, 64), (2, 9, 128), (64, 64, 2048)])
def test_far_more_tiles_than_are_shown_are_refused_before_they_are_decoded(rows, columns, shown):
    stream, config = files.avif_parts(files.avif(np.full((64, 64, 3), 150, np.uint8)))
    with pytest.raises(BadPicture, match="more than the whole"):
        probe(files.avif_grid(stream, config, rows, columns, side=64, shown=shown))
    assert probe(files.avif_grid(stream, config, 2, 2, side=64, shown=70)).width == 70, "tiles at the edge are cut"


def test_a_second_picture_for_hdr_screens_is_left_out_with_a_note():
    alpha, gain = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:com:apple:photo:2020:aux:hdrgainmap"
    picture = decode(files.avif(np.dstack([SMOOTH, SMOOTH[:, :, 0]])).replace(alpha, gain.ljust(len(alpha), b"\0")))
    assert GAIN_MAP in picture.notes and picture.alpha is None and off(picture, SMOOTH) < 3


def test_an_avif_that_begins_with_a_general_name():
    data = files.avif(SMOOTH)
    assert recognise(replaced(data, 8, b"mif1")) == "avif" and off(decode(replaced(data, 8, b"mif1")), SMOOTH) < 3


@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_held_against_the_limits_and_against_the_stream(kind):
    data = MAKE[kind](SMOOTH)
    for size in ((65_536, 400), (20_000, 20_000), (2**32 - 1, 2**32 - 1)):
        with pytest.raises(PictureTooLarge):
            probe(of_size(data, *size))
    with pytest.raises(PictureTooLarge):
        probe(data, Limits(max_megapixels=0.019))
    for size in ((16, 16), (12_000, 12_000), (160, 40), (0, 0)):  # what the decoder makes room for is another size
        with pytest.raises(BadPicture):
            probe(of_size(data, *size))


@pytest.mark.parametrize("kind", KINDS)
def test_missing_pixels_are_an_error(kind):
    data = MAKE[kind](SMOOTH)
    for cut in (len(data) - 1, len(data) // 2, data.index(b"mdat") + 20):
        with pytest.raises(BadPicture):
            decode(data[:cut])
    middle = (data.index(b"mdat") + len(data)) // 2
    for hole in (data[:middle] + bytes(len(data) - middle), replaced(data, middle, bytes(200))):
        with pytest.raises(BadPicture, match="hole"):
            decode(hole)


@needs_heic
def test_without_the_library_heic_is_refused_with_what_to_install(monkeypatch):
    data = files.heic(SMOOTH)
    monkeypatch.setitem(sys.modules, "_pillow_heif", None)
    with pytest.raises(UnsupportedPicture, match="not installed") as caught:
        probe(data)
    assert "pip install pillow-heif" in caught.value.hint and caught.value.status == 415
    read, missing = _pictures(None)
    assert "AVIF" in read.text and "HEIC" not in read.text
    assert missing.level == NOTE and "HEIC" in missing.text and "pip install pillow-heif" in missing.do
    assert decode(files.avif(SMOOTH)).format == "avif", "the others are read all the same"


def test_without_the_library_avif_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr(avif_codec, "lacking", lambda: avif_codec.REINSTALL)
    with pytest.raises(UnsupportedPicture, match="not installed") as caught:
        probe(files.avif(SMOOTH))
    assert "imagecodecs" in caught.value.hint


def test_doctor_says_that_all_are_there():
    read, *missing = _pictures(None)
    assert "AVIF" in read.text and ("HEIC" in read.text) == files.HAS_HEIC and len(missing) == (not files.HAS_HEIC)
