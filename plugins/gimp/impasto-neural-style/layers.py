"""Pixels out of layers, in every precision, without loss beyond the painting's own. results.py puts them back."""

from contextlib import contextmanager

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp  # noqa: E402

from impasto_client import pixels  # noqa: E402
from translation import _  # noqa: E402

MIN_SIDE = 16
"""Px: what the daemon takes at least on a side."""

MAX_BYTES = 1 << 30
"""Bytes moved in one call: GEGL counts them in a C int."""

FORMATS = {(False, False): ("R'G'B' ", 3), (False, True): ("R'G'B'A ", 4), (True, False): ("Y' ", 1), (True, True): ("Y'A ", 2)}
"""(grey, alpha) -> pixel format and channels. The plain names mean sRGB; GEGL converts from and to the image's own space."""

P = Gimp.Precision
DEPTHS = {P.U8_NON_LINEAR: "u8", P.U8_PERCEPTUAL: "u8", P.U16_NON_LINEAR: "u16", P.U16_PERCEPTUAL: "u16"}
"""Depth that loses nothing of a precision; everything that is not here goes as float.

16 bits would do for 8 linear ones, but babl's conversion of such pixels with alpha to "R'G'B'A u16" gives noise in layers that are
larger than a tile (GIMP 3.0.4 and 3.2.6).
"""

MASKS = {
    P.U8_NON_LINEAR: "u8",
    P.U8_PERCEPTUAL: "u8",
    P.U8_LINEAR: "u8",
    P.U16_NON_LINEAR: "u16",
    P.U16_PERCEPTUAL: "u16",
    P.U16_LINEAR: "u16",
}
"""The same for selections and layer masks, which are linear in every image."""


class UnsupportedLayer(Exception):
    """A sentence about a layer that cannot be painted. ``convertible``: whether converting the image to RGB helps."""

    def __init__(self, message, convertible=False):
        Exception.__init__(self, message)
        self.convertible = convertible


def only_layer(image, drawables):
    """The one layer to paint. Raises :class:`UnsupportedLayer`."""
    if len(drawables) != 1:
        raise UnsupportedLayer(_("Neural Style paints one layer at a time. Select one, or a layer group."))
    layer = drawables[0]
    if isinstance(layer, Gimp.LayerMask) or not isinstance(layer, Gimp.Layer):
        raise UnsupportedLayer(
            _("Neural Style paints layers, not masks or channels. Click the layer's picture in the Layers dialog.")
        )
    if layer.is_floating_sel():
        raise UnsupportedLayer(_("There is a floating selection. Anchor it, or make a new layer of it, first."))
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise UnsupportedLayer(
            _("The image has indexed colours, too few to paint with. Convert it first: Image > Mode > RGB."), convertible=True
        )
    return layer


def paint_area(layer, within=None):
    """(x, y, width, height) in the layer: what lies within the selection's bounds, and within another layer's.

    Raises :class:`UnsupportedLayer` where that is too little.
    """
    there, x, y, width, height = layer.mask_intersect()
    if there and within is not None:
        x, y, width, height = _common((x, y, width, height), _bounds(within, layer))
    if not there or width <= 0 or height <= 0:
        raise UnsupportedLayer(_("The selection lies outside the layer. Select a part of it, or nothing."))
    if min(width, height) < MIN_SIDE:
        raise UnsupportedLayer(
            _("{width} x {height} px are too few to paint; it takes {smallest} on each side.").format(
                width=width, height=height, smallest=MIN_SIDE
            )
        )
    return x, y, width, height


def _bounds(other, layer):
    """Another layer's (x, y, width, height), seen from ``layer``."""
    (left, top), (x, y) = layer.get_offsets()[-2:], other.get_offsets()[-2:]
    return x - left, y - top, other.get_width(), other.get_height()


def _common(one, other):
    """What two rectangles share; its sides are 0 or less where that is nothing."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[0] + one[2], other[0] + other[2]), min(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top


class LayerRegion:
    """The part of a layer that is painted, as it was when it was read: it may change, or go, meanwhile.

    ``x``, ``y``: in the layer; ``left``, ``top``: in the image; ``grey``, ``alpha``, ``depth``, ``data``: the pixels;
    ``selection``: as bytes of ``mask_depth``, or None where nothing is selected.
    """

    def __init__(self, image, layer, area, effects=True):
        """Reads ``area`` (x, y, width, height) of the layer. ``effects``: as the layer looks with them, else the pixels beneath."""
        self.x, self.y, self.width, self.height = area
        found = layer.get_offsets()
        self.left, self.top = found[-2] + self.x, found[-1] + self.y
        self.grey, self.alpha = layer.is_gray(), layer.has_alpha()
        precision = image.get_precision()
        self.depth = DEPTHS.get(precision, "float") if _is_srgb(image) else "float"
        self.mask_depth = MASKS.get(precision, "float")
        self.data = self._pixels(layer, effects)
        self.selection = None
        if not Gimp.Selection.is_empty(image):
            self.selection = self.read_mask(image.get_selection(), self.left, self.top)

    @property
    def channels(self):
        """1 to 4."""
        return FORMATS[self.grey, self.alpha][1]

    @property
    def format(self):
        """The pixel format's name."""
        return FORMATS[self.grey, self.alpha][0] + self.depth

    @property
    def size(self):
        """Bytes of a pixel."""
        return self.channels * pixels.SIZES[self.depth]

    def content(self):
        """A file for the daemon, in pieces."""
        return pixels.chunks(pixels.Pixels(self.width, self.height, self.channels, self.depth, self.data))

    def same(self, other):
        """Whether ``other`` would be painted alike and put at the same place in the same way."""
        return vars(self) == vars(other)

    def read_mask(self, mask, x, y):
        """The bytes of a selection or layer mask where the part is; ``x``, ``y``: the part's place in it."""
        return read(mask.get_buffer(), x, y, self.width, self.height, "Y " + self.mask_depth, pixels.SIZES[self.mask_depth])

    def _pixels(self, layer, effects):
        with appearance(layer, effects) as buffer:
            return read(buffer, self.x, self.y, self.width, self.height, self.format, self.size)


def has_effects(layer):
    """Whether a layer has filters that GIMP applies whenever it is shown; its buffer does not show them."""
    return bool(layer.get_filters())


@contextmanager
def appearance(layer, effects=True):
    """The buffer of a layer as it looks, with its effects; without ``effects``, of the pixels beneath."""
    if not effects or not has_effects(layer):
        yield layer.get_buffer()
        return
    apart = _rendered(layer)
    try:
        yield apart.get_layers()[0].get_buffer()
    finally:
        apart.delete()


def _rendered(layer):
    """An image of the layer's size, whose top layer is this one with its effects. Whoever asks for it deletes it.

    In an image apart, because there the user's undo history, selected layers and window do not change. Rendered by the
    projection, because merging effects can make a layer larger without telling where it now lies (GIMP 3.0), and fails for groups.
    """
    image = layer.get_image()
    apart = Gimp.Image.new_with_precision(layer.get_width(), layer.get_height(), image.get_base_type(), image.get_precision())
    apart.undo_disable()
    profile = image.get_effective_color_profile()
    if profile is not None:
        apart.set_color_profile(profile)
    copied = Gimp.Layer.new_from_drawable(layer, apart)
    apart.insert_layer(copied, None, 0)
    copied.set_offsets(0, 0)
    copied.set_opacity(100)
    copied.set_mode(Gimp.LayerMode.NORMAL)
    copied.set_visible(True)
    if copied.get_mask() is not None:
        copied.remove_mask(Gimp.MaskApplyMode.DISCARD)
    apart.insert_layer(Gimp.Layer.new_from_visible(apart, apart, "looks"), None, 0)
    return apart


def _is_srgb(image):
    profile = image.get_effective_color_profile()
    if profile is None or profile.is_gray():
        return True
    return any(profile.is_equal(known) for known in (Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorProfile.new_rgb_srgb_linear()))


def read(buffer, x, y, width, height, format, size):
    """Pixels of a buffer as bytes; ``size``: bytes of one."""
    rows = max(1, MAX_BYTES // (width * size))
    parts = []
    for top in range(0, height, rows):
        area = Gegl.Rectangle.new(x, y + top, width, min(rows, height - top))
        parts.append(bytes(buffer.get(area, 1.0, format, Gegl.AbyssPolicy.NONE)))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write(buffer, x, y, width, height, format, size, data):
    """Bytes into a buffer. Raises ``ValueError`` where they are too few or too many: GEGL would only print a warning."""
    if len(data) != width * height * size:
        raise ValueError("%d bytes where %d are due" % (len(data), width * height * size))
    rows = max(1, MAX_BYTES // (width * size))
    for top in range(0, height, rows):
        count = min(rows, height - top)
        part = bytes(data[top * width * size : (top + count) * width * size])
        buffer.set(Gegl.Rectangle.new(x, y + top, width, count), format, part)
    buffer.flush()
