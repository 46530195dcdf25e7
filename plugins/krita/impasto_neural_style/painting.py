"""One painting, from a layer to a layer: read, sent, waited for, fetched, inserted; nothing of it blocks."""

import time
import uuid

from . import memory
from . import result as results
from . import together
from .client import errand as errands
from .client import pixels, wire, words
from .pictures import Sketch
from .qt import QtCore, Signal
from .slices import Slices
from .source import Part, identity_of, is_open, layer_of
from .spaces import Converter, Unfit
from .texts import _

READING, PAINTING, INSERTING = "reading", "painting", "inserting"
DONE, FAILED, CANCELLED = errands.DONE, errands.FAILED, errands.CANCELLED


class Painting(QtCore.QObject):
    """``state``: one of the above. ``sentence``: what it does, or how it ended, for people. ``fraction``: 0 to 1.
    ``name``: the new layer's; ``layer``: that layer. ``job``: as the daemon tells it. ``preview``: the newest picture of it that
    nobody has taken yet (a PNG's bytes). ``before``, ``after``: the layer's part and the painting, small (QImages, or None)."""

    changed = Signal()
    painted = Signal()
    """The daemon has finished it: whatever happens to the document, the result is kept there."""

    ended = Signal()

    def __init__(self, krita, connection, recipe, output=results.MASKED, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.recipe, self.output = recipe, output
        self.name = recipe.title()
        self.state, self.sentence, self.fraction, self.preview, self.layer = READING, _("Reading the layer…"), 0.0, None, None
        self.place, self.part, self.before, self.after = None, None, None, None
        self._krita, self._connection = krita, connection
        self._slices = self._errand = self._seen = None
        self._converter, self._anew = Converter(krita), False

    @property
    def job(self):
        """What the daemon last said of it."""
        return self._errand.job if self._errand else {}

    @property
    def over(self):
        """Whether it has ended."""
        return self.state in (DONE, FAILED, CANCELLED)

    def start(self, document, node):
        """Paint a layer of a document."""
        try:
            layer = layer_of(node)
            if document is None or layer is None:
                raise Unfit(_("Open a picture and select a layer to paint."))
            if self.output == results.REPLACE and layer.locked():
                raise Unfit(_("The layer's pixels are locked. Unlock them, or choose a new layer as the result."))
            self.part = Part(document, layer, raw=self.output == results.REPLACE)
        except Unfit as unfit:
            self._end(FAILED, str(unfit))
            return
        self._slices = Slices(self.part.read(self._converter), self._send, self._failed, self)

    def take(self, job, place):
        """Insert the result of a job that was painted before (as the daemon's ``job``): at ``place`` or, where that is None or its
        document has been closed, into the active document."""
        self.place, self._anew = place, True
        self._errand = errands.Errand.again(job)
        self.state, self.sentence = PAINTING, _("Fetching the result…")
        self._connection.carry_out(self._errand, self._news)

    def stop(self):
        """Stop and keep what there is so far."""
        if self.state == PAINTING:
            self._connection.stop(self._errand, keep=True)
            self._say(_("Stopping…"))
        elif self.state == READING:
            self.discard()

    def discard(self):
        """Stop, and insert nothing."""
        if self.over:
            return
        if self.state == PAINTING:
            self._connection.stop(self._errand, keep=False)
        self._end(CANCELLED, _("Discarded."))

    def take_preview(self):
        """The newest picture of it, once: None where it was taken before."""
        preview, self.preview = self.preview, None
        return preview

    def leave(self):
        """Krita quits: not a step more."""
        if self._slices is not None:
            self._slices.stop()
            self._slices = None

    def wait(self, seconds=600.0):
        """For scripts: let Krita go on until it has ended, and answer the new layer. Raises ``RuntimeError`` with a sentence."""
        until, loop = time.monotonic() + seconds, QtCore.QEventLoop()
        self.ended.connect(loop.quit)
        QtCore.QTimer.singleShot(int(seconds * 1000), loop.quit)
        while not self.over and time.monotonic() < until:
            loop.exec()
        if self.state != DONE:
            raise RuntimeError(self.sentence if self.over else _("Not ready in time."))
        return self.layer

    # -- the steps ---------------------------------------------------------------------------------------------------

    def _send(self, _nothing):
        self._slices, self.place, self.before = None, results.Place.of(self.part), self.part.sketch.image
        self._errand = errands.Errand.painting(self.part.pieces, self.recipe, uuid.uuid4().hex)
        self.state = PAINTING
        self._say(_("Waiting for Impasto…"))
        self._connection.carry_out(self._errand, self._news)

    def _news(self, errand):
        if self.over or self.state == INSERTING:
            return
        if errand.state != errands.SENDING:
            self.part = None  # the pixels are with the daemon
        if errand.preview is not self._seen:
            self.preview = self._seen = errand.preview
        self.fraction = errand.job.get("fraction") or self.fraction
        if errand.state == errands.FAILED:
            self._end(FAILED, _(words.WRONG_TOKEN) if errand.error.status == 401 else errand.error.sentence())
        elif errand.state == errands.CANCELLED:
            self._end(CANCELLED, _("Discarded."))
        elif errand.state == errands.DONE:
            self._insert(errand.result)
        elif errand.job:
            self._say(words.progress(errand.job, _))

    def _insert(self, result):
        self.state = INSERTING
        self._say(_("Inserting the layer…"))
        try:
            painted = pixels.unpack(result)
        except ValueError as error:
            self._end(FAILED, str(error))
            return
        if self._anew and (self.place is None or not is_open(self._krita, self.place.document)):
            document = self._krita.activeDocument()
            if document is None:
                self._end(FAILED, _("Open a picture first: there is none to insert the result into."))
                return
            self.place = results.Place.anywhere(document, painted)
        sketch = Sketch(painted.width, painted.height)
        self.after = sketch.image
        self.painted.emit()
        work = results.insert(self._krita, self.place, painted, self.output, self.name, self._converter, sketch)
        self._slices = Slices(work, self._inserted, self._failed, self)

    def _inserted(self, told):
        (self.layer, replaced), self.fraction = told, 1.0
        if replaced is not None:
            together.watch(self._krita).remember(self.place.document, identity_of(self.layer), replaced)
        if self.recipe.styles:
            memory.write_down(self.place.document, self.layer, self.recipe)
        notes = self.job.get("notes") or []
        self._end(DONE, " ".join([_("Done: '{name}'.").format(name=self.layer.name())] + notes))

    def _failed(self, error):
        if not isinstance(error, (Unfit, ValueError, wire.Refused)):
            self._end(FAILED, "%s: %s" % (type(error).__name__, error))
            raise error  # a fault of ours: Krita shows where
        self._end(FAILED, str(error))

    def _say(self, text):
        self.sentence = text
        self.changed.emit()

    def _end(self, state, text):
        if self._slices is not None:
            self._slices.stop()
        self._slices, self.part = None, None
        self._converter.close()
        self.state = state
        self._say(text)
        self.ended.emit()
