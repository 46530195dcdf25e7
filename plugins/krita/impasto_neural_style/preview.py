"""The live preview: what the settings make of the layer, a moment after the last of them, or the layer itself, has changed."""

import uuid

from . import pictures
from .client import job_client as jobs
from .client import messages, pixels, wire
from .client import plan as plans
from .client import preview_sample
from .colour_spaces import Converter, UnsupportedLayer
from .incremental import IncrementalTask
from .qt import Qt, QtCore, QtWidgets, Signal
from .preview_watch import PreviewWatch, target_of
from .source import LayerRegion, inside_canvas, is_idle
from .translation import _

DEBOUNCE_MS = 300
"""How long no control may move before a preview is painted: a drag along a slider makes one."""

MAX_PIXELS = 1 << 20
"""Px of the layer at most; of a larger one the middle is shown, so that strokes have their final size."""


class Preview(QtCore.QObject):
    """``image``: the newest preview, ``before``: the same part unpainted (QImages, or None); ``sentence``: about them; ``plan``,
    ``reason``: how the layer will be painted, and why so, as the daemon says; ``busy``: whether another preview is on its way."""

    changed = Signal()
    outdated = Signal()
    """What is to be painted, or is on it, is not what the preview was made from."""

    def __init__(self, krita, connection, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.image, self.before, self.busy = None, None, False
        self.sentence = self.plan = self.reason = ""
        self._krita, self._connection, self._converter = krita, connection, Converter(krita)
        self._recipe = self._sample = self._part = self._incremental = self._job_client = None
        self._plan_number, self._watch = 0, PreviewWatch(krita)
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self._ask_for_plan)

    def request(self, recipe):
        """Paint one with ``recipe``, unless another is wanted within a moment; what is under way is given up."""
        self._cancel()
        self._recipe = recipe
        self._timer.start()

    def look(self):
        """Called now and then: emits :attr:`outdated` where a preview is wanted, and Krita does something else by now than it did.

        Not while a mouse button is down or Krita at work: what comes of a stroke is looked at, not the stroke.
        """
        if self._recipe is None or self._timer.isActive() or QtWidgets.QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        document = self._krita.activeDocument()
        if self._watch.is_changed() and (document is None or is_idle(document)):
            self.outdated.emit()

    def stop(self):
        """None is wanted any more, until something changes; the one that is there stays."""
        self._timer.stop()
        self._cancel()
        self._set_sentence(self.sentence)

    def adopt(self):
        """Something was painted: what Krita has made the active layer since is no reason for another."""
        self._watch.adopt()

    def clear(self, wanted=False):
        """Nothing to be seen. ``wanted``: one is, as soon as there is something to paint."""
        self.image = self.before = None
        self.sentence = self.plan = self.reason = ""
        self.stop()
        self._watch.forget()
        self._recipe = self._recipe if wanted else None

    def show(self, image, before=None):
        """Show a picture that comes from elsewhere: of a painting that is under way."""
        self.image, self.sentence, self.plan = image, "", ""
        if before is not None:
            self.before = before
        self.changed.emit()

    def _ask_for_plan(self, again=True):
        """``again``: where the daemon has gone, ask once more; then it is looked for, or started."""
        self._watch.begin()
        try:
            target = target_of(self._krita)
        except UnsupportedLayer as error:
            self.plan = self.reason = ""
            self._show_text(str(error))
            return
        if target is not None:
            area, number = target[2], self._plan_number
            self._connection.ask(
                wire.plan(self._recipe, area.width(), area.height()),
                lambda status, body: self._plan_received(status, body, number),
                lambda _reason: self._plan_lost(again, number),
            )

    def _plan_lost(self, again, number):
        if again and number == self._plan_number:
            self._ask_for_plan(again=False)

    def _plan_received(self, status, body, number):
        if number != self._plan_number:
            return  # something was changed again meanwhile
        try:
            plan, target = plans.read(status, body), target_of(self._krita)
        except (wire.ApiError, UnsupportedLayer) as error:
            self.plan = self.reason = ""
            self._show_text(messages.error(error, _) if isinstance(error, wire.ApiError) else str(error))
            return
        if target is None:
            return
        document, layer, area = target
        self.plan, self.reason = plan.in_words(area.width(), area.height(), _), plan.reason
        if plan.quick:
            self._read(document, layer, area, plan.scale(area.width(), area.height()))
        else:
            size = _("{width} x {height} px").format(width=area.width(), height=area.height())
            self._show_text(_("{size}. You see it here as it is painted.").format(size=size))

    def _show_text(self, sentence):
        self.image = self.before = None
        self._set_sentence(sentence)

    def _read(self, document, layer, area, scale):
        self._sample = preview_sample.choose(area.width(), area.height(), scale, MAX_PIXELS, MAX_PIXELS)
        if not self._sample.whole:  # of what is seen, if anything is
            area = inside_canvas(document, area)
            self._sample = preview_sample.choose(area.width(), area.height(), scale, MAX_PIXELS, MAX_PIXELS)._replace(whole=False)
        sample = self._sample
        shown = QtCore.QRect(area.x() + sample.x, area.y() + sample.y, sample.width, sample.height)
        try:
            self._part = LayerRegion(document, layer, shown=shown)
        except UnsupportedLayer as error:
            self._set_sentence(str(error))
            return
        self._watch.part = self._part
        self._set_sentence(self.sentence, busy=True)
        self._converter = Converter(self._krita)
        self._incremental = IncrementalTask(self._part.read(self._converter), self._send, self._failed, self)

    def _send(self, _nothing):
        self._incremental = None
        self._converter.close()
        recipe = preview_sample.recipe_for(self._sample, self._recipe)
        self._waiting = ""
        self._job_client = jobs.JobClient.stylize(self._part.chunks, recipe, uuid.uuid4().hex)
        self._connection.run(self._job_client, self._job_changed)

    def _job_changed(self, job_client):
        if job_client is not self._job_client:
            if job_client.ended and job_client.job.get("id"):  # it was dropped before it had a name
                self._connection.forget(job_client.job["id"])
            return
        if not job_client.ended:
            waiting = messages.progress(job_client.job, _) if messages.waits(job_client.job) else ""
            if waiting != self._waiting:
                self._waiting = waiting
                self._set_sentence(waiting, busy=True)
            return
        self._job_client = None
        if job_client.state == jobs.FAILED:
            self._set_sentence(messages.error(job_client.error, _))
        elif job_client.state == jobs.DONE:
            self._connection.forget(job_client.job["id"])  # it is none of the results that are listed
            part, painted = self._part, pixels.unpack(job_client.result)
            image = pictures.image_of(painted.data, painted.width, painted.height, part.working)
            self.image, self.before = pictures.fitted(image, pictures.SIDE * 2), part.sketch.image
            self._set_sentence(self._caption(part))

    def _caption(self, part):
        text = _("{width} x {height} px, as it will be.")
        if not self._sample.whole:
            text = _("The middle of {width} x {height} px, with the final strokes.")
        return text.format(width=part.width, height=part.height)

    def _failed(self, error):
        self._cancel()
        self._set_sentence(str(error))
        if not isinstance(error, UnsupportedLayer):
            raise error

    def _cancel(self):
        self._plan_number += 1
        if self._incremental is not None:
            self._incremental.stop()
        self._converter.close()
        job_client, self._job_client, self._incremental = self._job_client, None, None
        if job_client is not None and not job_client.ended:
            self._connection.discard(job_client)

    def _set_sentence(self, sentence, busy=False):
        self.sentence, self.busy = sentence, busy
        self.changed.emit()
