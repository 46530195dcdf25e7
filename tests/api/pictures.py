"""Small pictures to send."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
from PIL import Image


def pixels(width: int = 64, height: int = 48, channels: int = 3, dtype=np.uint8) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(7).integers(0, top, (height, width, channels), dtype, endpoint=True)


def png(width: int = 64, height: int = 48) -> bytes:
    return encoded("PNG", width, height)


def encoded(form: str, width: int = 64, height: int = 48) -> bytes:
    """A picture in one of Pillow's formats."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(width, height)).save(buffer, form)
    return buffer.getvalue()


def png16(samples: np.ndarray) -> bytes:
    return imagecodecs.png_encode(samples)


def npy(samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, samples)
    return buffer.getvalue()
