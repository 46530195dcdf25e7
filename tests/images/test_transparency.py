"""What alpha hides must not reach the engine."""

from __future__ import annotations

import numpy as np
import pytest
from impasto.images import Picture, decode, encode, filled, repaint

from . import files

MAGENTA = [1.0, 0.0, 1.0]
DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def cut_out(depth: str, height: int = 90, width: int = 130) -> tuple[Picture, np.ndarray]:
    """A green disc with a soft edge, magenta hidden all around it; and its opacity."""
    y, x = np.mgrid[:height, :width]
    opacity = np.clip((height * 0.35 - np.hypot(y - height / 2, x - width / 2)) / 6, 0, 1)
    alpha = (opacity * DEPTHS[depth]).astype(depth)
    rgb = np.where(alpha[:, :, None] > 0, [0.1, 0.7, 0.2], MAGENTA).astype(np.float32)
    return Picture(rgb=rgb, alpha=alpha, dtype=np.dtype(depth)), alpha / DEPTHS[depth]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("size", [(90, 130), (16, 16), (17, 301), (64, 64), (131, 33)])
def test_hidden_colours_never_leak(depth, size):
    picture, _ = cut_out(depth, *size)
    result = filled(picture)
    assert result.shape == picture.rgb.shape and result.dtype == np.float32
    assert np.abs(result - [0.1, 0.7, 0.2]).max() < 1e-5, "everything is green: only green was ever visible"


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_result_does_not_depend_on_what_is_hidden(depth):
    array = files.samples(depth, 4, 61, 47)
    other = array.copy()
    hidden = array[:, :, 3] == 0
    assert hidden.sum() > 100
    other[hidden, :3] = 1e30 if depth == "float32" else DEPTHS[depth]
    assert np.array_equal(filled(decode(files.npy(array))), filled(decode(files.npy(other))))


def test_visible_colours_stay_exactly():
    array = files.samples("uint8", 4, 61, 47)
    picture = decode(files.npy(array))
    seen = array[:, :, 3] >= 128
    assert np.array_equal(filled(picture)[seen], picture.rgb[seen])


def test_the_rim_of_a_cut_out_takes_the_colours_beside_it():
    picture, opacity = cut_out("uint8")
    rim = (opacity > 0) & (opacity < 0.2)
    noisy = np.where(rim[:, :, None], np.random.default_rng(2).random(picture.rgb.shape), picture.rgb).astype(np.float32)
    off = np.abs(filled(repaint(picture, noisy)) - [0.1, 0.7, 0.2])
    assert rim.sum() > 100 and off[rim].mean() < np.abs(noisy - [0.1, 0.7, 0.2])[rim].mean() / 3


def test_half_transparent_glass_is_not_blurred():
    array = files.samples("uint8", 4)
    array[:, :, 3] = 100
    picture = decode(files.npy(array))
    assert np.array_equal(filled(picture), picture.rgb)


def test_the_fill_comes_from_the_near_surroundings():
    rgb = np.zeros((64, 128, 3), np.float32)
    rgb[:, :64], rgb[:, 64:] = [1, 0, 0], [0, 0, 1]
    alpha = np.full((64, 128), 255, np.uint8)
    alpha[20:44, 20:44] = alpha[20:44, 84:108] = 0
    rgb[alpha == 0] = MAGENTA
    result = filled(Picture(rgb=rgb, alpha=alpha))
    assert np.allclose(result[20:44, 20:44], [1, 0, 0], atol=0.05) and np.allclose(result[20:44, 84:108], [0, 0, 1], atol=0.05)


def test_the_fill_has_no_edges_of_its_own():
    random = np.random.default_rng(5)
    alpha = np.zeros((256, 256), np.uint8)
    alpha[:, :40] = alpha[:, -40:] = 255
    rgb = np.broadcast_to(np.linspace(0.2, 0.8, 256, dtype=np.float32)[None, :, None], (256, 256, 3)).copy()
    rgb[alpha == 0] = random.random((np.count_nonzero(alpha == 0), 3))
    result = filled(Picture(rgb=rgb, alpha=alpha))
    steps = max(np.abs(np.diff(result[:, 45:-45], axis=axis)).max() for axis in (0, 1))
    assert steps < 0.03, "an edge would be painted as if it were part of the picture"


def test_nothing_visible_at_all_is_grey():
    picture = Picture(rgb=np.broadcast_to(np.float32(MAGENTA), (33, 20, 3)).copy(), alpha=np.zeros((33, 20), np.uint8))
    assert np.array_equal(filled(picture), np.full((33, 20, 3), 0.5, np.float32))


def test_opaque_pictures_pass_as_they_are():
    array = files.samples("uint16", 4)
    array[:, :, 3] = 65535
    for picture in (decode(files.npy(array)), decode(files.npy(array[:, :, :3]))):
        assert np.array_equal(filled(picture), picture.rgb)


@pytest.mark.parametrize(
    "name, depth",
    [
        ("png", "uint8"),
        ("png", "uint16"),
        ("webp", "uint8"),
        ("tiff", "uint8"),
        ("tiff", "uint16"),
        ("tiff", "float32"),
        ("npy", "float32"),
    ],
)
def test_alpha_comes_back_the_very_same_under_new_colours(name, depth):
    array = files.samples(depth, 4, 40, 40)
    picture = decode(encode(decode(files.npy(array)), name))
    painted = repaint(picture, 1 - filled(picture))
    assert np.array_equal(decode(encode(painted)).alpha, array[:, :, 3])
