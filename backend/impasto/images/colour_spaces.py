"""Colours told by something else than a profile: PNG's cICP, gAMA and cHRM, AVIF's and HEIC's nclx, and cameras' Adobe RGB.

They become profiles here, which are used, and written into the answer, like any other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import imagecodecs
import numpy as np

from ..errors import UnsupportedPicture

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue, in CIE 1931."""

_D65, _DCI, _C = (0.3127, 0.3290), (0.314, 0.351), (0.310, 0.316)
_PRIMARIES: dict[int, Chromaticities] = {
    1: (*_D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060),
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (*_DCI, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
"""By their numbers in ITU-T H.273."""

SRGB = _PRIMARIES[1]
_ADOBE_RGB: Chromaticities = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
_ADOBE_GAMMA = 563 / 256

UNSPECIFIED, SRGB_PRIMARIES = 2, 1
_SRGB_CURVE, _CAMERAS, _HDR = 13, (1, 6, 14, 15), {16: "PQ", 18: "HLG"}
_CURVE_POINTS = 1024

SRGB_GAMMA, NEAR = 0.45455, 0.0005
"""What PNGs in sRGB name as their gamma, and what counts as the same number."""


NOT_KNOWN = "The picture's colours are described in a way that is not known; sRGB was assumed."


class UnknownSpace(Exception):
    """A description that says nothing which could be used."""


def of_cicp(primaries: int, transfer: int, matrix: int, full_range: int, grey: bool) -> bytes | None:
    """The profile for coding-independent code points (H.273); None for sRGB. Raises :class:`UnknownSpace`, and
    :class:`UnsupportedPicture` for the two transfer functions of HDR."""
    if transfer in _HDR:
        raise UnsupportedPicture(
            f"The picture is HDR ({_HDR[transfer]}), which is not taken.",
            hint="Export it for an ordinary screen: sRGB or Display P3.",
        )
    if primaries not in _PRIMARIES or transfer not in _DECODED or matrix != 0 or full_range != 1:
        raise UnknownSpace
    if (primaries == SRGB_PRIMARIES or grey) and transfer == _SRGB_CURVE:
        return None
    return _profile(_PRIMARIES[primaries], transfer, grey)


def of_video(primaries: int, transfer: int, grey: bool) -> bytes | None:
    """The profile for the code points of an AVIF or HEIC; None for sRGB. Raises as :func:`of_cicp` does.

    What is left open is sRGB's, and so are the curves of video cameras, which encoders name where nothing was said: browsers, too,
    show such pictures as sRGB.
    """
    primaries = SRGB_PRIMARIES if primaries == UNSPECIFIED else primaries
    transfer = _SRGB_CURVE if transfer in (UNSPECIFIED, *_CAMERAS) else transfer
    return of_cicp(primaries, transfer, 0, 1, grey)


def of_gamma(gamma: float, chromaticities: Chromaticities | None, grey: bool) -> bytes | None:
    """The profile for a PNG's gAMA (the exponent with which it is encoded) and cHRM; None for sRGB.

    Raises :class:`UnknownSpace`.
    """
    places = chromaticities or SRGB
    if not 0.1 <= gamma <= 10 or not all(0 <= place <= 1 for place in places) or not all(places[1::2]):
        raise UnknownSpace
    is_srgb = grey or all(abs(one - other) <= 0.001 for one, other in zip(places, SRGB, strict=True))
    if abs(gamma - SRGB_GAMMA) <= NEAR and is_srgb:
        return None
    return _with_gamma(places, 1 / gamma, grey)


def places(primaries: int) -> Chromaticities:
    """Where white and the primaries of that number (H.273) are. Raises :class:`UnknownSpace`."""
    if primaries not in _PRIMARIES:
        raise UnknownSpace
    return _PRIMARIES[primaries]


def adobe_rgb() -> bytes:
    """What cameras write where they name the space by EXIF's interoperability index R03 alone."""
    return _with_gamma(_ADOBE_RGB, _ADOBE_GAMMA, False)


def _709(values: np.ndarray) -> np.ndarray:
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def _srgb(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


_DECODED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: _709,
    4: lambda values: values**2.2,
    5: lambda values: values**2.8,
    6: _709,
    8: lambda values: values,
    _SRGB_CURVE: _srgb,
    14: _709,
    15: _709,
}
"""By their numbers in H.273: from encoded 0..1 to light 0..1."""


@functools.lru_cache(maxsize=16)
def _profile(places: Chromaticities, transfer: int, grey: bool) -> bytes:
    curve = np.rint(_DECODED[transfer](np.linspace(0, 1, _CURVE_POINTS)) * 65535).astype(np.uint16)
    return _made(places, grey, curve, None)


@functools.lru_cache(maxsize=16)
def _with_gamma(places: Chromaticities, gamma: float, grey: bool) -> bytes:
    return _made(places, grey, None, gamma)


def _made(places: Chromaticities, grey: bool, curve: np.ndarray | None, gamma: float | None) -> bytes:
    white = [*places[:2], 1.0]
    if grey:
        return bytes(imagecodecs.cms_profile("gray", whitepoint=white, transferfunction=curve, gamma=gamma))
    primaries = [number for at in (2, 4, 6) for number in (*places[at : at + 2], 1.0)]
    return bytes(imagecodecs.cms_profile("rgb", whitepoint=white, primaries=primaries, transferfunction=curve, gamma=gamma))
