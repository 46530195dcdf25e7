"""Arrays and Pillow's images <-> pictures, for programs that have pixels rather than files."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from ..errors import UnsupportedPicture
from .decode import assemble
from .encode import outgoing
from .limits import Limits
from .picture import TOP, Header, Picture

CHANNELS = {1: ("grey", False), 2: ("grey", True), 3: ("rgb", False), 4: ("rgb", True)}
"""Channels -> colour model, and whether the last one is alpha."""

SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's modes of grey with 16 bits."""


def from_array(array: np.ndarray, icc: bytes | None = None, limits: Limits | None = None) -> Picture:
    """A picture from samples (H, W) or (H, W, C), C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.

    uint8, uint16 or float32 (0 to 1), sRGB-encoded or in the profile ``icc``; alpha is not premultiplied. The samples are copied.
    Raises :class:`UnsupportedPicture`, :class:`PictureTooSmall` or :class:`PictureTooLarge`.
    """
    shape = array.shape
    if array.dtype not in TOP or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in CHANNELS) or not math.prod(shape):
        raise UnsupportedPicture(
            f"The array is {' x '.join(map(str, shape))} of {array.dtype}, but must be H x W or H x W x C, C from 1 to 4, "
            "of uint8, uint16 or float32."
        )
    (limits or Limits()).check_size(shape[1], shape[0])
    model, alpha = CHANNELS[shape[2] if len(shape) == 3 else 1]
    header = Header(shape[1], shape[0], array.dtype.newbyteorder("="), model, alpha, icc=icc)
    samples = np.array(array, header.dtype, order="C", copy=True).reshape(shape[0], shape[1], header.channels)
    return assemble("npy", header, samples)


def to_array(picture: Picture, shape: tuple[int, ...]) -> np.ndarray:
    """The picture's samples in its own depth, with as many axes as ``shape``, that of the array that it came from, has."""
    samples = outgoing(picture, "npy").samples
    return samples[:, :, 0] if len(shape) == 2 else samples


def from_image(image: Image.Image, limits: Limits | None = None) -> Picture:
    """A picture from Pillow's image of any mode; palettes and other colour models become RGB. Raises as :func:`from_array` does."""
    if image.mode in SIXTEEN_BIT:
        samples = np.asarray(image).astype(np.uint16)
    elif image.mode == "F":
        samples = np.asarray(image, np.float32)
    elif image.mode in ("L", "LA", "RGB", "RGBA"):
        samples = np.asarray(image)
    else:
        samples = np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    return from_array(samples, image.info.get("icc_profile"), limits)


def to_image(picture: Picture) -> Image.Image:
    """Pillow's image of a picture that came from one, with its colour profile."""
    samples = outgoing(picture, "npy").samples
    image = Image.fromarray(samples[:, :, 0] if samples.shape[2] == 1 else samples)
    if picture.icc is not None:
        image.info["icc_profile"] = picture.icc
    return image
