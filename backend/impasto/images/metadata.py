"""The two things that count in a picture's metadata: which way is up, and how many pixels make an inch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image

from .limits import MAX_EXIF_BYTES
from .picture import Dpi

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 274, 282, 283, 296
_INCH, _CENTIMETRE = 2, 3
_EXIF, _INTEROPERABILITY, _COLOUR_SPACE, _INDEX = 0x8769, 0xA005, 0xA001, 1
_IS_SRGB, _IS_ADOBE_RGB = 1, 2


def read_exif(exif: bytes | memoryview) -> tuple[int, Dpi | None]:
    """Orientation (1 to 8; 1 where it is missing or senseless) and resolution from an EXIF block, with or without its prefix."""
    if len(exif) > MAX_EXIF_BYTES:
        return 1, None
    try:
        tags = Image.Exif()
        tags.load(bytes(exif))
        return orientation(tags.get(_ORIENTATION)), dpi(tags.get(_X_RESOLUTION), tags.get(_Y_RESOLUTION), tags.get(_UNIT, _INCH))
    except Exception:  # whatever a hostile block provokes in the parser, a picture without metadata is still a picture
        return 1, None


def is_adobe_rgb(exif: bytes | memoryview) -> bool:
    """Whether an EXIF block says, as cameras do, that the colours are Adobe RGB: by the interoperability index, or by the number 2
    that some write instead."""
    if not exif or len(exif) > MAX_EXIF_BYTES:
        return False
    try:
        tags = Image.Exif()
        tags.load(bytes(exif))
        shot = tags.get_ifd(_EXIF)
        space = shot.get(_COLOUR_SPACE)
        index = tags.get_ifd(_INTEROPERABILITY).get(_INDEX, "") if _INTEROPERABILITY in shot else ""
    except Exception:  # as above
        return False
    text = index.decode("ascii", "replace") if isinstance(index, bytes) else str(index)
    return space != _IS_SRGB and (text.strip("\0 ") == "R03" or space == _IS_ADOBE_RGB)


def orientation(value: Any) -> int:
    """``value`` where it is one of EXIF's eight orientations, else 1."""
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1


def dpi(across: Any, down: Any, unit: Any = _INCH) -> Dpi | None:
    """A resolution in pixels per inch, or ``None`` where the numbers are missing or make no sense."""
    try:
        scale = {_INCH: 1.0, _CENTIMETRE: 2.54}[unit]
        pair = (float(across) * scale, float(down) * scale)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return pair if all(math.isfinite(v) and 1 <= v <= 100_000 for v in pair) else None


def upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """``samples`` (H, W, C) turned and mirrored as the EXIF ``orientation`` says; a view."""
    if orientation >= 5:
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples
