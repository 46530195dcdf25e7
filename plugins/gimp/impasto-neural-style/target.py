"""The layer that is painted, and what it was painted from where it is a painting itself."""

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp  # noqa: E402

import layers  # noqa: E402
import results  # noqa: E402
from impasto_client import outputs  # noqa: E402
from translation import _  # noqa: E402


class Target:
    """``layer``: what is painted. ``painting``: an earlier painting of it, which was chosen to be painted anew, or None;
    ``source``: what that was painted from, or None."""

    def __init__(self, image, layer):
        self.image, self.layer, self.painting, self.source = image, layer, None, results.source_of(image, layer)
        if self.source is not None:
            self.painting, self.layer = layer, self.source

    def use_source(self, yes):
        """Paint what the earlier painting was painted from, or the earlier painting itself."""
        if self.source is not None:
            self.layer = self.source if yes else self.painting

    @property
    def former(self):
        """The earlier painting that is painted anew, or None: it tells which part is painted, and through which mask."""
        return self.painting if self.painting not in (None, self.layer) and self.painting.is_valid() else None

    @property
    def replaced(self):
        """The layer whose pixels are replaced where they are to be."""
        return self.former or self.layer

    def paintable(self):
        """The layer, checked. Raises :class:`layers.UnsupportedLayer`."""
        if not self.layer.is_valid():
            raise layers.UnsupportedLayer(_("The layer is gone. Close this window and choose another one."))
        return layers.only_layer(self.image, [self.layer])

    def area(self, output):
        """(x, y, width, height) in the layer: within the selection's bounds; where nothing is selected, as much of it as the
        earlier painting shows. Raises :class:`layers.UnsupportedLayer`."""
        layer, former = self.paintable(), self.former
        replaces = output == outputs.REPLACE
        if former is None or not (replaces or Gimp.Selection.is_empty(self.image)):
            return layers.paint_area(layer)
        try:
            return layers.paint_area(layer, within=former)
        except layers.UnsupportedLayer:
            if replaces:
                raise
            return layers.paint_area(layer)  # it was moved away

    def region(self, output):
        """What is painted, read. Raises :class:`layers.UnsupportedLayer`, also where the layer cannot take the result so."""
        area = self.area(output)
        results.check_output(self.replaced, output)
        # Pixels that are replaced lie under their layer's effects, and are shown with them.
        effects = output != outputs.REPLACE or self.former is not None
        return layers.LayerRegion(self.image, self.layer, area, effects)

    def position(self, output):
        """Where in the image the layer is painted, as (x, y, width, height); None where it cannot be."""
        try:
            x, y, width, height = self.area(output)
        except layers.UnsupportedLayer:
            return None
        left, top = self.layer.get_offsets()[-2:]
        return left + x, top + y, width, height
