"""Colour profiles: honoured on the way in, on the way out, and carried along."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from impasto.images import decode, encode, repaint, thumbnail
from PIL import Image, ImageCms

from . import files

P3, ADOBE, LINEAR = files.rgb_profile(files.P3, 2.2), files.rgb_profile(files.ADOBE, 2.2), files.rgb_profile(files.SRGB, 1.0)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_profile(array: np.ndarray, icc: bytes, name: str = "tiff") -> bytes:
    """``array`` (H, W, C) in a file that carries ``icc``, not written by our own encoder."""
    if name == "tiff":
        return files.tiff(array.squeeze(), photometric="rgb" if array.shape[2] > 2 else "minisblack", iccprofile=icc)
    if name == "png":
        return files.png(array, files.chunk(b"iCCP", b"x\0\0" + zlib.compress(icc)))
    options = {"quality": 100, "subsampling": 0} if name == "jpeg" else {"lossless": True}
    return files.pil(array.squeeze(), name.upper(), icc_profile=icc, **options)


def profile_in(data: bytes) -> bytes | None:
    return Image.open(io.BytesIO(data)).info.get("icc_profile")


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_the_profile_is_in_the_answer(name):
    data = with_profile(files.samples("uint8", 3), P3, name)
    assert profile_in(encode(decode(data))) == P3 and decode(data).notes == ()


def test_display_p3_primaries_land_where_css_says():
    array = np.zeros((16, 48, 3), np.uint8)
    array[:, :16, 0] = array[:, 16:32, 1] = array[:, 32:, 2] = 255
    rgb = decode(with_profile(array, P3)).rgb
    # color(display-p3 1 0 0) and so on in sRGB, from the definition of CSS Color 4.
    assert np.allclose(rgb[5, 5], [1.0930, -0.2267, -0.1501], atol=3e-3)
    assert np.allclose(rgb[5, 20], [-0.5116, 1.0183, -0.3107], atol=3e-3)
    assert np.allclose(rgb[5, 40], [0, 0, 1.0420], atol=3e-3)


@pytest.mark.parametrize("icc", [P3, ADOBE, LINEAR], ids=["P3", "Adobe", "linear"])
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_unchanged_colours_come_back_through_a_profile(icc, depth):
    array = files.samples(depth, 3, 64, 64)
    again = decode(encode(decode(with_profile(array, icc)), "tiff"))
    raw = np.load(io.BytesIO(encode(decode(with_profile(array, icc)), "npy")))
    off = np.abs(raw.astype(np.float64) - array).max()
    # A profile's numbers have 16 bits after the point, and a plain gamma is infinitely steep at black.
    assert off <= {"uint8": 0, "uint16": 10, "float32": 1.5e-4}[depth]
    assert again.icc == icc


def test_colours_mean_the_same_after_painting():
    painted = repaint(decode(with_profile(files.samples("uint16", 3), P3)), files.samples("float32", 3, seed=9))
    again = decode(encode(painted))
    assert np.abs(again.rgb - painted.rgb).max() < 2e-3 and again.icc == P3
    into_rgb = np.asarray(
        ImageCms.profileToProfile(
            Image.open(io.BytesIO(encode(painted, "webp"))), io.BytesIO(P3), io.BytesIO(SRGB), renderingIntent=1
        )
    ).astype(float)
    off = np.abs(into_rgb - painted.rgb * 255)
    assert off.mean() < 0.6 and off.max() < 6, "as another colour manager sees it, in 8 bits"


def test_linear_floats_reach_the_engine_encoded():
    array = np.full((16, 16, 3), 0.2140, np.float32)
    array[0, 0] = 4.0
    picture = decode(with_profile(array, LINEAR))
    assert np.allclose(picture.rgb[5, 5], 0.5, atol=1e-3)
    assert picture.rgb[0, 0].min() > 1.5, "light beyond white stays beyond white"
    assert np.allclose(np.load(io.BytesIO(encode(picture, "npy"))), array, rtol=1e-4)


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_srgb_in_all_but_name_is_not_touched(depth):
    array = files.samples(depth, 3)
    for icc in (SRGB, files.imagecodecs.cms_profile("srgb")):
        picture = decode(with_profile(array, icc))
        assert np.array_equal(picture.rgb, decode(files.npy(array)).rgb) and picture.icc == icc
        assert np.array_equal(np.load(io.BytesIO(encode(picture, "npy"))), array)


@pytest.mark.parametrize("depth, off", [("uint8", 0), ("uint16", 1)])
def test_grey_profiles(depth, off):
    array, icc = files.samples(depth, 1), files.grey_profile(1.0)
    array[0, 0] = 0.2140 * np.iinfo(depth).max
    picture = decode(with_profile(array, icc))
    assert picture.grey and picture.icc == icc and np.allclose(picture.rgb[0, 0], 0.5, atol=3e-3)
    assert np.ptp(picture.rgb, axis=2).max() == 0
    for name in ("npy", "tiff"):
        again = decode(encode(picture, name))
    assert np.abs(np.load(io.BytesIO(encode(picture, "npy"))).astype(int) - array[:, :, 0]).max() <= off
    assert np.allclose(again.rgb, picture.rgb, atol=1e-3) and profile_in(encode(picture, "png")) == icc
    assert np.allclose(decode(encode(picture, "webp")).rgb, picture.rgb, atol=0.003), "WebP has no grey: no grey profile either"


def test_alpha_has_no_part_in_it():
    array = files.samples("uint16", 4)
    data = files.tiff(array, photometric="rgb", extrasamples=["unassalpha"], iccprofile=ADOBE)
    assert np.array_equal(decode(encode(decode(data))).alpha, array[:, :, 3])


def test_cmyk_goes_through_its_profile():
    inks = np.zeros((32, 32, 4), np.uint8)
    inks[:16, :16, 0], inks[16:, :16, 1], inks[16:, 16:, 3] = 255, 255, 255
    icc = files.cmyk_profile()
    picture = decode(files.tiff(inks, photometric="separated", iccprofile=icc))
    expected = np.asarray(
        ImageCms.profileToProfile(
            Image.fromarray(inks, mode="CMYK"), io.BytesIO(icc), io.BytesIO(SRGB), renderingIntent=1, outputMode="RGB", flags=0x2000
        )
    )
    assert np.abs(np.clip(picture.rgb, 0, 1) * 255 - expected).max() <= 2
    assert np.abs(picture.rgb[4, 4] - [0, 1, 1]).max() > 0.1, "press cyan is not the screen's"
    assert picture.icc is None and not picture.grey
    jpeg = decode(files.pil(Image.fromarray(inks, mode="CMYK"), "JPEG", quality=100, icc_profile=icc))
    assert np.abs(jpeg.rgb[4, 4] - picture.rgb[4, 4]).max() < 0.03


BROKEN = {
    "noise": bytes(range(256)) * 4,
    "cut": P3[:300],
    "for CMYK": files.cmyk_profile(),
    "for grey": files.grey_profile(2.2),
    "no end": P3[:128] + b"\xff" * 400,
    "wrong offsets": P3[:132] + bytes(200) + P3[332:],
    "long": P3 + bytes(5_000_000),
}


@pytest.mark.parametrize("icc", BROKEN.values(), ids=list(BROKEN))
@pytest.mark.parametrize("name", ["png", "tiff"])
def test_a_broken_profile_is_left_out_with_a_note(icc, name):
    array = files.samples("uint8", 3)
    picture = decode(with_profile(array, icc, name))
    assert picture.icc is None and np.array_equal(np.rint(picture.rgb * 255), array)
    assert [note for note in picture.notes if "profile" in note], "said, not swallowed"
    assert profile_in(encode(picture)) is None


def test_a_profile_chunk_that_does_not_unpack():
    picture = decode(files.png(files.samples("uint8", 3), files.chunk(b"iCCP", b"x\0\0not deflate at all")))
    assert picture.icc is None and len(picture.notes) == 1


def test_thumbnails_are_srgb():
    array = np.zeros((600, 400, 3), np.uint8)
    array[:] = [100, 180, 90]
    small = np.asarray(Image.open(io.BytesIO(thumbnail(with_profile(array, ADOBE), side=100))))
    wanted = np.clip(decode(with_profile(array, ADOBE)).rgb[0, 0], 0, 1) * 255
    assert small.shape == (100, 67, 3) and np.abs(small - wanted).max() <= 1 and np.abs(wanted - [100, 180, 90]).max() > 10
