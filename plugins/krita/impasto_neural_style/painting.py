"""One painting, from a layer to a layer: read, sent, waited for, fetched, inserted; nothing of it blocks."""

import time
import uuid

from . import result as results
from .client import errand as errands
from .client import wire, words
from .qt import QtCore, Signal
from .slices import Slices
from .source import Part, layer_of
from .spaces import Converter, Unfit
from .texts import _

READING, PAINTING, INSERTING = "reading", "painting", "inserting"
DONE, FAILED, CANCELLED = errands.DONE, errands.FAILED, errands.CANCELLED


class Painting(QtCore.QObject):
    """``state``: one of the above. ``sentence``: what it does, or how it ended, for people. ``fraction``: 0 to 1.
    ``preview``: the newest picture of it (a PNG's bytes). ``layer``: the new one. ``job``: as the daemon tells it."""

    changed = Signal()
    ended = Signal()

    def __init__(self, krita, connection, recipe, output=results.MASKED, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.recipe, self.output = recipe, output
        self.state, self.sentence, self.fraction, self.preview, self.layer = READING, _("Reading the layer…"), 0.0, None, None
        self.place, self.part = None, None
        self._krita, self._connection = krita, connection
        self._slices = self._errand = None
        self._converter = Converter(krita)

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
            self.part = Part(document, layer, raw=self.output == results.REPLACE)
        except Unfit as unfit:
            self._end(FAILED, str(unfit))
            return
        self._slices = Slices(self.part.read(self._converter), self._send, self._failed, self)

    def take(self, job, place):
        """Insert the result of a job that was painted before (as the daemon's ``job``), or follow it until it is there."""
        self.place = place
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
        self._slices, self.place = None, results.Place.of(self.part)
        self._errand = errands.Errand.painting(self.part.pieces, self.recipe, uuid.uuid4().hex)
        self.state = PAINTING
        self._say(_("Waiting for Impasto…"))
        self._connection.carry_out(self._errand, self._news)

    def _news(self, errand):
        if self.over or self.state == INSERTING:
            return
        if errand.state != errands.SENDING:
            self.part = None  # the pixels are with the daemon
        self.preview = errand.preview or self.preview
        self.fraction = errand.job.get("fraction") or self.fraction
        if errand.state == errands.FAILED:
            self._end(FAILED, _(words.WRONG_TOKEN) if errand.error.status == 401 else errand.error.sentence())
        elif errand.state == errands.CANCELLED:
            self._end(CANCELLED, _("Discarded."))
        elif errand.state == errands.DONE:
            self._insert(errand.result)
        elif errand.job:
            self._say(words.progress(errand.job, _))

    def _insert(self, painted):
        self.state = INSERTING
        self._say(_("Inserting the layer…"))
        work = results.insert(self._krita, self.place, painted, self.output, self.recipe.title(), self._converter)
        self._slices = Slices(work, self._inserted, self._failed, self)

    def _inserted(self, layer):
        self.layer, self.fraction = layer, 1.0
        notes = self.job.get("notes") or []
        self._end(DONE, " ".join([_("Done: '{name}'.").format(name=layer.name())] + notes))

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
