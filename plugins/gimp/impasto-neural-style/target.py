"""The layer that the window paints, and what it was painted from where it is a painting itself."""

import layers
import results
from translation import _


class Target:
    """``layer``: what is painted. ``painting``: an earlier painting of it, for which the window was opened, or None; ``source``:
    what that was painted from, or None."""

    def __init__(self, image, layer):
        self.image, self.layer, self.painting, self.source = image, layer, None, results.source_of(image, layer)
        if self.source is not None:
            self.painting, self.layer = layer, self.source

    def use_source(self, yes):
        """Paint what the earlier painting was painted from, or the earlier painting itself."""
        self.layer = self.source if yes else self.painting

    def paintable(self):
        """The layer, checked. Raises :class:`layers.UnsupportedLayer`."""
        if not self.layer.is_valid():
            raise layers.UnsupportedLayer(_("The layer is gone. Close this window and choose another one."))
        return layers.only_layer(self.image, [self.layer])

    def check_output(self, output):
        """Raises :class:`layers.UnsupportedLayer` where the layer cannot take the result in that way."""
        if self.painting in (None, self.layer):  # else it is an earlier painting that is replaced
            results.check_output(self.layer, output)

    def position(self):
        """Where in the image the layer is painted, as (x, y, width, height); None where it cannot be."""
        try:
            x, y, width, height = layers.paint_area(self.paintable())
        except layers.UnsupportedLayer:
            return None
        left, top = self.layer.get_offsets()[-2:]
        return left + x, top + y, width, height
