"""What is painted: a layer of any kind, or the part of it that is selected, read strip by strip."""

import zlib

from . import colour_spaces as spaces, pictures
from .client import pixels
from .qt import QtCore
from .colour_spaces import UnsupportedLayer
from .translation import _

MIN_SIDE = 16
"""Px: what the daemon takes at least on a side."""

STRIP = 1 << 18
"""Px that are moved in one step where Krita has only to copy them, and..."""

CONVERTED_STRIP = 1 << 17
"""...where Krita converts their colours, which takes a twentieth of a second more for each, and gives others turns..."""

SLOW_STRIP = 1 << 15
"""...and where each has to be calculated here."""

SELECTION_MASK = "selectionmask"
"""A layer's local selection."""


def layer_of(node):
    """The layer that a node is or, of a mask, belongs to; None where there is none."""
    while node is not None and node.type().endswith("mask"):
        node = node.parentNode()
    return node if node is not None and node.type() else None


def selection_of(document, layer):
    """What is selected of a layer, or None: its local selection where it has one, as for Krita's tools, else the document's."""
    for mask in reversed(layer.childNodes()):
        # Which of several is the one that counts, Krita does not tell: the uppermost that is switched on.
        chosen = mask.selection() if mask.type() == SELECTION_MASK and mask.visible() else None
        if chosen is not None and chosen.width() > 0:
            return chosen
    return document.selection()


def node_of(document, identity):
    """The node with this unique id (a text) in a document, or None where it has been deleted."""
    waiting = [document.rootNode()]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if id_of(node) == identity:
            return node
        waiting += node.childNodes()
    return None


def id_of(node):
    """A node's unique id as a text; it survives saving."""
    return node.uniqueId().toString()


def is_open(krita, document):
    """Whether a document has not been closed."""
    return any(document == known for known in krita.documents())


def is_idle(document):
    """Whether Krita has done all that it was told to do in a document."""
    if document.tryBarrierLock():
        document.unlock()
        return True
    return False


def strip_rows(width, most):
    """Rows of a strip of about ``most`` px: whole tiles of 64 rows where it holds so many."""
    rows = max(1, most // width)
    return rows // 64 * 64 or rows


class LayerRegion:
    """The part of a layer that is painted, as it was when it was read: it may change, or go, meanwhile.

    ``x``, ``y``, ``width``, ``height``: in the document's px; they may lie outside its canvas. ``selection``: bytes, one a pixel,
    or None where nothing is selected. ``chunks``: the file for the daemon. ``space``: the layer's colours; ``working``: those of
    ``chunks`` and of the painting. ``sketch``: a small picture of it. ``strips``: of a preview, what was read: the first row, the
    rows, and a checksum of their pixels.
    """

    def __init__(self, document, node, raw=False, shown=None):
        """Looks, and reads nothing yet. Raises :class:`UnsupportedLayer` where there is nothing to paint.

        ``raw``: a paint layer's own pixels, without what masks and effects make of them. ``shown``: only this rectangle, in 8 bits
        and without a selection's soft edges: for a preview.
        """
        self.document, self.node, self.identity, self.name = document, node, id_of(node), node.name()
        self.kind = node.type()
        if self.kind == "filterlayer":
            raise UnsupportedLayer(
                _("'{name}' is a filter: it has no pixels of its own. Select the layer that it changes.").format(name=self.name)
            )
        effects = [child for child in node.childNodes() if child.type() != SELECTION_MASK]
        self.plain = self.kind == "paintlayer" and (raw or not effects)
        area = area_of(document, node) if shown is None else shown
        self._selected = selection_of(document, node) if shown is None else None
        self.x, self.y, self.width, self.height = area.x(), area.y(), area.width(), area.height()
        self.space = spaces.space_of(node)
        self.working = spaces.working_space(self.space) if shown is None else pictures.shown_space(self.space)
        self.chunks, self.selection, self.sketch = [], None, pictures.StripThumbnail(self.width, self.height)
        self.strips, self._for_preview = [], shown is not None

    @property
    def channels(self):
        """Of ``chunks``: 2 or 4."""
        return spaces.channels(self.working)

    def read(self, converter):
        """A generator that fills ``chunks`` and ``selection``, a strip a step."""
        # A copy costs nothing, since Krita copies pixels when they change, and the user cannot paint on it meanwhile.
        node = self.node.duplicate() if self.plain else self.node
        get = node.pixelData if self.plain else node.projectionPixelData
        straight = spaces.identical(self.space, self.working)
        rows = strip_rows(self.width, STRIP if straight else CONVERTED_STRIP)
        chunks = [pixels.header(self.width, self.height, self.channels, spaces.packed_depth(self.working))]
        for top in range(0, self.height, rows):
            count = min(rows, self.height - top)
            data = get(self.x, self.y + top, self.width, count).data()
            if len(data) != self.width * count * spaces.size(self.space):
                raise UnsupportedLayer(_("The pixels of '{name}' cannot be read.").format(name=self.name))
            if self._for_preview:
                self.strips.append((top, count, zlib.crc32(data)))
            data = converter.convert(data, self.width, count, self.space, self.working)
            chunks.append(bytes(spaces.swap_red_and_blue(data, self.working)))
            self.sketch.draw(chunks[-1], self.width, count, top, self.working)
            yield
        if self._selected is not None:
            chosen = bytearray()
            for top in range(0, self.height, rows):
                chosen += self._selected.pixelData(self.x, self.y + top, self.width, min(rows, self.height - top)).data()
                yield
            self.selection = bytes(chosen)
        self.chunks = chunks

    def is_changed(self, strip):
        """Whether there are other pixels by now where a strip (one of :attr:`strips`) was read."""
        top, rows, checksum = strip
        get = self.node.pixelData if self.plain else self.node.projectionPixelData
        return zlib.crc32(get(self.x, self.y + top, self.width, rows).data()) != checksum


def area_of(document, node):
    """The rectangle of a layer that is to be painted, in the document's px.

    Raises :class:`UnsupportedLayer` where that is too little.
    """
    canvas = QtCore.QRect(0, 0, document.width(), document.height())
    bounds = node.bounds()
    if node.type() not in ("paintlayer", "grouplayer", "vectorlayer", "clonelayer"):
        bounds = bounds.intersected(canvas) if not bounds.isEmpty() else canvas  # a fill has no end, a file layer may be loading
    if bounds.isEmpty():
        raise UnsupportedLayer(_("'{name}' is empty. Choose a layer with something on it.").format(name=node.name()))
    bounds = _large_enough(bounds, canvas)
    selected = selection_of(document, node)
    if selected is not None:
        chosen = QtCore.QRect(selected.x(), selected.y(), selected.width(), selected.height())
        bounds = bounds.intersected(chosen)
        if bounds.isEmpty():
            raise UnsupportedLayer(
                _("The selection lies outside '{name}'. Select a part of it, or nothing.").format(name=node.name())
            )
    if min(bounds.width(), bounds.height()) < MIN_SIDE:
        raise UnsupportedLayer(
            _("{width} x {height} px are too few to paint; it takes {smallest} on each side.").format(
                width=bounds.width(), height=bounds.height(), smallest=MIN_SIDE
            )
        )
    return bounds


def _large_enough(bounds, canvas):
    """``bounds``, with as much of the transparency around as it takes to be painted, where the canvas has so much."""
    room = bounds.united(canvas)
    x, width = _stretched(bounds.x(), bounds.width(), room.x(), room.width())
    y, height = _stretched(bounds.y(), bounds.height(), room.y(), room.height())
    return QtCore.QRect(x, y, width, height)


def _stretched(start, length, first, most):
    wanted = min(max(length, MIN_SIDE), most)
    return min(max(first, start - (wanted - length) // 2), first + most - wanted), wanted


def inside_canvas(document, area):
    """What of a rectangle lies inside a document's canvas; all of it where nothing does, or too little to paint."""
    inside = area.intersected(QtCore.QRect(0, 0, document.width(), document.height()))
    return inside if min(inside.width(), inside.height()) >= MIN_SIDE else area
