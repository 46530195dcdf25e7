"""The painting under way: begun, followed, stopped, and handed over to be inserted."""

import uuid

import layers
import pictures
import questions
import results
from impasto_client import messages
from impasto_client.job_client import CANCELLED, DONE, JobClient
from paint_options import PaintOptions
from preview_pane import SIDE
from translation import _


class PaintController:
    """Paints one layer at a time."""

    def __init__(self, target, parts, connection, preview, inserter):
        """``preview``: the :class:`preview_controller.PreviewController`, which may have painted all of it already; ``inserter``:
        the :class:`result_inserter.ResultInserter`."""
        self._target, self._parts, self._connection = target, parts, connection
        self._preview, self._inserter, self._job_client = preview, inserter, None

    @property
    def running(self):
        """Whether something is being painted."""
        return self._job_client is not None

    def begin(self, recipe, output):
        """Paint the layer by ``recipe``; ``output``: what becomes of the result."""
        self._parts.message_bar.clear()
        if not recipe.styles:
            self._parts.message_bar.show_message(_("Choose a style."))
            return
        options = PaintOptions(recipe, output)
        try:
            if results.would_lose_text(self._target.replaced, output) and not self._may_lose_text():
                return
            part = self._target.region(output)
        except layers.UnsupportedLayer as error:
            self._preview.show_unsupported(error)
            return
        finished = self._preview.take(recipe, part)
        if finished is not None:  # what is seen is the painting itself
            self._inserter.insert(finished, part, options)
            return
        self._preview.drop()
        self._start(part, options)

    def _may_lose_text(self):
        return questions.confirmed(
            self._parts.dialog,
            _("Turn the text of '{name}' into pixels?").format(name=self._target.replaced.get_name()),
            _("It can then no longer be edited as text. Edit > Undo brings it back; a new layer leaves it as it is."),
            _("_Replace It"),
        )

    def _start(self, part, options):
        self._job_client = JobClient.stylize(part.content(), options.recipe, uuid.uuid4().hex)
        self._preview.paused = True
        self._parts.set_running(True)
        self._parts.set_can_stop(True)
        area = part.x, part.y, part.width, part.height
        self._parts.preview_pane.show_original(pictures.layer_pixbuf(self._target.layer, area, SIDE))
        self._parts.preview_pane.set_caption(_("What has been painted so far."))
        self._connection.run(self._job_client, lambda job_client: self._job_changed(job_client, part, options))

    def stop(self, keep):
        """Stop it; ``keep``: what there is by now."""
        if self._job_client is not None:
            self._parts.set_can_stop(False)
            self._parts.status.set_text(_("Stopping…"))
            self._connection.stop(self._job_client, keep)

    def close(self):
        """The window closes: what is being painted is discarded."""
        if self._job_client is not None:
            self._connection.stop(self._job_client, keep=False)

    def _job_changed(self, job_client, part, options):
        pane, status = self._parts.preview_pane, self._parts.status
        if not job_client.ended:
            self._parts.bar.set_fraction(job_client.job.get("fraction") or 0.0)
            status.set_text(messages.progress(job_client.job, _))
            pane.show_painted(pictures.preview_pixbuf(job_client, SIDE))
            return
        self._job_client, self._preview.paused = None, False
        self._parts.set_running(False)
        status.set_text("")
        if job_client.state == DONE:
            pane.show_painted(pictures.result_pixbuf(job_client.result, SIDE))
            self._inserter.insert(job_client, part, options)
        elif job_client.state == CANCELLED:
            status.set_text(_("Discarded."))
            self._preview.refresh()
        else:
            self._parts.message_bar.show_message(messages.error(job_client.error, _))
