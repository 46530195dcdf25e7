"""GIF, BMP and animations, as other programs write them: the pixels that come out, and what is said of the others."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from impasto.errors import BadPicture, PictureTooLarge, UnsupportedPicture
from impasto.images import Limits, decode, probe, verify
from impasto.images.picture import ANIMATED
from PIL import Image

from . import files

RGB, GREY = files.samples("uint8", 3), files.samples("uint8", 1)[:, :, 0]
PALETTE = RGB[0, :16]
INDICES = GREY & 15


def eight_bit(picture) -> np.ndarray:
    return np.rint(picture.rgb * 255).astype(np.uint8)


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("colours", [2, 7, 64, 256])
def test_a_gif_is_what_pillow_sees(colours, interlace):
    image = Image.fromarray(files.samples("uint8", 3, 61, 47)).quantize(colours)
    picture = decode(files.pil(image, "GIF", interlace=interlace))
    assert np.array_equal(eight_bit(picture), np.asarray(image.convert("RGB"))) and picture.alpha is None and not picture.notes


def test_a_gifs_transparent_colour_is_alpha():
    picture = decode(files.gif(INDICES, PALETTE, transparent=3))
    assert np.array_equal(picture.alpha, np.where(INDICES == 3, 0, 255)) and np.array_equal(eight_bit(picture), PALETTE[INDICES])


def test_what_a_gifs_frame_does_not_cover_is_transparent():
    picture = decode(files.gif(INDICES, PALETTE, corner=(4, 2)))
    assert (picture.width, picture.height) == (27, 21) and picture.alpha[:2].max() == picture.alpha[:, :4].max() == 0
    assert picture.alpha[2:, 4:].min() == 255 and np.array_equal(eight_bit(picture)[2:, 4:], PALETTE[INDICES])


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts_and_a_note_says_so(format):
    data = files.animated(format, **({"lossless": True} if format == "WEBP" else {}))
    picture = decode(data)
    first = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert ANIMATED in picture.notes and np.array_equal(eight_bit(picture), first)
    assert (probe(data).width, probe(data).height) == (23, 19)
    assert ANIMATED not in decode(files.animated(format, count=1)).notes


def test_an_animated_webp_whose_first_frame_is_smaller_and_see_through():
    frame, canvas = files.samples("uint8", 4, 20, 30), (48, 40)
    still = files.pil(frame, "WEBP", lossless=True, exact=True)
    stream = still[still.index(b"VP8L") :]
    place = b"".join(number.to_bytes(3, "little") for number in (4 // 2, 6 // 2, 29, 19, 100)) + b"\0"
    body = b"VP8X" + struct.pack("<I", 10) + b"\x12\0\0\0" + b"".join((n - 1).to_bytes(3, "little") for n in canvas)
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += 2 * (b"ANMF" + struct.pack("<I", len(place + stream)) + place + stream)
    picture = decode(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)
    assert (picture.width, picture.height) == canvas and ANIMATED in picture.notes
    assert np.array_equal(picture.alpha[6:26, 4:34], frame[:, :, 3]) and picture.alpha.sum() == frame[:, :, 3].sum()
    assert np.array_equal(eight_bit(picture)[6:26, 4:34], frame[:, :, :3])


def test_later_frames_may_be_missing_but_not_the_first():
    data = files.animated("GIF")
    second = data.index(b"\x21\xf9", data.index(b"\x2c"))
    assert np.array_equal(decode(data[: second + 40]).rgb, decode(data).rgb)
    for cut in range(20, data.index(b"\x21\xf9", 800), 7):
        with pytest.raises(BadPicture):
            decode(data[:cut])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_bmp_is_what_pillow_sees(mode):
    image = Image.fromarray(RGB).convert(mode, dither=Image.Dither.NONE)
    picture = decode(files.pil(image, "BMP", dpi=(300, 300)))
    assert np.array_equal(eight_bit(picture), np.asarray(image.convert("RGB"))) and picture.grey == (mode in "1L")
    assert [round(value) for value in picture.dpi] == [300, 300]


def test_a_bmp_from_the_top_with_alpha():
    rgba = files.samples("uint8", 4)
    picture = decode(files.bmp_with_alpha(rgba))
    assert np.array_equal(eight_bit(picture), rgba[:, :, :3]) and np.array_equal(picture.alpha, rgba[:, :, 3])


def run_lengths(width: int, height: int, packed: bytes) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(packed), 0, 0, 4, 4)
    colours = bytes([0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 9, 9, 9, 0])
    start = 14 + 40 + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(packed), 0, 0, start) + header + colours + packed


@pytest.mark.parametrize("label", [label for label in files.small_files() if label.startswith("bmp")])
def test_a_bmp_that_breaks_off_is_known_by_its_length(label):
    data = files.small_files()[label]
    places = [data[:10] + struct.pack("<I", place) + data[14:] for place in (len(data) - 20, 2**31)]
    for cut in (*(data[:end] for end in range(len(data) - 9, len(data))), *places):
        for read in (verify, decode):
            with pytest.raises(BadPicture):
                read(cut)


def test_a_bmp_of_run_lengths():
    packed = b"".join(bytes([16, row % 3, 4, 3, 0, 0]) for row in range(20)) + b"\0\1"
    picture = decode(run_lengths(20, 20, packed))
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], np.uint8)
    upwards = palette[np.stack([np.repeat([row % 3, 3], (16, 4)) for row in range(20)])]
    assert np.array_equal(eight_bit(picture), upwards[::-1])
    with pytest.raises(BadPicture):
        decode(run_lengths(20, 20, packed[:50]))


def test_a_bmps_own_profile_counts():
    profile = files.rgb_profile(files.P3, 2.2)
    plain = files.pil(RGB, "BMP")
    header = struct.pack("<IiiHHIIiiII", 124, 23, 19, 1, 24, 0, 0, 0, 0, 0, 0).ljust(56, b"\0") + b"DEBM"
    header = header.ljust(112, b"\0") + struct.pack("<II", 124 + len(plain) - 54, len(profile)) + bytes(4)
    data = b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 124) + header + plain[54:] + profile
    assert decode(data).icc == profile


@pytest.mark.parametrize("offset, value, word", [(14, 64, "64 bits"), (16, 5, "PNG inside")])
def test_bmps_of_other_kinds_are_named(offset, value, word):
    data = bytearray(files.pil(RGB, "BMP"))
    data[14 + offset] = value
    with pytest.raises(UnsupportedPicture, match=word):
        decode(bytes(data))


@pytest.mark.parametrize("label, at", [("gif palette", 6), ("bmp rgb", 18)])
def test_sizes_are_held_against_the_limit_before_anything_is_unpacked(label, at):
    data = files.small_files()[label]
    sizes = struct.pack("<HH", 60_000, 60_000) if label.startswith("gif") else struct.pack("<ii", 60_000, 60_000)
    with pytest.raises(PictureTooLarge):
        probe(data[:at] + sizes + data[at + len(sizes) :], Limits())


def test_a_text_that_begins_like_a_bmp_is_none():
    with pytest.raises(UnsupportedPicture, match="no picture"):
        decode(b"BMW is a maker of cars, and this is a text about it.")
