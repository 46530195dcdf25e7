"""Which part of a layer is painted to show what will become of it, and with which settings.

A network's strokes have a size in px of what it paints, so a copy that is made smaller shows other strokes than the result will
have. A large layer is shown by a part of it, which the daemon paints at the scale at which it will paint all of it.
"""

from collections import namedtuple

from .parameters import PARAMETERS
from .recipe import Recipe

Sample = namedtuple("Sample", "x y width height scale share whole")
"""``x``, ``y``, ``width``, ``height``: in the layer, px; ``scale``: how much smaller it is painted; ``share``: its long side as a
share of the layer's; ``whole``: is it all of it?"""

STROKE_SIZE = next(parameter for parameter in PARAMETERS if parameter["name"] == "stroke_size")

MIN_SIDE = 64
"""Px: no side of a part is painted smaller, where the layer has so many."""


def choose(width, height, scale, max_painted, max_read=0, centre=(0.5, 0.5)):
    """The part to paint of ``width`` x ``height`` px.

    ``scale``: at which all of it will be painted (:meth:`plan.Plan.scale`). ``max_painted``: px of the part at most, as it is
    painted; ``max_read``: as it is read, for editors in which that takes time; 0: no limit. ``centre``: where the part should
    lie, in shares of width and height; it is moved as far as it has to be.
    """
    limits = [max_painted / (scale * scale)] if max_painted else []
    limits += [max_read] if max_read else []
    share = (min(limits) / (width * height)) ** 0.5 if limits else 1.0
    if share >= 1:
        return Sample(0, 0, width, height, scale, 1.0, True)
    wide, high = (min(side, max(int(MIN_SIDE / scale), int(side * share))) for side in (width, height))
    left, top = (
        min(max(0, int(at * side - part / 2)), side - part)
        for at, side, part in ((centre[0], width, wide), (centre[1], height, high))
    )
    return Sample(left, top, wide, high, scale, max(wide, high) / max(width, height), False)


def recipe_for(sample, recipe):
    """The recipe that paints a sample as ``recipe`` will paint all of the layer: a part at the same scale, not at the same size,
    with strokes as broad as they will be beside the whole layer."""
    if sample.whole:
        return recipe
    values = {name: value for name, value in recipe.values.items() if name != "resolution"}
    if sample.scale < 1:
        values["resolution"] = max(1, round(max(sample.width, sample.height) * sample.scale))
    stroke_size = values.get("stroke_size", STROKE_SIZE["default"]) / sample.share
    values["stroke_size"] = min(round(stroke_size, 2), STROKE_SIZE["maximum"])
    return Recipe(recipe.styles, values)
