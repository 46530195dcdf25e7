"""Pictures -> bytes."""

from __future__ import annotations

from dataclasses import replace

import imagecodecs
import numpy as np
from PIL import Image

from ..formats import FORMATS, answered_in
from . import alpha as transparency
from . import profiles
from .codecs import codec, png
from .decode import assemble, decode, read
from .limits import Limits
from .negotiation import check_fits, depth_in
from .picture import TOP, Header, Outgoing, Picture, stripped
from .recognition import recognise


def encode(picture: Picture, format: str | None = None, quality: int = 95) -> bytes:
    """The picture's file, in its own ``format`` (PNG where that is only read) or another of ``WRITTEN``; ``losses`` says what that
    one cannot hold.

    Size, depth, alpha, greyness, resolution, colour profile and metadata are the picture's. ``quality``, 1 to 100, is for JPEG
    (4:4:4) and lossy WebP; a WebP is lossless where the picture's own file was. Raises :class:`NotAcceptable` where the format has
    no room for a picture of this size.
    """
    return write(outgoing(picture, format, quality), format or answered_in(picture.format))


def write(outgoing: Outgoing, format: str) -> bytes:
    """The file of what :func:`outgoing` has made for ``format``."""
    return codec(format).write(outgoing)


def outgoing(picture: Picture, format: str | None = None, quality: int = 95) -> Outgoing:
    """The picture in the very samples that its file will have; the first half of :func:`encode`, after which a large picture itself
    need not stay in memory. Raises as that does."""
    name = format or answered_in(picture.format)
    check_fits(name, picture.width, picture.height)
    form, dtype = FORMATS[name], depth_in(name, picture.dtype)
    rgb, alpha = picture.rgb, picture.alpha
    if alpha is not None and not form.alpha:
        rgb, alpha = transparency.flattened(rgb, alpha), None
    colours, icc = _in_own_space(rgb, picture)
    if picture.grey and not form.grey:
        if icc is not None:
            colours, icc = np.repeat(profiles.to_grey(rgb), 3, axis=2), None
        else:
            colours = np.repeat(colours, 3, axis=2)
    samples = np.empty((*colours.shape[:2], colours.shape[2] + (alpha is not None)), dtype)
    quantise(colours, samples[:, :, : colours.shape[2]])
    if alpha is not None:
        samples[:, :, -1] = converted(alpha, dtype)
    return Outgoing(
        samples,
        icc=icc,
        dpi=picture.dpi,
        lossless=picture.lossless,
        quality=quality,
        exif=picture.exif,
        xmp=picture.xmp,
        recipe=picture.recipe,
    )


def without_metadata(data: bytes, limits: Limits | None = None) -> bytes:
    """A file that :func:`encode` has made, with the very same pixels and profile and nothing else. Raises as ``decode`` does."""
    name = recognise(data)
    if hasattr(codec(name), "without_metadata"):
        return codec(name).without_metadata(data)
    return encode(stripped(decode(data, limits)))


def _in_own_space(rgb: np.ndarray, picture: Picture) -> tuple[np.ndarray, bytes | None]:
    """Colours (H, W, 1 or 3) in the picture's own profile, and that profile."""
    if picture.icc is not None and not profiles.is_srgb(picture.icc, "grey" if picture.grey else "rgb"):
        return profiles.from_srgb(rgb, picture.icc, picture.grey), picture.icc
    return (profiles.to_grey(rgb) if picture.grey else rgb), picture.icc


def quantise(values: np.ndarray, out: np.ndarray) -> None:
    """Float colours (H, W, C), full intensity 1, into ``out``: rounded and clipped for integers, as they are for floats."""
    if out.dtype == np.float32:
        out[:] = values
        return
    top = np.float32(TOP[out.dtype])
    for rows in profiles.strips(*values.shape[:2]):
        part = values[rows] * top
        np.fmin(np.fmax(part, 0, out=part), top, out=part)  # fmax(NaN, 0) is 0
        out[rows] = np.rint(part, out=part)


def converted(alpha: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Alpha in another depth; in its own, the very same array."""
    if alpha.dtype == dtype:
        return alpha
    out = np.empty(alpha.shape, dtype)
    quantise(transparency.opacity(alpha)[:, :, None], out[:, :, None])
    return out


def to_png8(rgb: np.ndarray, alpha: np.ndarray | None = None) -> bytes:
    """An 8-bit PNG, made fast, for previews. ``rgb``: float (H, W, 3), 0 to 1; ``alpha``: (H, W) of any depth."""
    samples = np.empty((*rgb.shape[:2], 3 + (alpha is not None)), np.uint8)
    quantise(np.asarray(rgb, np.float32), samples[:, :, :3])
    if alpha is not None:
        samples[:, :, 3] = converted(alpha if alpha.dtype in TOP else alpha.astype(np.float32), samples.dtype)
    return png.packed(samples)


def thumbnail(data: bytes, side: int = 256, limits: Limits | None = None) -> bytes:
    """A small 8-bit sRGB PNG of the picture in ``data``: at most ``side`` px long, never enlarged. Raises as ``decode`` does."""
    name, header, samples = read(data, limits or Limits())
    height, width = samples.shape[:2]
    scale = min(1.0, side / max(height, width))
    target = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Shrink first, in the file's own colours: a profile's conversion then costs nothing.
    header, samples = _shrunk(header, samples, max(1, height // (2 * target[1])), max(1, width // (2 * target[0])))
    picture = assemble(name, header, samples)
    pixels = np.empty((*picture.rgb.shape[:2], 4), np.uint8)
    quantise(picture.rgb, pixels[:, :, :3])
    pixels[:, :, 3] = 255 if picture.alpha is None else converted(picture.alpha, pixels.dtype)
    image = Image.fromarray(pixels).convert("RGBa").resize(target, Image.Resampling.LANCZOS).convert("RGBA")
    small = np.asarray(image)
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(small if picture.alpha is not None else small[:, :, :3]), level=6))


def _shrunk(header: Header, samples: np.ndarray, down: int, across: int) -> tuple[Header, np.ndarray]:
    """Means of ``down`` x ``across`` blocks, weighted by alpha. 16 bit for integers; edges short of a block are left out."""
    if down * across == 1:
        return header, samples
    height, width = samples.shape[0] // down, samples.shape[1] // across
    dtype = np.dtype(np.float32 if header.dtype == np.float32 else np.uint16)
    out = np.empty((height, width, samples.shape[2]), dtype)
    for rows in profiles.strips(height, width * down * across):
        block = samples[rows.start * down : rows.stop * down, : width * across].astype(np.float32) / np.float32(TOP[header.dtype])
        block = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=0.0) if header.dtype == np.float32 else block
        if header.alpha:
            block[:, :, :-1] *= block[:, :, -1:]
        block = block.reshape(-1, down, width, across, samples.shape[2]).mean(axis=(1, 3))
        if header.alpha:
            block[:, :, :-1] /= np.maximum(block[:, :, -1:], np.finfo(np.float32).tiny)
        quantise(block, out[rows])
    return replace(header, dtype=dtype), out
