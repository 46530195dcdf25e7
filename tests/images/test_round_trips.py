"""What goes in comes out: size, depth, channels, samples."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pytest
import tifffile
from impasto.formats import WRITTEN
from impasto.images import Picture, decode, encode, losses, probe, repaint
from impasto.images.codecs import png
from PIL import Image

from . import files

DEPTHS = {name: one.depths for name, one in WRITTEN.items()}
EXACT = [
    (name, depth, channels)
    for name, one in WRITTEN.items()
    if one.lossless or name == "webp"
    for depth, channels in product(one.depths, (1, 2, 3, 4) if one.alpha else (1, 3))
]


def taken(array: np.ndarray) -> Picture:
    """A picture with exactly these samples, through the simplest format."""
    return decode(files.npy(array))


@pytest.mark.parametrize("name, depth, channels", EXACT)
def test_samples_come_back_to_the_bit(name, depth, channels):
    array = files.samples(depth, channels)
    picture = taken(array)
    assert (picture.dtype.name, picture.grey, picture.alpha is not None) == (depth, channels <= 2, channels in (2, 4))
    again = decode(encode(picture, name))
    assert np.array_equal(again.rgb, picture.rgb)
    assert again.dtype == picture.dtype
    if channels in (2, 4):
        assert again.alpha.dtype == array.dtype and np.array_equal(again.alpha, array[:, :, -1])
    else:
        assert again.alpha is None
    assert again.grey == (channels <= 2 and WRITTEN[name].grey)
    assert encode(again) == encode(decode(encode(again))), "its own format, again and again, changes nothing"


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
def test_every_step_of_the_depth_survives(depth):
    top = np.iinfo(depth).max
    ramp = np.linspace(0, top, 65536).round().astype(depth).reshape(256, 256)
    assert np.array_equal(np.load(io.BytesIO(encode(taken(ramp)))), ramp)


def test_png_is_what_other_readers_expect():
    for channels, mode in ((1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")):
        array = files.samples("uint8", channels)
        image = Image.open(io.BytesIO(encode(taken(array), "png")))
        assert image.mode == mode and np.array_equal(np.asarray(image).reshape(array.shape), array)
    grey = files.samples("uint16", 1)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode(taken(grey), "png")))), grey[:, :, 0])


@pytest.mark.parametrize("depth, channels", list(product(DEPTHS["tiff"], (1, 2, 3, 4))))
def test_tiff_is_what_other_readers_expect(depth, channels):
    array = files.samples(depth, channels)
    with tifffile.TiffFile(io.BytesIO(encode(taken(array), "tiff"))) as file:
        page = file.pages[0]
        assert np.array_equal(page.asarray().reshape(array.shape), array)
        assert page.photometric.name == ("MINISBLACK" if channels <= 2 else "RGB")
        assert [e.name for e in page.extrasamples] == (["UNASSALPHA"] if channels in (2, 4) else [])


def test_jpeg_keeps_colour_edges_and_greyness():
    red_and_blue = np.zeros((32, 32, 3), np.uint8)
    red_and_blue[:, ::2, 0] = red_and_blue[:, 1::2, 2] = 220
    again = decode(encode(taken(red_and_blue), "jpeg"))
    assert np.abs(again.rgb * 255 - red_and_blue).max() < 25, "chroma subsampling would blend the stripes into purple"
    assert decode(encode(taken(files.samples("uint8", 1)), "jpeg")).grey


def test_quality_is_obeyed():
    picture = taken(files.samples("uint8", 3, 64, 64))
    assert len(encode(picture, "jpeg", quality=30)) < len(encode(picture, "jpeg", quality=95)) / 2


def test_webp_is_lossless_where_the_picture_was():
    picture = taken(files.samples("uint8", 3, 64, 64))
    lossy = decode(encode(picture, "jpeg"))
    assert probe(encode(picture, "webp")).lossless and not probe(encode(lossy, "webp")).lossless
    alpha = np.linspace(0, 255, 64 * 64).astype(np.uint8).reshape(64, 64)
    with_alpha = Picture(rgb=lossy.rgb, alpha=alpha, lossless=False)
    assert np.array_equal(decode(encode(with_alpha, "webp")).alpha, alpha), "lossy colours, exact transparency"


SHALLOWER = [
    (name, depth, channels)
    for name, depth, channels in product(WRITTEN, ("uint16", "float32"), (1, 2, 3, 4))
    if depth not in DEPTHS[name] and (WRITTEN[name].alpha or channels in (1, 3))
]


@pytest.mark.parametrize("name, depth, channels", SHALLOWER)
def test_a_shallower_format_rounds_and_says_so(name, depth, channels):
    picture = taken(files.samples(depth, channels, 24, 24))
    again = decode(encode(picture, name))
    assert again.dtype.name == DEPTHS[name][-1]
    assert any("samples" in note for note in losses(picture, name))
    if name != "jpeg":
        top = np.iinfo(again.dtype).max
        assert np.abs(again.rgb - picture.rgb).max() <= 0.5001 / top
        if channels in (2, 4):
            full = 1 if depth == "float32" else 65535
            assert np.array_equal(again.alpha, np.rint(picture.alpha / full * top).astype(again.dtype))


def test_formats_that_hold_everything_lose_nothing():
    for depth, channels in product(DEPTHS["tiff"], (1, 2, 3, 4)):
        picture = taken(files.samples(depth, channels))
        assert losses(picture, "tiff") == losses(picture, "npy") == ()


def test_transparency_is_laid_on_white_in_jpeg():
    array = np.zeros((32, 32, 4), np.uint8)
    array[:, :16, 3] = 255
    picture = taken(array)
    assert any("white" in note for note in losses(picture, "jpeg"))
    again = decode(encode(picture, "jpeg"))
    assert again.rgb[:, 24:].min() > 0.97 and again.rgb[:, :8].max() < 0.03


@pytest.mark.parametrize("shape", [(16, 16), (16, 901), (1203, 16), (17, 31), (255, 257)])
@pytest.mark.parametrize("name", WRITTEN)
def test_any_size_comes_back(name, shape):
    again = decode(encode(taken(files.samples("uint8", 4, *shape)), name))
    assert (again.height, again.width) == shape


def test_floats_beyond_white_stay_and_do_not_wrap_around():
    array = files.samples("float32", 3)
    array[3, 3] = [2.5, -0.25, 40.0]
    picture = taken(array)
    assert np.array_equal(decode(encode(picture, "tiff")).rgb, array)
    assert np.array_equal(decode(encode(picture, "png")).rgb[3, 3], [1, 0, 1])


def test_numbers_that_are_none_are_replaced_with_a_note():
    array = files.samples("float32", 4)
    array[2, 2] = [np.nan, np.inf, -np.inf, np.nan]
    array[4, 4, 0] = 3e38
    picture = taken(array)
    assert np.isfinite(picture.rgb).all() and np.isfinite(picture.alpha).all() and len(picture.notes) == 2
    assert np.array_equal(picture.rgb[2, 2], [0, 1, 0]) and picture.alpha[2, 2] == 0


def test_repaint_keeps_everything_but_the_colours():
    picture = decode(files.png(files.samples("uint16", 4), files.chunk(b"pHYs", (11811).to_bytes(4, "big") * 2 + b"\1")))
    painted = repaint(picture, 1 - picture.rgb)
    again = decode(encode(painted))
    assert np.array_equal(again.alpha, picture.alpha) and again.dtype == np.uint16 and again.dpi == picture.dpi
    assert np.abs(again.rgb - (1 - picture.rgb)).max() < 1e-5
    with pytest.raises(ValueError):
        repaint(picture, picture.rgb[:-1])


def test_a_grey_picture_painted_in_colours_stays_grey_by_luminance():
    picture = taken(files.samples("uint8", 1))
    colours = np.zeros_like(picture.rgb)
    colours[:, :8], colours[:, 8:16], colours[:, 16:] = [1, 0, 0], [0, 1, 0], [0.4, 0.4, 0.4]
    stored = np.load(io.BytesIO(encode(repaint(picture, colours), "npy")))
    # Linear luminance 0.2126 and 0.7152, sRGB-encoded.
    assert [int(stored[5, x]) for x in (2, 10, 20)] == [127, 220, 102]


@pytest.mark.parametrize("label", list(files.small_files()))
def test_probe_agrees_with_decode(label):
    data = files.small_files()[label]
    info, picture = probe(data), decode(data)
    assert (info.width, info.height, info.format) == (picture.width, picture.height, label.split()[0])
    assert (info.dtype, info.alpha, info.grey, info.dpi) == (picture.dtype, picture.alpha is not None, picture.grey, picture.dpi)


@pytest.mark.parametrize(
    "shape, dtype",
    [
        ((700, 900, 3), np.uint8),
        ((3, 50_000, 4), np.uint8),
        ((500, 400, 1), np.uint16),
        ((1000, 177, 2), np.uint8),
        ((1, 5, 3), np.uint8),
    ],
)
def test_a_png_made_of_strips_is_one_that_others_read(shape, dtype):
    samples = np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    image = Image.open(io.BytesIO(png.packed(samples)))
    image.load()
    assert np.array_equal(np.asarray(image).reshape(shape), samples)
