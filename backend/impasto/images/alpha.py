"""Transparency: what lies under it must not reach the engine.

`filled` is a pull-push pyramid (Gortler et al., The Lumigraph, SIGGRAPH 1996, section 3.4): colours weighted by alpha are
averaged down to a single pixel and interpolated back up wherever a level has too little of them. Departure: how much a pixel counts
at the finest level is judged by its neighbourhood. Half-transparent glass has colours of its own, and blending them with their
surroundings would blur it; the soft rim of an opaque cut-out has hardly any, mostly noise that the engine would take for an edge.
"""

from __future__ import annotations

import numpy as np

from .picture import TOP, Picture
from .profiles import strips

OPAQUE_ENOUGH = 1 / 2
"""A pixel keeps its colour in full with this share of the highest opacity nearby."""

NEARBY = 16
"""Side of the blocks, in pixels, whose highest opacity (and their neighbours') counts as nearby."""

COVERED = 1 / 4
"""Share of a coarse pixel that must be covered for its own average to count in full."""

NOTHING = 0.5
"""What a picture without a single visible pixel is filled with: mid grey."""


def opacity(alpha: np.ndarray) -> np.ndarray:
    """Alpha of any depth -> float32, 0 to 1."""
    return np.clip(alpha.astype(np.float32) / np.float32(TOP[alpha.dtype]), 0, 1)


def unmultiplied(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours (H, W, C) that were stored multiplied by ``alpha`` (H, W), as they are by themselves; black where nothing shows."""
    top = TOP[colours.dtype]
    share = np.maximum(alpha.astype(np.float32) / np.float32(top), np.finfo(np.float32).tiny)[:, :, None]
    plain = np.where(alpha[:, :, None] > 0, colours / share, 0)
    return plain.astype(np.float32) if colours.dtype == np.float32 else np.rint(np.clip(plain, 0, top)).astype(colours.dtype)


def filled(picture: Picture) -> np.ndarray:
    """The picture's rgb, float32 (H, W, 3), with transparent parts filled smoothly from their visible surroundings.

    Opaque pixels keep their colours to the bit, and so do those that are at least half as opaque as the most opaque nearby; nothing
    that alpha hides has any influence. Where nothing is transparent this is ``picture.rgb`` itself. Needs as much memory again as
    the result.
    """
    if picture.alpha is None or bool((picture.alpha >= TOP[picture.alpha.dtype]).all()):
        return picture.rgb
    levels = [_halved_first(picture.rgb, picture.alpha)]
    while max(levels[-1][1].shape) > 1:
        levels.append(_halved(*levels[-1]))
    weighted, weight = levels.pop()
    colour = _over(weighted, weight) if weight.all() else np.full((1, 1, 3), NOTHING, np.float32)
    for weighted, weight in reversed(levels):
        around = _doubled(colour, weight.shape)
        colour = _blend(_over(weighted, weight), np.minimum(weight / COVERED, 1), around)
    return _filled_from(picture, picture.alpha, colour)


def flattened(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The picture laid on white: float32 (H, W, 3)."""
    out = np.empty_like(rgb)
    for rows in strips(*rgb.shape[:2]):
        part = opacity(alpha[rows])[:, :, None]
        out[rows] = rgb[rows] * part + (1 - part)
    return out


def _filled_from(picture: Picture, alpha: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Strip by strip, because here the arrays have the picture's full size."""
    out, peaks = picture.rgb.copy(), _peaks(alpha)
    for rows in _even_strips(*alpha.shape):
        opaque = opacity(alpha[rows])
        nearby = peaks[rows.start // NEARBY : -(-rows.stop // NEARBY)].repeat(NEARBY, 0).repeat(NEARBY, 1)
        enough = np.maximum(OPAQUE_ENOUGH * nearby[: opaque.shape[0], : opaque.shape[1]], np.finfo(np.float32).tiny)
        own = np.minimum(opaque / enough, 1)
        if own.min() < 1:
            own, around = own[:, :, None], _doubled_rows(coarse, rows, alpha.shape)
            # A hidden colour may be anything at all, and anything times 0 is not always 0 in floats; so choose, then mix.
            mixed = np.where(own > 0, out[rows], around)
            mixed = (mixed - around) * own + around
            out[rows] = np.where(own < 1, mixed, out[rows])
    return out


def _peaks(alpha: np.ndarray) -> np.ndarray:
    """The highest opacity in each block of NEARBY pixels and its eight neighbours: float32 (ceil(H / NEARBY), ceil(W / NEARBY))."""
    blocks = alpha
    for axis in (0, 1):
        blocks = np.maximum.reduceat(blocks, np.arange(0, alpha.shape[axis], NEARBY), axis=axis)
    for axis in (0, 1):
        edged = np.pad(blocks, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        blocks = np.maximum.reduce([edged.take(np.arange(n, n + blocks.shape[axis]), axis) for n in range(3)])
    return opacity(blocks)


def _halved_first(rgb: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = alpha.shape
    weighted = np.empty(((height + 1) // 2, (width + 1) // 2, 3), np.float32)
    weight = np.empty(weighted.shape[:2], np.float32)
    for rows in _even_strips(height, width):
        part = opacity(alpha[rows])
        colours = np.where(part[:, :, None] > 0, rgb[rows] * part[:, :, None], 0)
        half = slice(rows.start // 2, (rows.stop + 1) // 2)
        weighted[half], weight[half] = _halved(colours, part)
    return weighted, weight


def _halved(weighted: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """2 x 2 means of (H, W, 3) and (H, W); what lies beyond an odd edge counts as transparent."""

    def mean(values: np.ndarray) -> np.ndarray:
        for axis in (0, 1):
            before: tuple[slice, ...] = (slice(None),) * axis
            even, odd = values[before + (slice(0, None, 2),)], values[before + (slice(1, None, 2),)]
            values = even * np.float32(0.5)
            values[before + (slice(0, odd.shape[axis]),)] += odd * np.float32(0.5)
        return values

    return mean(weighted), mean(weight)


def _over(weighted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return weighted / np.maximum(weight, np.finfo(np.float32).tiny)[:, :, None]


def _blend(own: np.ndarray, share: np.ndarray, around: np.ndarray) -> np.ndarray:
    return around + (own - around) * share[:, :, None]


def _doubled(coarse: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return _doubled_rows(coarse, slice(0, shape[0]), shape)


def _doubled_rows(coarse: np.ndarray, rows: slice, shape: tuple[int, int]) -> np.ndarray:
    """Rows of the bilinear enlargement of ``coarse`` by 2: each fine pixel is 3/4 its parent and 1/4 the parent's neighbour."""
    lines = _doubled_axis(coarse, rows, axis=0)
    return _doubled_axis(lines, slice(0, shape[1]), axis=1)


def _doubled_axis(coarse: np.ndarray, part: slice, axis: int) -> np.ndarray:
    fine = np.arange(part.start, part.stop)
    parent = fine // 2
    neighbour = np.clip(parent + np.where(fine % 2, 1, -1), 0, coarse.shape[axis] - 1)
    return coarse.take(parent, axis) * np.float32(0.75) + coarse.take(neighbour, axis) * np.float32(0.25)


def _even_strips(height: int, width: int) -> list[slice]:
    """Strips that begin at a multiple of NEARBY rows, so that no block is cut."""
    step = max(NEARBY, (1 << 20) // max(1, width) // NEARBY * NEARBY)
    return [slice(top, min(top + step, height)) for top in range(0, height, step)]
