"""The live preview: what the settings make of the layer, a moment after the last of them was moved."""

import uuid

from . import pictures
from .client import errand as errands
from .client import pixels, recipe as recipes, wire
from .qt import QtCore, Signal
from .slices import Slices
from .source import Part, layer_of
from .spaces import Converter, Unfit
from .texts import _

SETTLE_MS = 300
"""So long nothing may move before a preview is painted: a drag along a slider makes one."""

PREVIEW_PIXELS = 1 << 20
"""Up to so many px of the layer; of a larger one the middle, so that strokes have their final size."""


class Preview(QtCore.QObject):
    """``image``: the newest preview, ``before``: the same part unpainted (QImages, or None); ``sentence``: about them;
    ``busy``: whether another is on its way."""

    changed = Signal()

    def __init__(self, krita, connection, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.image, self.before, self.sentence, self.busy = None, None, "", False
        self._krita, self._connection = krita, connection
        self._recipe = self._part = self._slices = self._errand = self._converter = None
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._begin)

    def want(self, recipe):
        """Paint one with ``recipe``, unless another is wanted within a moment; what is under way is given up."""
        self._give_up()
        self._recipe = recipe
        self._timer.start()

    def stop(self):
        """None is wanted any more; the one that is there stays."""
        self._timer.stop()
        self._give_up()
        self._tell(self.sentence)

    def clear(self):
        """Nothing to be seen."""
        self.image = self.before = None
        self.sentence = ""
        self.stop()

    def show(self, image, before=None):
        """Show a picture that comes from elsewhere: of a painting that is under way."""
        self.image, self.sentence = image, ""
        if before is not None:
            self.before = before
        self.changed.emit()

    def _begin(self):
        document = self._krita.activeDocument()
        layer = layer_of(document.activeNode()) if document is not None else None
        if layer is None:
            return
        self._converter = Converter(self._krita)
        try:
            self._part = Part(document, layer, within=PREVIEW_PIXELS)
        except Unfit as unfit:
            self._tell(str(unfit))
            return
        self._tell(self.sentence, busy=True)
        self._slices = Slices(self._part.read(self._converter), self._send, self._failed, self)

    def _send(self, _nothing):
        self._slices = None
        self._converter.close()
        values = {name: value for name, value in self._recipe.values.items() if name != "resolution"}
        errand = errands.Errand.painting(self._part.pieces, recipes.Recipe(self._recipe.styles, values), uuid.uuid4().hex)
        self._errand = errand
        self._connection.carry_out(errand, self._news)

    def _news(self, errand):
        if errand is not self._errand or not errand.ended:
            return
        self._errand = None
        if errand.state == errands.FAILED:
            self._tell(errand.error.sentence())
        elif errand.state == errands.DONE:
            self._connection.ask(wire.remove(errand.job["id"]), lambda status, body: None)  # it is nobody's result
            part, painted = self._part, pixels.unpack(errand.result)
            image = pictures.image_of(painted.data, painted.width, painted.height, part.working)
            self.image, self.before = pictures.fitted(image, pictures.SIDE * 2), part.sketch.image
            self._tell(self._words(part))

    def _words(self, part):
        if part.cut:
            return _("The middle of {width} x {height} px, with the final strokes.").format(width=part.width, height=part.height)
        return _("{width} x {height} px, as it will be.").format(width=part.width, height=part.height)

    def _failed(self, error):
        self._give_up()
        self._tell(str(error))
        if not isinstance(error, Unfit):
            raise error

    def _give_up(self):
        if self._slices is not None:
            self._slices.stop()
        if self._converter is not None:
            self._converter.close()
        errand, self._errand, self._slices = self._errand, None, None
        if errand is not None and not errand.ended:
            self._connection.stop(errand, keep=False)
            if errand.job.get("id"):  # it may have been done by now; one that is not leaves nothing anyway
                self._connection.ask(wire.remove(errand.job["id"]), lambda status, body: None)

    def _tell(self, sentence, busy=False):
        self.sentence, self.busy = sentence, busy
        self.changed.emit()
