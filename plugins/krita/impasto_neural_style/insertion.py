"""What becomes of a painting: a new layer above, cut to the selection or not, or one in the old one's place."""

from . import colour_spaces as spaces, masking
from .client import outputs, pixels
from .qt import QtCore
from .incremental import WAIT
from .source import CONVERTED_STRIP, SLOW_STRIP, STRIP, is_idle, id_of, is_open, layer_of, node_of, strip_rows
from .colour_spaces import UnsupportedLayer
from .translation import _

MAX_TURNS, SETTLING_TURNS = 300, 20
"""How many turns of the event loop to wait at most for what Krita does later, and for what cannot be asked about; there is one a
millisecond at most."""


class Placement:
    """Where a painting goes. ``x``, ``y``: in the document; ``identity``: of the layer that it goes above or replaces."""

    def __init__(self, document, identity, x, y, working, selection=None):
        self.document, self.identity, self.x, self.y = document, identity, x, y
        self.working, self.selection = working, selection

    @classmethod
    def of(cls, part):
        """Back to where a part was read."""
        return cls(part.document, part.identity, part.x, part.y, part.working, part.selection)

    @classmethod
    def anywhere(cls, document, painted):
        """For a painting whose layer is not known any more: above the active one, in the middle of a document."""
        layer = layer_of(document.activeNode())
        x, y = (document.width() - painted.width) // 2, (document.height() - painted.height) // 2
        depth = {name: krita for krita, name in spaces.DEPTHS.items()}[painted.depth]
        working = spaces.Space("GRAYA", depth, spaces.GREY) if painted.channels < 3 else spaces.Space("RGBA", depth, spaces.SRGB)
        return cls(document, id_of(layer) if layer is not None else "", x, y, working)


def insert(krita, place, painted, output, blend, name, converter, sketch, adding):
    """A generator that puts a painting into its document, a strip a step. It returns the new layer, and the id of the one whose
    place that has taken, or None.

    ``painted``: pixels as they came from the daemon; ``blend``: a new layer gets blending mode and opacity of the one that was
    painted; ``sketch``: drawn along the way. Until ``adding()`` is called nothing of the document is touched, from then on all
    has to be done; and nothing of the old layer ever is: pixels that a script sets are unknown to Krita's undo, and would upset
    that of the strokes below them.
    """
    if not is_open(krita, place.document):
        raise UnsupportedLayer(_("The document has been closed. The result is kept: open it again and take it from the history."))
    old = node_of(place.document, place.identity)
    replaced = output == outputs.REPLACE and old is not None and old.type() == "paintlayer"
    if replaced:
        new = old.duplicate()
    else:
        new = place.document.createNode(name, "paintlayer")
    selection = place.selection if output != outputs.NEW_LAYER else None
    yield from _fill(new, old if replaced else None, place, painted, selection, converter, sketch)
    if not is_open(krita, place.document):
        raise UnsupportedLayer(_("The document has been closed. The result is kept: open it again and take it from the history."))
    old = node_of(place.document, place.identity)
    if blend and old is not None and not replaced:
        new.setBlendingMode(old.blendingMode())
        new.setOpacity(old.opacity())
    active = place.document.activeNode()
    # What comes now takes Krita a tenth of a second, whatever the size, but not before it is done with what it is about.
    yield from _until(lambda: is_idle(place.document))
    adding()
    _add(place.document, new, old, replaced)
    yield from _until(lambda: node_of(place.document, id_of(new)) is not None)
    if replaced and old is not None:
        yield from _until(lambda: is_idle(place.document))
        yield from [WAIT] * SETTLING_TURNS  # the list of layers is updated later than the document
        old.remove()
        yield from _until(lambda: node_of(place.document, place.identity) is None)
        return new, place.identity
    if old is not None and active is not None and id_of(active) == id_of(old):
        # Krita makes a new layer the active one. The one that was painted stays it: the next style wants it, too.
        yield from _until(lambda: _is_active(place.document, new))
        place.document.setActiveNode(old)
    return new, None


def _add(document, new, old, replaced):
    if old is None:
        top = document.topLevelNodes()
        document.rootNode().addChildNode(new, top[-1] if top else None)
        return
    parent = old.parentNode()
    if replaced:
        # Below, so that one step back shows the picture as it was; but Krita puts what shall be above nothing on top of all.
        siblings = parent.childNodes()
        index = [id_of(node) for node in siblings].index(id_of(old))
        parent.addChildNode(new, siblings[index - 1] if index else old)
        return
    new.setInheritAlpha(old.inheritAlpha())
    parent.addChildNode(new, old)


def _until(there):
    """Krita does what it is told a little later; not for ever."""
    for _turn in range(MAX_TURNS):
        yield WAIT
        if there():
            return


def _is_active(document, node):
    active = document.activeNode()
    return active is not None and id_of(active) == id_of(node)


def _fill(new, under, place, painted, selection, converter, sketch):
    opaque = painted.channels == spaces.channels(place.working) - 1
    if painted.depth != spaces.packed_depth(place.working) or not (opaque or painted.channels == spaces.channels(place.working)):
        raise UnsupportedLayer(_("The painting has not the layer's depth; this plug-in and the daemon do not fit together."))
    target = spaces.space_of(new)
    most = STRIP if spaces.identical(place.working, target) else CONVERTED_STRIP
    width, height = painted.width, painted.height
    rows = strip_rows(width, most if selection is None else SLOW_STRIP)
    line = width * painted.channels * pixels.SIZES[painted.depth]
    for top in range(0, height, rows):
        high = min(rows, height - top)
        data = painted.data[top * line : (top + high) * line]
        if opaque:
            data = spaces.with_alpha(data, painted.channels, painted.depth)
        sketch.draw(data, width, high, top, place.working)
        data = spaces.swap_red_and_blue(data, place.working)
        data = converter.convert(data, width, high, place.working, target)
        if selection is not None:
            chosen = selection[top * width : (top + high) * width]
            if under is None:
                data = masking.with_masked_alpha(data, chosen, target)
            else:
                before = under.pixelData(place.x, place.y + top, width, high).data()
                data = masking.blended(before, data, chosen, target)
        new.setPixelData(QtCore.QByteArray(bytes(data)), place.x, place.y + top, width, high)
        yield
