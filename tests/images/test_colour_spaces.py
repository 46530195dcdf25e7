"""Colours that are told by something else than a profile: what a colour-managed viewer shows, and the same again in the answer."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from impasto.errors import UnsupportedPicture
from impasto.images import decode, encode, probe, verify
from PIL import Image

from . import files

SRGB = np.clip(files.SMOOTH, 0, 255) / 255
P3_TO_SRGB = np.array([[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]])
ADOBE_TO_SRGB = np.array([[1.3982, -0.3982, 0], [0, 1, 0], [0, -0.0429, 1.0429]])
BT2020_TO_SRGB = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])


def light(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encoded(values):
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * np.maximum(values, 1e-9) ** (1 / 2.4) - 0.055)


def stored(values, dtype=np.uint16):
    top = np.iinfo(dtype).max
    return np.rint(np.clip(values, 0, 1) * top).astype(dtype)


def gama(number):
    return files.chunk(b"gAMA", struct.pack(">I", number))


def chrm(*places):
    return files.chunk(b"cHRM", struct.pack(">8I", *(round(place * 100_000) for place in places)))


def cicp(*numbers):
    return files.chunk(b"cICP", bytes(numbers))


def in_space(matrix, curve):
    """The picture's colours as they stand in a file of a wider space. ``matrix``: from its light to that of sRGB."""
    return curve(np.clip(light(SRGB) @ np.linalg.inv(matrix).T, 0, 1))


ADOBE_CHRM = chrm(0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
SRGB_CHRM = chrm(0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
OETF_709 = lambda values: np.where(values < 0.018, values * 4.5, 1.099 * values**0.45 - 0.099)  # noqa: E731
TOLD = {
    "gamma 1.8": (light(SRGB) ** (1 / 1.8), gama(55556)),
    "gamma 1": (light(SRGB), gama(100_000)),
    "gamma 1.8 and sRGB's primaries": (light(SRGB) ** (1 / 1.8), gama(55556) + SRGB_CHRM),
    "gamma 2.2 and Adobe RGB's primaries": (in_space(ADOBE_TO_SRGB, lambda v: v ** (1 / 2.2)), gama(45455) + ADOBE_CHRM),
    "Display P3": (in_space(P3_TO_SRGB, encoded), cicp(12, 13, 0, 1)),
    "Display P3 before another gamma": (in_space(P3_TO_SRGB, encoded), gama(100_000) + cicp(12, 13, 0, 1)),
    "BT.2020": (in_space(BT2020_TO_SRGB, OETF_709), cicp(9, 14, 0, 1)),
    "linear": (light(SRGB), cicp(1, 8, 0, 1)),
    "nothing that is specified, and a gamma": (light(SRGB) ** (1 / 1.8), cicp(2, 2, 0, 1) + gama(55556)),
}


@pytest.mark.parametrize("label", TOLD)
def test_colours_are_what_a_viewer_shows_and_the_answer_tells_them_too(label):
    values, chunks = TOLD[label]
    data = files.png(stored(values), chunks)
    picture = decode(data)
    assert np.abs(picture.rgb - SRGB).max() < 0.02 and picture.icc and not picture.notes
    again = decode(encode(picture, "png"))
    assert np.abs(again.rgb - picture.rgb).max() < 1e-3 and again.icc == picture.icc
    assert np.abs(decode(encode(picture, "tiff")).rgb - picture.rgb).max() < 1e-3


PLAIN = {
    "cICP that is sRGB": cicp(1, 13, 0, 1),
    "cICP that is sRGB, and a gamma": cicp(1, 13, 0, 1) + gama(55556),
    "sRGB, and the gamma beside it": files.chunk(b"sRGB", b"\0") + gama(55556),
    "sRGB's own gamma": gama(45455),
    "sRGB's own gamma and primaries": gama(45455) + SRGB_CHRM,
    "primaries alone": ADOBE_CHRM,
    "nothing that is specified": cicp(2, 2, 0, 1),
}


@pytest.mark.parametrize("label", PLAIN)
def test_srgb_by_any_name_passes_to_the_bit(label):
    samples = stored(SRGB, np.uint8)
    picture = decode(files.png(samples, PLAIN[label]))
    assert picture.icc is None and not picture.notes and np.array_equal(np.rint(picture.rgb * 255), samples)


@pytest.mark.parametrize(
    "chunks",
    [
        gama(0),
        gama(2**31),
        gama(55556) + chrm(0.3127, 0, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
        cicp(77, 13, 0, 1),
        cicp(12, 77, 0, 1),
        cicp(12, 13, 1, 1),
        cicp(12, 13, 0, 0),
    ],
)
def test_what_makes_no_sense_is_noted(chunks):
    picture = decode(files.png(stored(SRGB, np.uint8), chunks))
    assert picture.icc is None and len(picture.notes) == 1 and "sRGB" in picture.notes[0]


@pytest.mark.parametrize("transfer, name", [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_with_a_way_out(transfer, name):
    for read in (probe, verify, decode):
        with pytest.raises(UnsupportedPicture, match=name) as refused:
            read(files.png(stored(SRGB), cicp(9, transfer, 0, 1)))
        assert "sRGB" in refused.value.hint


def test_a_grey_picture_has_a_gamma_too():
    grey = SRGB[:, :, :1]
    picture = decode(files.png(stored(light(grey) ** (1 / 1.8)), gama(55556)))
    assert picture.grey and picture.icc and np.abs(picture.rgb - grey).max() < 0.01


def cameras(space, index, form="JPEG", **options):
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0xA001] = space
    if index:
        tags.get_ifd(0x8769)[0xA005] = {1: index}
    image = Image.fromarray(stored(in_space(ADOBE_TO_SRGB, lambda v: v ** (256 / 563)), np.uint8))
    quality = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}[form]
    return files.pil(image, form, exif=tags.tobytes(), **quality, **options)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    "space, index, adobe", [(0xFFFF, "R03", True), (2, "", True), (1, "R98", False), (1, "R03", False), (0xFFFF, "", False)]
)
def test_cameras_adobe_rgb(form, space, index, adobe):
    picture = decode(cameras(space, index, form))
    assert bool(picture.icc) == adobe
    assert (np.abs(picture.rgb - SRGB).mean() < 0.01) == adobe
    if adobe:
        assert np.abs(decode(encode(picture, "png")).rgb - picture.rgb).max() < 0.005


def test_a_profile_comes_before_what_a_camera_says():
    p3 = files.rgb_profile(files.P3, 2.2)
    assert decode(cameras(0xFFFF, "R03", icc_profile=p3)).icc == p3
