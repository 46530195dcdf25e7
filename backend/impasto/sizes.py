"""Sizes of pictures, in whole px: arithmetic alone, so that the daemon can tell what a painting will take without torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

Size = tuple[int, int]
"""Height and width in px."""

COARSEST_LONG_SIDE = 128
"""Below this a picture has too few features for statistics to mean anything."""

COARSEST_SHORT_SIDE = 48
"""Long, thin pictures stop earlier, before the encoder's deepest layer is down to a row of single values."""

REFINING_SCALES = 2
"""Scales at which a picture that is painted already is gone over: its large strokes are there, and coarser ones would undo them."""

STEPS = 45
"""At each scale where a painting begins with anything else."""

REFINING_STEPS = (20, 10)
"""At the last two scales where it begins with a picture that is painted already. Most of what is to be gained is gained in few."""

STROKE_PX = 10
"""Px: how broad the strokes are that networks paint, whatever the picture's size."""

MIN_PASS_SIDE = 64
"""Px: no pass is made over a picture whose short side is less; there would be nothing in it to paint."""

MAX_SMALL_PASS_PIXELS = 16 << 20
"""Px of a pass before the last at most: beside a picture of 100 megapixels there is no memory for another of 26."""

STEP_OVERHEAD = 20_000
"""What a step of the iterative method costs whatever the picture's size (matrix roots, mostly), in px' worth of convolutions;
without it the time left would be far overestimated at the coarse scales."""


def fit(size: Size, long_side: float) -> Size:
    """``size`` scaled to ``long_side``, aspect kept; at least 16 px a side."""
    factor = long_side / max(size)
    return max(16, round(size[0] * factor)), max(16, round(size[1] * factor))


def shrunk(size: Size, long_side: int) -> Size:
    """``size`` scaled to ``long_side``, never enlarged."""
    if long_side >= max(size):
        return size
    height, width = fit(size, long_side)
    return min(height, size[0]), min(width, size[1])


def pyramid(size: Size, count: int = 0) -> list[Size]:
    """Sizes from coarse to fine, each sqrt(2) apart, ending with ``size``. ``count`` 0: as many as the picture asks for."""
    height, width = size
    if count == 0:
        shrink = max(COARSEST_LONG_SIDE / max(size), COARSEST_SHORT_SIDE / min(size))
        count = 1 + max(0, math.floor(2 * math.log2(1 / shrink) + 1e-6))
    sizes = [(max(16, round(height / 2 ** (k / 2))), max(16, round(width / 2 ** (k / 2)))) for k in reversed(range(count))]
    sizes[-1] = size
    return sorted(set(sizes))


def pass_sizes(size: Size, stroke_size: float) -> list[Size]:
    """Sizes at which the fast method paints a picture of ``size``, coarse to fine, ending with it.

    The first pass's strokes are about ``stroke_size`` percent of the long side; each further one about doubles the size, but for
    the last over very large pictures.
    """
    long_side, short_side = max(size), min(size)
    coarsest = max(100 * STROKE_PX / stroke_size, MIN_PASS_SIDE * long_side / short_side)
    count = max(0, round(math.log2(long_side / coarsest)))
    small = [fit(size, long_side * (coarsest / long_side) ** (k / count)) for k in range(count, 0, -1)]
    return [one for one in small if one[0] * one[1] <= MAX_SMALL_PASS_PIXELS] + [size]


def steps_at(scales: int, iterations: int, refines: bool) -> list[int]:
    """Steps of the iterative method at each of so many ``scales``: ``iterations``, or as many as are worth their time if that is 0.

    ``refines``: whether it begins with a picture that is painted already.
    """
    if iterations or not refines:
        return [iterations or STEPS] * scales
    return ([REFINING_STEPS[0]] * scales + list(REFINING_STEPS))[-scales:]


def step_costs(sizes: Sequence[Size]) -> list[int]:
    """What one step of the iterative method costs at each of ``sizes``, in px' worth of convolutions."""
    return [height * width + STEP_OVERHEAD for height, width in sizes]
