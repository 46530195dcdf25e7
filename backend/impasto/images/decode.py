"""Bytes -> pictures."""

from __future__ import annotations

import numpy as np

from ..errors import BadPicture, ImpastoError, PictureTooLarge, UnsupportedPicture
from ..formats import FORMATS
from . import metadata, profiles, xmp
from .codecs import codec, lacking
from .limits import Limits
from .picture import TOP, Dpi, Header, Picture, PictureInfo
from .recognition import recognise

MAX_VALUE = 65504.0
"""Floats beyond this (the largest half float) are damage, not light."""


def probe(data: bytes, limits: Limits | None = None) -> PictureInfo:
    """What the header says. Raises as :func:`decode` does, except for damage that only the pixels show."""
    return _info(*_head(data, limits or Limits()))


def verify(data: bytes, limits: Limits | None = None) -> PictureInfo:
    """What :func:`probe` says, of a picture whose pixels are known to be whole. Raises as :func:`decode` does."""
    name, header = _head(data, limits or Limits())
    if hasattr(codec(name), "verify"):
        with _Guard(name):
            codec(name).verify(data, header)
    else:
        _samples(data, name, header)
    return _info(name, header)


def _info(name: str, header: Header) -> PictureInfo:
    width, height = (header.height, header.width) if header.sideways else (header.width, header.height)
    return PictureInfo(
        width=width,
        height=height,
        format=name,
        dtype=header.dtype,
        alpha=header.alpha,
        grey=header.model == "grey",
        dpi=_upright_dpi(header),
        lossless=header.lossless,
    )


def decode(data: bytes, limits: Limits | None = None) -> Picture:
    """The picture in ``data``: upright, in sRGB, with its alpha untouched.

    Orientation is applied and dropped. Kept are the resolution, the colour profile, and what of EXIF and XMP is true of a painting,
    too (:mod:`.exif`, :mod:`.xmp`).
    Raises :class:`BadPicture` (empty, truncated, damaged), :class:`UnsupportedPicture`, :class:`PictureTooLarge` or
    :class:`PictureTooSmall`, and nothing else. Sizes are checked before pixels are decoded.
    """
    name, header, samples = read(data, limits or Limits())
    with _Guard(name):
        return assemble(name, header, samples)


def recipe_of(data: bytes, limits: Limits | None = None) -> str:
    """The recipe that the picture in ``data`` carries, as a text that nobody has looked at yet; empty for none.

    Raises as :func:`probe` does.
    """
    _, header = _head(data, limits or Limits())
    return header.recipe or xmp.carried(header.xmp, header.width, header.height)[1]


def read(data: bytes, limits: Limits) -> tuple[str, Header, np.ndarray]:
    """Format, header and samples (H, W, C), upright, in the file's own depth and colour space."""
    name, header = _head(data, limits)
    return name, header, metadata.upright(_samples(data, name, header), header.orientation)


def _samples(data: bytes, name: str, header: Header) -> np.ndarray:
    with _Guard(name):
        samples = codec(name).samples(data, header)
        if samples.shape != (header.height, header.width, header.channels) or samples.dtype != header.dtype:
            raise BadPicture("The picture's pixels do not fit its header.")
        return samples


def assemble(name: str, header: Header, samples: np.ndarray) -> Picture:
    """A :class:`Picture` from upright samples as :func:`read` gives them."""
    colours, alpha = samples[:, :, : header.colours], None
    notes = list(header.notes)
    if header.alpha:
        alpha = _finite(np.ascontiguousarray(samples[:, :, -1]), "alpha", notes)
    colours = _finite(colours, "colour", notes)
    icc = _usable(header, notes)
    if icc is not None and not profiles.is_srgb(icc, header.model):
        rgb = profiles.to_srgb(colours, icc, header.model)
    elif header.model == "cmyk":
        rgb = profiles.cmyk_to_rgb(colours)
    else:
        rgb = _scaled(colours)
    if header.model == "cmyk":
        icc = None
        notes.append("The picture was CMYK; the answer is RGB (sRGB).")
    packet, recipe = xmp.carried(header.xmp, samples.shape[1], samples.shape[0])
    return Picture(
        rgb=rgb,
        alpha=alpha,
        dtype=header.dtype,
        grey=header.model == "grey",
        icc=icc,
        format=name,
        dpi=_upright_dpi(header),
        lossless=header.lossless,
        notes=tuple(notes),
        exif=header.exif if header.orientation == 1 else header.exif.turned(),
        xmp=packet,
        recipe=header.recipe or recipe,
    )


def _head(data: bytes, limits: Limits) -> tuple[str, Header]:
    limits.check_bytes(data)
    name = recognise(data)
    if command := lacking(name):
        raise UnsupportedPicture(
            f"{FORMATS[name].label} pictures are read by a library that is not installed here.",
            hint=f"Install it where Impasto runs ({command}) and start the daemon again, or save the picture as a JPEG or PNG.",
        )
    with _Guard(name):
        header = codec(name).head(data, limits)
    limits.check_memory(header.width, header.height, header.channels * header.dtype.itemsize)
    return name, header


def _upright_dpi(header: Header) -> Dpi | None:
    return header.dpi[::-1] if header.dpi and header.sideways else header.dpi


def _usable(header: Header, notes: list[str]) -> bytes | None:
    """The header's profile, or ``None`` and a note where it cannot be used."""
    if header.icc is None:
        return None
    try:
        profiles.check(header.icc, header.model)
        return header.icc
    except profiles.BrokenProfile as problem:
        notes.append(f"The picture's colour profile {problem}; it was left out and sRGB assumed.")
        return None


def _finite(values: np.ndarray, noun: str, notes: list[str]) -> np.ndarray:
    """Floats without NaN, infinities and absurd numbers; integers as they are."""
    if values.dtype != np.float32:
        return values
    sane = np.abs(values) <= MAX_VALUE  # False for NaN too
    if sane.all():
        return values
    bad = values.size - np.count_nonzero(sane)
    notes.append(f"{bad} {noun} values were not finite numbers or beyond all bounds; they were replaced.")
    values = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip(values, -MAX_VALUE, MAX_VALUE)


def _scaled(colours: np.ndarray) -> np.ndarray:
    """Samples (H, W, 1 or 3) -> float32 (H, W, 3), full intensity 1. Exact: float32 holds every 16-bit step."""
    rgb = np.empty((*colours.shape[:2], 3), np.float32)
    rgb[:] = colours
    if colours.dtype != np.float32:
        rgb /= np.float32(TOP[colours.dtype])
    return rgb


class _Guard:
    """Turns whatever a decoder raises into one of our own errors; their texts are for programmers and may name files."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, ImpastoError) or not isinstance(error, Exception):
            return
        if isinstance(error, MemoryError):
            raise PictureTooLarge("There is not enough memory to decode the picture.") from None
        raise BadPicture(f"The {FORMATS[self.name].label} picture is truncated or damaged.") from error
