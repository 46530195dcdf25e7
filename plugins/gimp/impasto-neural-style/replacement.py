"""Pixels of a layer replaced by a painting, through the selection as it was when they were read."""

from contextlib import contextmanager

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp  # noqa: E402

from impasto_client import pixels  # noqa: E402
from layers import read, write  # noqa: E402


def replace(image, layer, part, painted, x, y):
    """Put ``painted``, the painting of ``part``, to ``x``, ``y`` in the layer. The caller holds a group of undo steps open."""
    if part.alpha and not layer.has_alpha():
        layer.add_alpha()
    with _selection_of(image, part):
        # Through the shadow buffer, GIMP itself heeds the selection and keeps the undo step.
        shadow = layer.get_shadow_buffer()
        if tuple(layer.mask_intersect()[1:]) != (x, y, part.width, part.height):  # it will take more than is painted
            whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
            layer.get_buffer().copy(whole, Gegl.AbyssPolicy.NONE, shadow, whole)
        write(shadow, x, y, part.width, part.height, part.format, part.size, painted.data)
        layer.merge_shadow(True)
    layer.update(x, y, part.width, part.height)


@contextmanager
def _selection_of(image, part):
    """The selection is what it was when the part was read; afterwards, what it is now."""
    then = (part.left, part.top, part.width, part.height)
    there, x, y, right, bottom = Gimp.Selection.bounds(image)[-5:]
    now = (x, y, right - x, bottom - y)
    if (_coverage(image, part, then) if there else None) == part.selection:
        yield
        return
    coverage = _coverage(image, part, now) if there else None
    _select(image, part, then, part.selection)
    try:
        yield
    finally:
        _select(image, part, now, coverage)


def _coverage(image, part, area):
    return read(image.get_selection().get_buffer(), *area, *_format(part))


def _select(image, part, area, coverage):
    """Select ``area`` (x, y, width, height in the image) as far as ``coverage`` says, a mask's bytes; None: nothing."""
    if coverage is None:
        Gimp.Selection.none(image)
        return
    # Not by way of a channel: those of 8 and 16 bit images are not linear, so that soft edges would be rounded.
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *area)
    selection = image.get_selection()
    write(selection.get_buffer(), *area, *_format(part), coverage)
    selection.update(*area)


def _format(part):
    return "Y " + part.mask_depth, pixels.SIZES[part.mask_depth]
