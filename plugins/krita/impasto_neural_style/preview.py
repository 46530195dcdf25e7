"""The live preview: what the settings make of the layer, a moment after the last of them was moved."""

import uuid

from . import pictures
from .client import job_client as jobs
from .client import pixels, recipe as recipes, wire
from .qt import QtCore, Signal
from .incremental import IncrementalTask
from .source import Part, layer_of
from .colour_spaces import Converter, UnsupportedLayer
from .translation import _

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
        self._recipe = self._part = self._incremental = self._job_client = self._converter = None
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
        except UnsupportedLayer as unsupported:
            self._tell(str(unsupported))
            return
        self._tell(self.sentence, busy=True)
        self._incremental = IncrementalTask(self._part.read(self._converter), self._send, self._failed, self)

    def _send(self, _nothing):
        self._incremental = None
        self._converter.close()
        values = {name: value for name, value in self._recipe.values.items() if name != "resolution"}
        job_client = jobs.JobClient.stylize(self._part.pieces, recipes.Recipe(self._recipe.styles, values), uuid.uuid4().hex)
        self._job_client = job_client
        self._connection.run(job_client, self._news)

    def _news(self, job_client):
        if job_client is not self._job_client or not job_client.ended:
            return
        self._job_client = None
        if job_client.state == jobs.FAILED:
            self._tell(job_client.error.sentence())
        elif job_client.state == jobs.DONE:
            self._connection.ask(wire.remove(job_client.job["id"]), lambda status, body: None)  # it is nobody's result
            part, painted = self._part, pixels.unpack(job_client.result)
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
        if not isinstance(error, UnsupportedLayer):
            raise error

    def _give_up(self):
        if self._incremental is not None:
            self._incremental.stop()
        if self._converter is not None:
            self._converter.close()
        job_client, self._job_client, self._incremental = self._job_client, None, None
        if job_client is not None and not job_client.ended:
            self._connection.stop(job_client, keep=False)
            if job_client.job.get("id"):  # it may have been done by now; one that is not leaves nothing anyway
                self._connection.ask(wire.remove(job_client.job["id"]), lambda status, body: None)

    def _tell(self, sentence, busy=False):
        self.sentence, self.busy = sentence, busy
        self.changed.emit()
