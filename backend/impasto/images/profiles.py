"""Colour profiles: into sRGB for the engine, and back into the picture's own for its answer.

LittleCMS does the work, in float and without clipping, by relative colorimetric intent with black point compensation
(what editors use by default). A profile that is sRGB in all but name is not converted at all, so that samples pass
through to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator

import imagecodecs
import numpy as np

from .limits import MAX_PROFILE_BYTES
from .picture import TOP

SPACES = {b"GRAY": "grey", b"RGB ": "rgb", b"CMYK": "cmyk"}
_LCMS_SPACES = {"grey": "gray", "rgb": "rgb", "cmyk": "cmyk"}

_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")

SAME = 0.5 / 255
"""Colours nearer than half an 8-bit step are the same to every eye and every 8-bit file."""

STRIP = 1 << 20
"""Pixels converted at a time: bounds what is held beside the result."""

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Luminance of linear sRGB (ITU-R BT.709)."""


class BrokenProfile(Exception):
    """A profile that cannot be used; the text says why, in half a sentence."""


def check(icc: bytes, model: str) -> None:
    """Raises :class:`BrokenProfile` where ``icc`` cannot serve a picture with channels of ``model`` ("grey", "rgb", "cmyk")."""
    if len(icc) > MAX_PROFILE_BYTES:
        raise BrokenProfile("is too long")
    if len(icc) < 132 or icc[36:40] != b"acsp" or icc[12:16] not in _CLASSES or icc[16:20] not in SPACES:
        raise BrokenProfile("is damaged or of an unknown kind")
    if SPACES[icc[16:20]] != model:
        raise BrokenProfile(f"is for {SPACES[icc[16:20]].upper()} and the picture has {model.upper()} channels")
    try:
        there = to_srgb(_swatches(model), icc, model)
        back = from_srgb(there, icc, model == "grey") if model != "cmyk" else there
    except BrokenProfile:
        raise
    except Exception:
        raise BrokenProfile("cannot be used") from None
    if not (np.isfinite(there).all() and np.isfinite(back).all() and np.abs(there).max() < 100):
        raise BrokenProfile("gives no sensible colours")


def is_srgb(icc: bytes | None, model: str = "rgb") -> bool:
    """Whether ``icc`` (already checked) makes no visible difference to sRGB; true for none at all."""
    if icc is None:
        return True
    if model == "cmyk":
        return False
    swatches = _swatches(model)
    plain = swatches.astype(np.float32) / TOP[swatches.dtype]
    return bool(np.abs(to_srgb(swatches, icc, model) - plain).max() < SAME)


def to_srgb(samples: np.ndarray, icc: bytes, model: str) -> np.ndarray:
    """``samples`` (H, W, C) of ``model`` in their profile -> float32 (H, W, 3), sRGB-encoded, mirrored beyond 0..1.

    Integers of either depth, or float32 with 1 for full intensity; CMYK only as integers, 0 for no ink.
    """
    srgb, space = imagecodecs.cms_profile("srgb"), _LCMS_SPACES[model]
    out = np.empty((*samples.shape[:2], 3), np.float32)
    for rows in strips(*samples.shape[:2]):
        part = np.ascontiguousarray(samples[rows, :, 0] if model == "grey" else samples[rows])
        out[rows] = _mirrored(_transform(part, icc, srgb, space, "rgb"))
    if model == "grey":  # rounding in the white point's adaptation leaves a tint of about 1e-5
        out[:] = out.mean(axis=2, keepdims=True)
    return out


def from_srgb(rgb: np.ndarray, icc: bytes, grey: bool) -> np.ndarray:
    """The inverse of :func:`to_srgb`: float32 (H, W, 3), or (H, W, 1) for a grey profile, with 1 for full intensity."""
    srgb = imagecodecs.cms_profile("srgb")
    out = np.empty((*rgb.shape[:2], 1 if grey else 3), np.float32)
    for rows in strips(*rgb.shape[:2]):
        part = _unmirrored(np.ascontiguousarray(rgb[rows]))
        if grey:
            out[rows, :, 0] = _transform(part, srgb, icc, "rgb", "gray")
        else:
            out[rows] = _transform(part, srgb, icc, "rgb", "rgb")
    return out


def cmyk_to_rgb(samples: np.ndarray) -> np.ndarray:
    """Plain conversion of CMYK integers (H, W, 4) that carry no profile -> float32 (H, W, 3)."""
    out = np.empty((*samples.shape[:2], 3), np.float32)
    for rows in strips(*samples.shape[:2]):
        ink = 1 - samples[rows].astype(np.float32) / np.float32(TOP[samples.dtype])
        out[rows] = ink[:, :, :3] * ink[:, :, 3:]
    return out


def to_grey(rgb: np.ndarray) -> np.ndarray:
    """sRGB-encoded (H, W, 3) -> (H, W, 1): the grey of the same luminance. Pixels that are grey already stay to the bit."""
    out = rgb[:, :, :1].copy()
    for rows in strips(*rgb.shape[:2]):
        part = rgb[rows]
        coloured = (part[:, :, 0] != part[:, :, 1]) | (part[:, :, 0] != part[:, :, 2])
        if coloured.any():
            out[rows][coloured, 0] = _encoded(_linear(part[coloured]) @ LUMINANCE)
    return out


def strips(height: int, width: int) -> Iterator[slice]:
    """Slices of rows, each of about :data:`STRIP` pixels, that cover a picture."""
    step = max(1, STRIP // max(1, width))
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


def _transform(part: np.ndarray, source: bytes, target: bytes, space: str, target_space: str) -> np.ndarray:
    return imagecodecs.cms_transform(
        part,
        source,
        target,
        colorspace=space,
        outcolorspace=target_space,
        outdtype=np.float32,
        intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION,
    )


def _swatches(model: str) -> np.ndarray:
    """A coarse grid over all colours, and a fine one over the greys, as 16-bit samples (1, N, C)."""
    channels = {"grey": 1, "rgb": 3, "cmyk": 4}[model]
    grid = np.stack(np.meshgrid(*[np.linspace(0, 65535, 4)] * channels), -1).reshape(-1, channels)
    greys = np.linspace(0, 65535, 33)[:, None].repeat(channels, 1)
    return np.rint(np.concatenate([grid, greys]))[None].astype(np.uint16)


def _linear(values: np.ndarray) -> np.ndarray:
    """sRGB decoding (IEC 61966-2-1), odd-symmetric."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4), values)


def _encoded(values: np.ndarray) -> np.ndarray:
    """sRGB encoding (IEC 61966-2-1), odd-symmetric."""
    size = np.abs(values)
    return np.copysign(np.where(size <= 0.0031308, size * 12.92, 1.055 * size ** (1 / 2.4) - 0.055), values)


def _mirrored(rgb: np.ndarray) -> np.ndarray:
    """LittleCMS goes on below 0 along the curve's linear foot, where -0.2 becomes -2.6; mirror the curve there instead."""
    below = rgb < 0
    if below.any():
        rgb[below] = _encoded(rgb[below] / 12.92)
    return rgb


def _unmirrored(rgb: np.ndarray) -> np.ndarray:
    below = rgb < 0
    if below.any():
        rgb = rgb.copy()
        rgb[below] = _linear(rgb[below]) * 12.92
    return rgb
