"""One painting, from a layer to a layer: read, sent, waited for, fetched, inserted; nothing of it blocks."""

import time
import uuid

from . import saved_settings
from . import insertion
from . import replacement_undo
from .client import outputs
from .client import job_client as jobs
from .client import messages, pixels, wire
from .pictures import StripThumbnail
from .qt import QtCore, Signal
from .incremental import IncrementalTask
from .source import LayerRegion, id_of, is_open, layer_of, node_of
from .colour_spaces import Converter, UnsupportedLayer
from .translation import _

READING, PAINTING, INSERTING = "reading", "painting", "inserting"
DONE, FAILED, CANCELLED = jobs.DONE, jobs.FAILED, jobs.CANCELLED


class PaintTask(QtCore.QObject):
    """``state``: one of the above. ``sentence``: what it does, or how it ended, for people. ``fraction``: 0 to 1.
    ``name``: the new layer's; ``layer``: that layer. ``before``, ``after``: the layer's part and the
    painting, small (QImages, or None)."""

    changed = Signal()
    painted = Signal()
    """The daemon has finished it: whatever happens to the document, the result is kept there."""

    ended = Signal()

    def __init__(self, krita, connection, recipe, output=outputs.MASKED, parent=None, blend=False):
        QtCore.QObject.__init__(self, parent)
        self.recipe, self.output, self.blend = recipe, output, blend
        self.name = recipe.title()
        self.state, self.sentence, self.fraction, self.layer = READING, _("Reading the layer…"), 0.0, None
        self.place, self.part, self.before, self.after = None, None, None, None
        self._krita, self._connection = krita, connection
        self._incremental = self._job_client = None
        self._converter, self._is_earlier_job, self._adding = Converter(krita), False, False

    @property
    def job(self):
        """What the daemon last said of it."""
        return self._job_client.job if self._job_client else {}

    @property
    def over(self):
        """Whether it has ended."""
        return self.state in (DONE, FAILED, CANCELLED)

    def start(self, document, node):
        """Paint a layer of a document."""
        try:
            layer = layer_of(node)
            if document is None or layer is None or node_of(document, id_of(layer)) is None:
                raise UnsupportedLayer(_("Open a picture and select a layer to paint."))
            if self.output == outputs.REPLACE and layer.locked():
                raise UnsupportedLayer(_("The layer's pixels are locked. Unlock them, or choose a new layer as the result."))
            self.part = LayerRegion(document, layer, raw=self.output == outputs.REPLACE)
        except UnsupportedLayer as unsupported:
            self._end(FAILED, str(unsupported))
            return
        self._incremental = IncrementalTask(self.part.read(self._converter), self._send, self._failed, self)

    def insert_result(self, job, place):
        """Insert the result of a job that was painted before (as the daemon's ``job``): at ``place`` or, where that is None or its
        document has been closed, into the active document."""
        self.place, self._is_earlier_job = place, True
        self._job_client = jobs.JobClient.resume(job)
        self.state, self.sentence = PAINTING, _("Fetching the result…")
        self._connection.run(self._job_client, self._job_changed)

    def stop(self):
        """Stop and keep what there is so far."""
        if self.state == PAINTING:
            self._connection.stop(self._job_client, keep=True)
            self._say(_("Stopping…"))
        elif self.state == READING:
            self.discard()

    def discard(self):
        """Stop, and insert nothing; not any more, once the layer is being added."""
        if self.over or self._adding:
            return
        if self.state == PAINTING:
            self._connection.stop(self._job_client, keep=False)
        self._end(CANCELLED, _("Discarded."))

    def take_preview(self):
        """The newest preview (a PNG's bytes), once: None where it was taken before."""
        return self._job_client.take_preview() if self._job_client else None

    def abandon(self):
        """Krita quits: not a step more."""
        if self._incremental is not None:
            self._incremental.stop()
            self._incremental = None

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
        self._incremental, self.place, self.before = None, insertion.Placement.of(self.part), self.part.sketch.image
        self._job_client = jobs.JobClient.stylize(self.part.chunks, self.recipe, uuid.uuid4().hex)
        self.state = PAINTING
        self._say(_("Waiting for Impasto…"))
        self._connection.run(self._job_client, self._job_changed)

    def _job_changed(self, job_client):
        if self.over or self.state == INSERTING:
            return
        if job_client.state != jobs.SENDING:
            self.part = None  # the pixels are with the daemon
        self.fraction = job_client.job.get("fraction") or self.fraction
        if job_client.state == jobs.FAILED:
            self._end(FAILED, messages.error(job_client.error, _))
        elif job_client.state == jobs.CANCELLED:
            self._end(CANCELLED, _("Discarded."))
        elif job_client.state == jobs.DONE:
            self._insert(job_client.result)
        elif job_client.job:
            self._say(messages.progress(job_client.job, _))

    def _insert(self, result):
        self.state = INSERTING
        self._say(_("Inserting the layer…"))
        try:
            painted = pixels.unpack(result)
        except ValueError as error:
            self._end(FAILED, str(error))
            return
        if self._is_earlier_job and (self.place is None or not is_open(self._krita, self.place.document)):
            document = self._krita.activeDocument()
            if document is None:
                self._end(FAILED, _("Open a picture first: there is none to insert the result into."))
                return
            self.place = insertion.Placement.anywhere(document, painted)
        sketch = StripThumbnail(painted.width, painted.height)
        self.after = sketch.image
        self.painted.emit()

        def adding():
            self._adding = True

        work = insertion.insert(
            self._krita, self.place, painted, self.output, self.blend, self.name, self._converter, sketch, adding
        )
        self._incremental = IncrementalTask(work, self._inserted, self._failed, self)

    def _inserted(self, outcome):
        (self.layer, replaced), self.fraction = outcome, 1.0
        if replaced is not None:
            replacement_undo.of(self._krita).remember(self.place.document, id_of(self.layer), replaced)
        if self.recipe.styles:
            saved_settings.save_layer_recipe(self.place.document, self.layer, self.recipe)
        notes = self.job.get("notes") or []
        self._end(DONE, " ".join([_("Done: '{name}'.").format(name=self.layer.name())] + notes))

    def _failed(self, error):
        if not isinstance(error, (UnsupportedLayer, ValueError, wire.ApiError)):
            self._end(FAILED, "%s: %s" % (type(error).__name__, error))
            raise error  # a fault of ours: Krita shows where
        self._end(FAILED, str(error))

    def _say(self, text):
        self.sentence = text
        self.changed.emit()

    def _end(self, state, text):
        if self._incremental is not None:
            self._incremental.stop()
        self._incremental, self.part = None, None
        self._converter.close()
        self.state = state
        self._say(text)
        self.ended.emit()
