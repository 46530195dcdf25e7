"""Pixels out of layers and into new ones, in every precision, without loss beyond the painting's own."""

import uuid

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp  # noqa: E402

import daemon as daemons  # noqa: E402
import order as orders  # noqa: E402
from impasto_client import pixels  # noqa: E402
from impasto_client.errand import DONE, FAILED, Errand  # noqa: E402
from texts import _  # noqa: E402

RECIPE = "impasto-recipe"
"""Name of the parasite that tells how a layer was painted."""

SMALLEST = 16
"""Px: what the daemon takes at least on a side."""

MOST_AT_ONCE = 1 << 30
"""Bytes moved in one call: GEGL counts them in a C int."""

FORMATS = {
    (False, False): ("R'G'B' ", 3), (False, True): ("R'G'B'A ", 4), (True, False): ("Y' ", 1), (True, True): ("Y'A ", 2)}
"""(grey, alpha) -> pixel format and channels. The plain names mean sRGB; GEGL converts from and to the image's own space."""

P = Gimp.Precision
DEPTHS = {P.U8_NON_LINEAR: "u8", P.U8_PERCEPTUAL: "u8", P.U8_LINEAR: "u16", P.U16_NON_LINEAR: "u16", P.U16_PERCEPTUAL: "u16"}
"""Depth that loses nothing of a precision; everything that is not here goes as float."""


class Unfit(Exception):
    """A sentence about a layer that cannot be painted. ``curable``: whether the dialog can offer a way out."""

    def __init__(self, message, curable=False):
        Exception.__init__(self, message)
        self.curable = curable


def only_layer(image, drawables):
    """The one layer to paint. Raises :class:`Unfit`."""
    if len(drawables) != 1:
        raise Unfit(_("Neural Style paints one layer. Select one, or a layer group."))
    layer = drawables[0]
    if isinstance(layer, Gimp.LayerMask) or not isinstance(layer, Gimp.Layer):
        raise Unfit(_("Neural Style paints layers, not masks or channels. Click the layer's picture in the Layers dialog."))
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise Unfit(_("The image has indexed colours, too few to paint with. Convert it first: Image > Mode > RGB."), curable=True)
    return layer


class Part:
    """The part of a layer that is painted, as it was when it was read: it may change, or go, meanwhile.

    ``x``, ``y``: in the layer; ``left``, ``top``: in the image; ``selection``: bytes (one a pixel), or None where nothing is
    selected; ``grey``, ``alpha``, ``depth``, ``data``: the pixels.
    """

    def __init__(self, image, layer):
        """Reads the layer within the selection's bounds. Raises :class:`Unfit` where there is nothing to paint."""
        there, self.x, self.y, self.width, self.height = layer.mask_intersect()
        if not there:
            raise Unfit(_("The selection lies outside the layer. Select a part of it, or nothing."))
        if min(self.width, self.height) < SMALLEST:
            raise Unfit(_("{width} x {height} px are too few to paint; it takes {smallest} on each side.").format(
                width=self.width, height=self.height, smallest=SMALLEST))
        found = layer.get_offsets()
        self.left, self.top = found[-2] + self.x, found[-1] + self.y
        self.grey, self.alpha = layer.is_gray(), layer.has_alpha()
        self.depth = DEPTHS.get(image.get_precision(), "float") if _is_srgb(image) else "float"
        self.data = self._pixels(layer)
        self.selection = self._selected(image)

    @property
    def channels(self):
        """1 to 4."""
        return FORMATS[self.grey, self.alpha][1]

    @property
    def format(self):
        """The pixel format's name."""
        return FORMATS[self.grey, self.alpha][0] + self.depth

    def content(self):
        """A file for the daemon."""
        return pixels.pack(pixels.Pixels(self.width, self.height, self.channels, self.depth, self.data))

    def _pixels(self, layer):
        copy = None
        if len(getattr(layer, "get_filters", list)() or []):
            copy = _with_effects(layer)
        size = self.channels * pixels.SIZES[self.depth]
        try:
            return read(copy or layer, self.x, self.y, self.width, self.height, self.format, size)
        finally:
            if copy is not None:
                layer.get_image().remove_layer(copy)
                layer.get_image().undo_thaw()

    def _selected(self, image):
        if Gimp.Selection.is_empty(image):
            return None
        return read(image.get_selection(), self.left, self.top, self.width, self.height, "Y u8", 1)


def _with_effects(layer):
    """A copy of a layer with its effects merged in, above all others; the undo history sleeps until it is removed."""
    image = layer.get_image()
    image.undo_freeze()
    copy = layer.copy()
    image.insert_layer(copy, None, 0)
    copy.merge_filters()
    return copy


def _is_srgb(image):
    profile = image.get_effective_color_profile()
    if profile is None or profile.is_gray():
        return True
    return any(profile.is_equal(known) for known in (Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorProfile.new_rgb_srgb_linear()))


def read(drawable, x, y, width, height, format, size):
    """Pixels of a drawable as bytes; ``size``: bytes of one."""
    buffer, rows = drawable.get_buffer(), max(1, MOST_AT_ONCE // (width * size))
    parts = []
    for top in range(0, height, rows):
        area = Gegl.Rectangle.new(x, y + top, width, min(rows, height - top))
        parts.append(bytes(buffer.get(area, 1.0, format, Gegl.AbyssPolicy.NONE)))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write(buffer, x, y, width, height, format, size, data):
    """Bytes into a buffer. Raises ``ValueError`` where they are too few or too many: GEGL would only mutter."""
    if len(data) != width * height * size:
        raise ValueError("%d bytes where %d are due" % (len(data), width * height * size))
    rows = max(1, MOST_AT_ONCE // (width * size))
    for top in range(0, height, rows):
        count = min(rows, height - top)
        part = bytes(data[top * width * size:(top + count) * width * size])
        buffer.set(Gegl.Rectangle.new(x, y + top, width, count), format, part)
    buffer.flush()


def paint_now(image, layer, order, daemon, told):
    """From a layer to the result in the image, in one go. Raises :class:`Unfit` and :class:`daemon.Trouble`."""
    part = Part(image, layer)
    errand = Errand.painting(part.content(), order.recipe, uuid.uuid4().hex)
    daemons.carry_out(daemon, errand, told)
    if errand.state == FAILED:
        raise daemons.Trouble(" ".join(filter(None, [errand.error.message, errand.error.hint])))
    if errand.state == DONE:
        insert(image, layer, part, errand.result, order)


def insert(image, layer, part, result, order):
    """The painting into the image, as one step of undo; the new layer, or the one whose pixels were replaced."""
    painted = pixels.unpack(result)
    if (painted.width, painted.height, painted.channels, painted.depth) != (part.width, part.height, part.channels, part.depth):
        raise Unfit(_("The painting has not the layer's size or depth; this plug-in and the daemon do not fit together."))
    if not image.is_valid():
        raise Unfit(_("The image has been closed. The result is kept by the daemon for some days."))
    image.undo_group_start()
    try:
        if order.output == orders.REPLACE and layer.is_valid() and not layer.is_group():
            return _replace(layer, part, painted)
        return _insert(image, layer if layer.is_valid() else None, part, painted, order)
    finally:
        image.undo_group_end()


def _insert(image, layer, part, painted, order):
    kind = {(False, False): Gimp.ImageType.RGB_IMAGE, (False, True): Gimp.ImageType.RGBA_IMAGE,
            (True, False): Gimp.ImageType.GRAY_IMAGE, (True, True): Gimp.ImageType.GRAYA_IMAGE}[part.grey, part.alpha]
    new = Gimp.Layer.new(image, order.recipe.title(), part.width, part.height, kind, 100.0, Gimp.LayerMode.NORMAL)
    new.set_offsets(part.left, part.top)
    image.insert_layer(new, layer.get_parent() if layer else None, image.get_item_position(layer) if layer else 0)
    size = part.channels * pixels.SIZES[part.depth]
    write(new.get_buffer(), 0, 0, part.width, part.height, part.format, size, painted.data)
    new.update(0, 0, part.width, part.height)
    if order.output == orders.MASKED and part.selection is not None:
        new.add_alpha()
        mask = new.create_mask(Gimp.AddMaskType.WHITE)
        new.add_mask(mask)
        write(mask.get_buffer(), 0, 0, part.width, part.height, "Y u8", 1, part.selection)
        mask.update(0, 0, part.width, part.height)
    remember(new, order.recipe)
    return new


def _replace(layer, part, painted):
    # Through the shadow buffer, GIMP itself heeds the selection and keeps the undo.
    shadow = layer.get_shadow_buffer()
    write(shadow, part.x, part.y, part.width, part.height, part.format, part.channels * pixels.SIZES[part.depth], painted.data)
    layer.merge_shadow(True)
    layer.update(part.x, part.y, part.width, part.height)
    return layer


def remember(layer, recipe):
    """Write the recipe into the layer."""
    data = recipe.to_json().encode("utf-8")
    layer.attach_parasite(Gimp.Parasite.new(RECIPE, Gimp.PARASITE_PERSISTENT, list(data)))


def recipe_of(layer):
    """The recipe that a layer carries, or None."""
    parasite = layer.get_parasite(RECIPE)
    if parasite is None:
        return None
    return orders.from_parasite(bytes(parasite.get_data()).decode("utf-8", "replace"))
