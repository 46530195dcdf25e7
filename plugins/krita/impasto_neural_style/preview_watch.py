"""Whether what a preview was made from is still so: Krita tells no plug-in of another layer, a stroke or a selection."""

from .colour_spaces import UnsupportedLayer
from .source import area_of, id_of, layer_of

LOOK_PIXELS = 1 << 19
"""Px of the layer that one look compares with what was read of it: some milliseconds' work."""


def target_of(krita):
    """(document, layer, rectangle) that would be painted, or None where there is no layer. Raises :class:`UnsupportedLayer`."""
    document = krita.activeDocument()
    layer = layer_of(document.activeNode()) if document is not None else None
    return (document, layer, area_of(document, layer)) if layer is not None else None


class PreviewWatch:
    """``part``: the :class:`source.LayerRegion` that the preview was made from, or None."""

    def __init__(self, krita):
        self._krita, self._next_strip = krita, 0
        self.forget()

    def forget(self):
        """There is nothing to be seen, and anything is a change."""
        self.part, self._seen, self._adopting = None, (), False

    def begin(self):
        """A preview is made of what is there now."""
        self.part, self._seen, self._adopting = None, self._view(), False

    def adopt(self):
        """What is there at the next look is no change."""
        self._adopting = True

    def is_changed(self):
        """Whether there is something else to paint by now, or other pixels on it; of these, a part at each look."""
        view = self._view()
        if self._adopting:
            self.part = self.part if view == self._seen else None
            self._seen, self._adopting = view, False
            return False
        return view != self._seen or self._is_painted_over()

    def _view(self):
        """What tells one thing to paint from another: document, layer and rectangle, or why there is none."""
        try:
            target = target_of(self._krita)
        except UnsupportedLayer as error:
            return (str(error),)
        return () if target is None else (target[0], id_of(target[1]), *target[2].getRect())

    def _is_painted_over(self):
        left = LOOK_PIXELS
        for _strip in self.part.strips if self.part is not None else ():
            strip = self.part.strips[self._next_strip % len(self.part.strips)]
            self._next_strip += 1
            if self.part.is_changed(strip):
                return True
            left -= strip[1] * self.part.width
            if left <= 0:
                break
        return False
