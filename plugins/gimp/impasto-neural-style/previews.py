"""Previews: the part of the layer that is seen is painted soon after a setting was changed, where that takes only seconds."""

import uuid

import layers
import pictures
from impasto_client import preview_sample, wire
from impasto_client.job_client import DONE, JobClient

MAX_PAINTED, MAX_READ = 800_000, 1 << 24
"""Px of a preview at most, as it is painted and as it is read of the layer. What is not larger is painted whole, and then the
preview is the painting."""


class Preview:
    """One preview: ``job_client``; ``recipe``; ``part``: what of the layer was sent, where that is all of it in full."""

    def __init__(self, job_client, recipe, part):
        self.job_client, self.recipe, self.part = job_client, recipe, part


class PreviewRenderer:
    """Renders one preview at a time. Those that are not needed any more are removed from the daemon."""

    def __init__(self, connection, changed):
        """``changed(job_client)``: the job of the present preview has changed, or ended."""
        self._connection, self._changed, self._current = connection, changed, None

    def render(self, image, layer, area, sample, recipe):
        """Paint ``sample`` (a :class:`preview_sample.Sample`) of the ``area`` of a layer that is to be painted by ``recipe``.

        Raises :class:`layers.UnsupportedLayer`.
        """
        self.drop()
        part = layers.LayerRegion(image, layer, area) if sample.whole else None
        content = part.content() if part else pictures.content(layer, place(area, sample))
        job_client = JobClient.stylize(content, preview_sample.recipe_for(sample, recipe), uuid.uuid4().hex)
        self._current = Preview(job_client, recipe, part)
        self._connection.run(job_client, self._job_changed)

    def take(self, recipe, part):
        """The job client of the finished preview that is the very painting of ``part`` by ``recipe``, or None.

        The result then belongs to the caller.
        """
        current = self._current
        if current is None or current.job_client.state != DONE or current.part is None:
            return None
        if current.recipe != recipe or not current.part.same(part):
            return None
        self._current = None
        return current.job_client

    def drop(self):
        """Nobody wants to see the present preview any more."""
        current, self._current = self._current, None
        if current is None:
            return
        if not current.job_client.ended:
            self._connection.discard(current.job_client)
        elif current.job_client.state == DONE:
            self._connection.send(wire.remove(current.job_client.job["id"]))  # it is none of the results that are listed

    def _job_changed(self, job_client):
        if self._current is not None and job_client is self._current.job_client:
            self._changed(job_client)
        elif job_client.ended and job_client.job.get("id"):
            self._connection.send(wire.remove(job_client.job["id"]))  # it was dropped before it had a name


def place(area, sample):
    """A sample's (x, y, width, height) in the layer."""
    return area[0] + sample.x, area[1] + sample.y, sample.width, sample.height
