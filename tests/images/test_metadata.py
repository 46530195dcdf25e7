"""Which way is up, and how many pixels make an inch."""

from __future__ import annotations

import io

import numpy as np
import pytest
from impasto.images import decode, encode, probe, thumbnail
from PIL import Image, ImageOps

from . import files

ARRAY = files.samples("uint8", 3, 40, 24)


def oriented(name: str, orientation: int, smooth: bool = False) -> bytes:
    array = np.asarray(Image.fromarray(ARRAY).resize((48, 80), Image.Resampling.BICUBIC)) if smooth else ARRAY
    if name == "tiff":
        return files.tiff(array, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    options = {"png": {}, "jpeg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}[name]
    return files.pil(array, name.upper(), exif=files.exif(orientation), **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_pictures_are_made_upright(name, orientation):
    data = oriented(name, orientation, smooth=name == "jpeg")
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    picture = decode(data)
    assert np.array_equal(np.rint(picture.rgb * 255), expected)
    assert (probe(data).width, probe(data).height) == (picture.width, picture.height)
    again = decode(encode(picture, "png"))
    assert np.array_equal(again.rgb, picture.rgb), "turned once, not twice"
    assert Image.open(io.BytesIO(encode(picture))).getexif().get(274, 1) == 1


def test_thumbnails_are_upright():
    small = Image.open(io.BytesIO(thumbnail(oriented("tiff", 6), side=20)))
    assert small.size == (20, 12)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(orientation):
    assert decode(oriented("png", orientation)).height == 40


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_the_resolution_is_kept(name):
    picture = decode(files.pil(ARRAY, "PNG", dpi=(300, 150)))
    assert picture.dpi == pytest.approx((300, 150), abs=0.02)
    data = encode(picture, name)
    assert decode(data).dpi == pytest.approx((300, 150), abs=0.5)
    if name != "webp":  # Pillow does not look for it there
        assert Image.open(io.BytesIO(data)).info["dpi"] == pytest.approx((300, 150), abs=0.5)


def test_the_resolution_turns_with_the_picture():
    data = files.pil(ARRAY, "JPEG", dpi=(300, 150), exif=files.exif(6))
    assert decode(data).dpi == probe(data).dpi == pytest.approx((150, 300))


def test_no_resolution_is_invented():
    for name in ("PNG", "WEBP", "TIFF"):
        picture = decode(files.pil(ARRAY, name))
        assert picture.dpi is None and decode(encode(picture)).dpi is None


BLOCKS = {
    "nothing": b"",
    "a prefix": b"Exif\0\0",
    "a wild offset": b"Exif\0\0II*\0\xff\xff\xff\xff",
    "zeros": b"\0" * 70,
    "a wild count": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 50,
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("block", BLOCKS.values(), ids=list(BLOCKS))
def test_a_broken_exif_block_does_not_matter(block):
    picture = decode(files.png(ARRAY, files.chunk(b"eXIf", block)))
    assert np.array_equal(np.rint(picture.rgb * 255), ARRAY)


@pytest.mark.parametrize("mark", [b"http://ns.adobe.com/hdr-gain-map/1.0/", b"urn:iso:std:iso:ts:21496:-1"])
def test_a_gain_map_that_is_left_out_is_noted(mark):
    whole = files.jpegs()["baseline"]
    body = b"http://ns.adobe.com/xap/1.0/\0<x hdrgm='" + mark + b"'/>"
    marked = whole[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + whole[2:]
    [note] = decode(marked + whole).notes
    assert "gain map" in note and not decode(whole).notes
