"""Choosing a format, previews and thumbnails."""

from __future__ import annotations

import io

import numpy as np
import pytest
from impasto.errors import NotAcceptable
from impasto.formats import FORMATS, WRITTEN
from impasto.images import Picture, check_fits, decode, encode, negotiate, recognise, thumbnail, to_png8
from PIL import Image

from . import files

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CHROME_IMG = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept, own, chosen",
    [
        (None, "tiff", "tiff"),
        ("", "jpeg", "jpeg"),
        ("*/*", "webp", "webp"),
        ("image/*", "tiff", "tiff"),
        ("image/*", "npy", "png"),
        ("image/png", "jpeg", "png"),
        ("image/jpeg", "png", "jpeg"),
        ("image/jpg", "png", "jpeg"),
        ("IMAGE/PNG", "jpeg", "png"),
        ("application/x-npy", "png", "npy"),
        ("application/x-npy, */*;q=0.1", "png", "npy"),
        ("image/webp;q=0.5, image/png", "jpeg", "png"),
        ("image/webp, image/png", "jpeg", "webp"),
        ("image/webp, image/png", "png", "png"),
        ("image/png;q=0, image/*", "png", "jpeg"),
        ("image/tiff;q=0.3, image/*;q=0.2", "png", "tiff"),
        (FIREFOX, "png", "png"),
        (CHROME_IMG, "tiff", "tiff"),
        ("application/json, image/png;q=0.5", "jpeg", "png"),
        ("image/png ; q = 0.9 , image/jpeg", "webp", "jpeg"),
        ("application/json, */*;q=0.1", "webp", "webp"),
        ("image/png;q=oops, image/jpeg;q=0.1", "png", "jpeg"),
    ],
)
def test_accept(accept, own, chosen):
    assert negotiate(accept, own) == chosen


@pytest.mark.parametrize("accept", ["application/json", "image/gif", "image/*;q=0", "video/*", "*/*;q=0", "nonsense", ",;,"])
def test_accept_that_fits_nothing_lists_the_choices(accept):
    with pytest.raises(NotAcceptable) as caught:
        negotiate(accept, "png")
    assert all(one.media_type in caught.value.hint for one in WRITTEN.values())


def test_every_format_has_a_media_type_and_an_extension():
    for name, one in FORMATS.items():
        assert "/" in one.media_type and all(extension.startswith(".") for extension in one.extensions)
        if one.written:
            assert recognise(encode(decode(files.npy(files.samples("uint8", 3))), name)) == name


@pytest.mark.parametrize("label", list(files.small_files()))
def test_what_is_only_read_is_answered_as_png(label):
    name, picture = label.split()[0], decode(files.small_files()[label])
    assert recognise(encode(picture)) == (name if name in WRITTEN else "png")


@pytest.mark.parametrize("name, side", [("webp", 16384), ("jpeg", 65501)])
def test_a_picture_that_is_too_long_for_a_format(name, side):
    with pytest.raises(NotAcceptable, match="pixels a side"):
        check_fits(name, side, 16)
    check_fits(name, side - 1, 16)
    with pytest.raises(NotAcceptable):
        encode(Picture(rgb=np.zeros((16, side, 3), np.float32)), name)


def shown(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_previews_are_plain_png():
    rgb = files.samples("float32", 3, 50, 70)
    assert np.array_equal(shown(to_png8(rgb)), np.rint(rgb * 255))
    alpha = files.samples("uint16", 1, 50, 70)[:, :, 0]
    with_alpha = shown(to_png8(rgb * 2 - 0.5, alpha))
    assert np.array_equal(with_alpha[:, :, :3], np.rint(np.clip(rgb * 2 - 0.5, 0, 1) * 255))
    assert np.array_equal(with_alpha[:, :, 3], np.rint(alpha / 257))


@pytest.mark.parametrize(
    "height, width, size",
    [
        (600, 900, (256, 171)),
        (900, 600, (171, 256)),
        (100, 80, (80, 100)),
        (16, 6000, (256, 1)),
        (6000, 16, (1, 256)),
        (257, 257, (256, 256)),
        (1111, 977, (225, 256)),
    ],
)
def test_thumbnail_sizes(height, width, size):
    data = files.npy(np.full((height, width, 3), 77, np.uint8))
    image = Image.open(io.BytesIO(thumbnail(data)))
    assert image.size == size and image.mode == "RGB" and np.abs(np.asarray(image).astype(int) - 77).max() <= 1


@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_thumbnails_of_every_kind(depth, channels):
    small = shown(thumbnail(files.npy(files.samples(depth, channels, 300, 400)), side=64))
    assert small.shape == (48, 64, 4 if channels in (2, 4) else 3) and small.dtype == np.uint8


def test_thumbnails_do_not_show_what_is_hidden():
    array = np.zeros((400, 400, 4), np.uint8)
    array[:] = [255, 0, 255, 0]
    array[100:300, 100:300] = [20, 180, 40, 255]
    small = shown(thumbnail(files.png(array), side=64)).astype(int)
    seen = small[small[:, :, 3] > 40]
    assert len(seen) > 900 and np.abs(seen[:, :3] - [20, 180, 40]).max() <= 10, "magenta would be 200 off"
