"""Damaged files of every sort: one of our own errors or a sound picture, and soon. `FUZZ=20000` runs longer."""

from __future__ import annotations

import os
import struct
import zlib
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from impasto.errors import BadPicture, PictureTooLarge, PictureTooSmall, UnsupportedPicture
from impasto.images import Limits, decode, encode, probe, thumbnail, verify

from . import files

SEEDS = list(files.small_files().values())
LIMITS = Limits(max_megapixels=1)
EXAMPLES = int(os.environ.get("FUZZ", "200"))

places = st.floats(0, 1, exclude_max=True)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("set"), places, st.integers(0, 255)),
        st.tuples(st.just("early"), places, st.integers(0, 255)),  # in the first 200 bytes, where the headers are
        st.tuples(st.just("flip"), places, st.integers(0, 7)),
        st.tuples(st.just("number"), places, st.sampled_from([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])),
        st.tuples(st.just("cut"), places, st.just(0)),
        st.tuples(st.just("drop"), places, st.integers(1, 64)),
        st.tuples(st.just("repeat"), places, st.integers(1, 64)),
        st.tuples(st.just("splice"), places, st.integers(0, len(SEEDS) - 1)),
    ),
    min_size=1,
    max_size=6,
)


def changed(data: bytes, steps: list[tuple[str, float, int]]) -> bytes:
    for kind, place, value in steps:
        at = int(place * (min(len(data), 200) if kind == "early" else len(data)))
        data = bytearray(data)
        if kind in ("set", "early") and data:
            data[at] = value
        elif kind == "flip" and data:
            data[at] ^= 1 << value
        elif kind == "number":
            data[at : at + 4] = struct.pack("<I" if value & 1 else ">I", value)
        elif kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at : at + value]
        elif kind == "repeat":
            data[at:at] = data[at : at + value]
        elif kind == "splice":
            other = SEEDS[value]
            data[at:] = other[int(place * len(other)) :]
    return bytes(data)


def mended(data: bytes) -> bytes:
    """A PNG with its checksums made right again, so that the damage gets past them."""
    if not data.startswith(files.PNG_SIGNATURE):
        return data
    out, place = [data[:8]], 8
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        body = data[place + 4 : place + 8 + length]
        out += [data[place : place + 4], body, struct.pack(">I", zlib.crc32(body))]
        place += 12 + length
    return b"".join(out)


def check(data: bytes) -> None:
    try:
        info = probe(data, LIMITS)
        picture = decode(data, LIMITS)
    except (BadPicture, PictureTooLarge, PictureTooSmall, UnsupportedPicture) as error:
        assert error.message.endswith(".")
        with pytest.raises(type(error)):
            verify(data, LIMITS)
        return
    assert verify(data, LIMITS) == info
    assert (picture.height, picture.width) == (info.height, info.width) and picture.rgb.shape == (info.height, info.width, 3)
    assert picture.rgb.dtype == np.float32 and np.isfinite(picture.rgb).all()
    assert picture.alpha is None or (picture.alpha.shape == picture.rgb.shape[:2] and picture.alpha.dtype == picture.dtype)
    again = decode(encode(picture), LIMITS)
    assert again.rgb.shape == picture.rgb.shape and (again.alpha is None or np.array_equal(again.alpha, picture.alpha))
    assert thumbnail(data, 32, LIMITS).startswith(files.PNG_SIGNATURE)


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=timedelta(seconds=5),
    derandomize="FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(SEEDS), changes, st.booleans())
def test_damaged_files(seed, steps, mend):
    data = changed(seed, steps)
    check(mended(data) if mend else data)


@settings(max_examples=EXAMPLES // 5, deadline=timedelta(seconds=5), derandomize="FUZZ" not in os.environ)
@given(st.sampled_from([seed[:n] for seed in SEEDS for n in (0, 4, 8, 12, 16, 40)]), st.binary(max_size=400))
def test_noise_behind_a_true_beginning(start, noise):
    check(start + noise)
