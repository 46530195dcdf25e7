"""Which part of a layer is painted to show what will become of it.

A network's strokes have a size in px of what it paints, so a copy that is made smaller shows other strokes than the result will
have. A large layer is shown by a part of it, at the size at which all of it will be painted.
"""

from collections import namedtuple

Sample = namedtuple("Sample", "x y width height factor whole")
"""``x``, ``y``, ``width``, ``height``: in the layer, px; ``factor``: how much smaller it is painted; ``whole``: is it all of it?"""

SMALLEST = 64
"""Px: no side of a part is shorter, where the layer has so many."""


def sample(width, height, resolution, most, centre=(0.5, 0.5)):
    """The part to paint of ``width`` x ``height`` px, of at most ``most`` px when painted; 0: all of it.

    ``resolution``: the long side at which all of it would be painted, 0 for its own. ``centre``: where the part should lie, in
    shares of width and height; it is moved as far as it has to be.
    """
    factor = min(1.0, resolution / float(max(width, height))) if resolution else 1.0
    share = (most / (width * height * factor * factor)) ** 0.5 if most else 1.0
    if share >= 1:
        return Sample(0, 0, width, height, factor, True)
    wide, high = (min(side, max(SMALLEST, int(side * share))) for side in (width, height))
    left, top = (
        min(max(0, int(at * side - part / 2)), side - part)
        for at, side, part in ((centre[0], width, wide), (centre[1], height, high))
    )
    return Sample(left, top, wide, high, factor, False)
