"""What becomes of a painting: a new layer above, cut to the selection or not, or one in the old one's place."""

from . import masking, spaces
from .client import pixels
from .qt import QtCore
from .slices import WAIT
from .source import SLOW_STRIP, STRIP, identity_of, is_open, node_of, rows_of
from .spaces import Unfit
from .texts import _

MASKED, NEW_LAYER, REPLACE = "masked", "new-layer", "replace"
OUTPUTS = (MASKED, NEW_LAYER, REPLACE)


class Place:
    """Where a painting goes. ``x``, ``y``: in the document; ``identity``: of the layer that it goes above or replaces."""

    def __init__(self, document, identity, x, y, working, selection=None):
        self.document, self.identity, self.x, self.y = document, identity, x, y
        self.working, self.selection = working, selection

    @classmethod
    def of(cls, part):
        """Back to where a part was read."""
        return cls(part.document, part.identity, part.x, part.y, part.working, part.selection)


def insert(krita, place, result, output, name, converter):
    """A generator that puts a painting into its document, a strip a step; it returns the new layer.

    ``result``: the file's bytes. Until the last step nothing of the document is touched, and nothing of the old layer ever: pixels
    that a script sets are unknown to Krita's undo, and would upset that of the strokes below them.
    """
    if not is_open(krita, place.document):
        raise Unfit(_("The document has been closed. The result is kept: open it again and take it from the history."))
    old = node_of(place.document, place.identity)
    replaced = output == REPLACE and old is not None and old.type() == "paintlayer"
    if replaced:
        new = old.duplicate()
    else:
        new = place.document.createNode(name, "paintlayer")
    selection = place.selection if output != NEW_LAYER else None
    yield from _fill(new, old if replaced else None, place, result, selection, converter)
    if not is_open(krita, place.document):
        raise Unfit(_("The document has been closed. The result is kept: open it again and take it from the history."))
    old = node_of(place.document, place.identity)
    active = place.document.activeNode()
    yield WAIT  # what comes now takes Krita a tenth of a second, whatever the size
    _add(place.document, new, old, replaced)
    yield WAIT
    if replaced and old is not None:
        old.remove()
    elif old is not None and active is not None and identity_of(active) == identity_of(old):
        yield from _activate(place.document, old, new)
    return new


def _add(document, new, old, replaced):
    if old is None:
        top = document.topLevelNodes()
        document.rootNode().addChildNode(new, top[-1] if top else None)
        return
    parent = old.parentNode()
    if replaced:
        # Below, so that one step back shows the picture as it was.
        siblings = [identity_of(node) for node in parent.childNodes()]
        index = siblings.index(identity_of(old))
        parent.addChildNode(new, parent.childNodes()[index - 1] if index else None)
        return
    new.setInheritAlpha(old.inheritAlpha())
    parent.addChildNode(new, old)


def _activate(document, old, new):
    """Krita makes a new layer the active one, a little later. The one that was painted stays it: the next style wants it, too."""
    for _turn in range(200):
        active = document.activeNode()
        if active is not None and identity_of(active) == identity_of(new):
            document.setActiveNode(old)
            return
        yield WAIT


def _fill(new, under, place, result, selection, converter):
    painted = pixels.unpack(result)
    count, depth = spaces.channels(place.working), spaces.packed_depth(place.working)
    if (painted.channels, painted.depth) != (count, depth):
        raise Unfit(_("The painting has not the layer's depth; this plug-in and the daemon do not fit together."))
    target = spaces.of(new)
    straight = spaces.same(place.working, target) and selection is None
    width, height = painted.width, painted.height
    rows, line = rows_of(width, STRIP if straight else SLOW_STRIP), width * spaces.size(place.working)
    for top in range(0, height, rows):
        high = min(rows, height - top)
        data = spaces.turned(painted.data[top * line:(top + high) * line], place.working)
        data = converter.convert(data, width, high, place.working, target)
        if selection is not None:
            chosen = selection[top * width:(top + high) * width]
            if under is None:
                data = masking.faded(data, chosen, target)
            else:
                before = under.pixelData(place.x, place.y + top, width, high).data()
                data = masking.blended(before, data, chosen, target)
        new.setPixelData(QtCore.QByteArray(bytes(data)), place.x, place.y + top, width, high)
        yield
