"""Paintings into the image: as a new layer, masked by the selection, or in place of the pixels; each one step of undo."""

import array
import operator

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402

import paint_options  # noqa: E402
from impasto_client import outputs, pixels  # noqa: E402
import replacement  # noqa: E402
from layers import FORMATS, UnsupportedLayer, write  # noqa: E402
from translation import _  # noqa: E402

RECIPE, SOURCE = "impasto-recipe", "impasto-source"
"""Names of the parasites that tell how a layer was painted, and from which."""

KINDS = {
    (False, False): Gimp.ImageType.RGB_IMAGE,
    (False, True): Gimp.ImageType.RGBA_IMAGE,
    (True, False): Gimp.ImageType.GRAY_IMAGE,
    (True, True): Gimp.ImageType.GRAYA_IMAGE,
}

MASK_SAMPLES = {"u8": ("B", 255), "u16": ("H", 65535), "float": ("f", 1.0)}
"""Type code and full coverage of a mask's samples."""


def check_output(layer, output):
    """Raises :class:`UnsupportedLayer` where a layer cannot take the result in that way: said before the painting, not after."""
    if output != outputs.REPLACE:
        return
    if layer.is_group():
        raise UnsupportedLayer(_("A layer group has no pixels of its own to replace. Choose a new layer as the result."))
    if layer.get_lock_content():
        raise UnsupportedLayer(_("The layer's pixels are locked. Unlock them, or choose a new layer as the result."))
    if any(getattr(layer, name, bool)() for name in ("is_link_layer", "is_vector_layer")) and not _rasterized(layer):
        raise UnsupportedLayer(
            _("The layer has no pixels of its own to replace. Rasterize it, or choose a new layer as the result.")
        )


def would_lose_text(layer, output):
    """Whether a layer that is text would be turned into pixels by taking the result in that way."""
    return output == outputs.REPLACE and layer.is_text_layer() and not _rasterized(layer)


def _rasterized(layer):
    """Whether it has become plain pixels. From GIMP 3.2 on such a layer still says that it is text, a link or a vector layer."""
    return hasattr(layer, "is_rasterized") and layer.is_rasterized()


def check_text(layer, output):
    """Raises :class:`UnsupportedLayer` where text would be lost and nobody can be asked about it."""
    if would_lose_text(layer, output):
        raise UnsupportedLayer(
            _("The layer is text, which would become pixels. Choose a new layer as the result, or discard the text information.")
        )


def insert(image, layer, part, result, options, former=None):
    """The painting into the image; the new layer, or the one whose pixels were replaced. Raises :class:`UnsupportedLayer`.

    ``part``: what was read of ``layer`` and sent; ``result``: what came back. Where the layer is gone by now, a new one at the top.
    ``former``: the earlier painting of it that was painted anew, or None; its pixels are the ones that are replaced.
    """
    painted = pixels.unpack(result)
    if (painted.width, painted.height, painted.channels, painted.depth) != (part.width, part.height, part.channels, part.depth):
        raise UnsupportedLayer(
            _("The painting has not the layer's size or depth; this plug-in and the daemon do not fit together.")
        )
    _check_open(image)
    there, former = (each if each is not None and each.is_valid() else None for each in (layer, former))
    replaced = former or there
    image.undo_group_start()
    try:
        if options.output == outputs.REPLACE and replaced is not None:
            new, (left, top) = replaced, replaced.get_offsets()[-2:]
            x, y = (part.x, part.y) if new is there else (part.left - left, part.top - top)
            replacement.replace(image, new, part, painted, x, y)
        else:
            new = _above(image, there, former, part, painted, options)
            save_source(new, there)
        save_recipe(new, options.recipe)
    finally:
        image.undo_group_end()
    return new


def insert_as_layer(image, result, name, over=None):
    """A result of another time as a new layer at the top: at ``over`` (x, y, width, height in the image) where it has that size,
    else in the middle."""
    painted = pixels.unpack(result)
    _check_open(image)
    grey = painted.channels < 3
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise UnsupportedLayer(_("The image has indexed colours, too few to paint with. Convert it first: Image > Mode > RGB."))
    same = over is not None and over[2:] == (painted.width, painted.height)
    left, top = over[:2] if same else ((image.get_width() - painted.width) // 2, (image.get_height() - painted.height) // 2)
    image.undo_group_start()
    try:
        kind = KINDS[image.get_base_type() == Gimp.ImageBaseType.GRAY, True]
        new = Gimp.Layer.new(image, name, painted.width, painted.height, kind, 100.0, Gimp.LayerMode.NORMAL)
        new.set_offsets(left, top)
        image.insert_layer(new, None, 0)
        _fill(new, painted, FORMATS[grey, painted.channels in (2, 4)][0] + painted.depth)
    finally:
        image.undo_group_end()
    return new


def save_recipe(layer, recipe):
    """Write the recipe into the layer."""
    data = recipe.to_json().encode("utf-8")
    layer.attach_parasite(Gimp.Parasite.new(RECIPE, Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE, list(data)))


def save_source(layer, source):
    """Write down which layer it was painted from: its tattoo, which stays its own in the file."""
    if source is not None:
        layer.attach_parasite(
            Gimp.Parasite.new(
                SOURCE, Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE, list(str(source.get_tattoo()).encode("ascii"))
            )
        )


def source_of(image, layer):
    """The layer that ``layer`` was painted from, or None where that is unknown or gone."""
    parasite = layer.get_parasite(SOURCE)
    try:
        source = image.get_layer_by_tattoo(int(bytes(parasite.get_data()))) if parasite is not None else None
    except ValueError:
        return None
    return source if source is not None and source != layer else None


def recipe_of(layer):
    """The recipe that a layer carries, or None."""
    parasite = layer.get_parasite(RECIPE)
    if parasite is None:
        return None
    return paint_options.from_parasite(bytes(parasite.get_data()).decode("utf-8", "replace"))


def _check_open(image):
    if not image.is_valid():
        raise UnsupportedLayer(
            _(
                "The image has been closed. The result is kept by the daemon for some days: Neural Style on another image "
                "lists it under Recent results."
            )
        )


def topmost(image, layer, former=None):
    """The layer above which a new painting of ``layer`` is seen: the highest of those that there are, else the layer itself.

    ``former``: an earlier painting, beside which the new one goes where it lies in another group. None: there is no layer.
    """
    beside = former if former is not None and (layer is None or former.get_parent() != layer.get_parent()) else layer
    if beside is None:
        return None
    group = beside.get_parent()
    for other in (group.get_children() if group else image.get_layers())[: image.get_item_position(beside)]:
        if layer is not None and source_of(image, other) == layer:
            return other
    return beside


def _above(image, layer, former, part, painted, options):
    below = topmost(image, layer, former)
    new = Gimp.Layer.new(
        image, options.recipe.title(), part.width, part.height, KINDS[part.grey, part.alpha], 100.0, Gimp.LayerMode.NORMAL
    )
    new.set_offsets(part.left, part.top)
    image.insert_layer(new, below.get_parent() if below else None, image.get_item_position(below) if below else 0)
    _fill(new, painted, part.format)
    mask = _mask(layer, former, part, options)
    if mask is not None:
        new.add_alpha()
        added = new.create_mask(Gimp.AddMaskType.WHITE)
        new.add_mask(added)
        write(added.get_buffer(), 0, 0, part.width, part.height, "Y " + part.mask_depth, pixels.SIZES[part.mask_depth], mask)
        added.update(0, 0, part.width, part.height)
        new.set_edit_mask(False)
    return new


def _mask(layer, former, part, options):
    """The new layer's mask: what hid parts of the layer hides the same parts of its painting, and so does the selection. Where
    nothing is selected, what hid parts of an earlier painting hides them again."""
    if options.output == outputs.MASKED and part.selection is None and _covers(former, part) and _applied_mask(former) is not None:
        left, top = former.get_offsets()[-2:]
        return part.read_mask(former.get_mask(), part.left - left, part.top - top)
    own = _applied_mask(layer)
    hiding = part.read_mask(own, part.x, part.y) if own is not None else None
    chosen = part.selection if options.output != outputs.NEW_LAYER else None
    if hiding is None or chosen is None:
        return hiding if chosen is None else chosen
    return combined_masks(hiding, chosen, part.mask_depth)


def combined_masks(one, other, depth):
    """Two masks as one that shows what both show; bytes."""
    code, full = MASK_SAMPLES[depth]
    if all(sample == 255 for sample in set(other)) and full != 1.0:  # a plain rectangle: quick, and usual
        return one
    first, second = array.array(code, one), array.array(code, other)
    if full == 1.0:
        return array.array(code, map(operator.mul, first, second)).tobytes()
    return array.array(code, [(a * b + full // 2) // full for a, b in zip(first, second, strict=True)]).tobytes()


def _applied_mask(layer):
    return layer.get_mask() if layer is not None and layer.get_apply_mask() else None


def _covers(former, part):
    """Whether the part lies within an earlier painting's bounds."""
    if former is None:
        return False
    x, y = (mine - its for mine, its in zip((part.left, part.top), former.get_offsets()[-2:], strict=True))
    return min(x, y) >= 0 and x + part.width <= former.get_width() and y + part.height <= former.get_height()


def _fill(layer, painted, format):
    size = painted.channels * pixels.SIZES[painted.depth]
    write(layer.get_buffer(), 0, 0, painted.width, painted.height, format, size, painted.data)
    layer.update(0, 0, painted.width, painted.height)
