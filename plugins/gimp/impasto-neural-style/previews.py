"""Previews: the part of the layer that is seen is painted soon after a setting was changed, where that takes only seconds."""

import uuid

import layers
import pictures
from impasto_client import preview_sample, wire
from impasto_client.job_client import DONE, JobClient

MOST_PIXELS = 800_000
"""A preview paints so many px at most; what is not larger is painted whole, and then the preview is the painting."""


class Preview:
    """One preview: ``job_client``; ``recipe``; ``part``: what of the layer was sent, where that is all of it in full."""

    def __init__(self, job_client, recipe, part):
        self.job_client, self.recipe, self.part = job_client, recipe, part


class PreviewRenderer:
    """Makes one preview at a time. Those that nobody needs any more are taken back from the daemon."""

    def __init__(self, connection, changed):
        """``changed(preview)``: there is news of a preview that still matters; it has ended or not."""
        self._connection, self._changed, self._now = connection, changed, None

    def make(self, image, layer, area, sample, recipe):
        """Paint ``sample`` (a :class:`preview_sample.Sample`) of the ``area`` of a layer that is to be painted by ``recipe``.

        Raises :class:`layers.UnsupportedLayer`.
        """
        self.drop()
        part = layers.Part(image, layer, area) if sample.whole else None
        content = part.content() if part else pictures.content(layer, place(area, sample), sample.factor)
        job_client = JobClient.stylize(content, without_resolution(recipe) if part is None else recipe, uuid.uuid4().hex)
        self._now = Preview(job_client, recipe, part)
        self._connection.run(job_client, self._news)

    def ready(self, recipe, part):
        """The finished preview that is the very painting of ``part`` by ``recipe``, or None. It then belongs to the caller."""
        now = self._now
        if now is None or now.job_client.state != DONE or now.part is None or now.recipe != recipe or not now.part.same(part):
            return None
        self._now = None
        return now

    def drop(self):
        """Nobody wants to see the present one any more."""
        now, self._now = self._now, None
        if now is None:
            return
        if not now.job_client.ended:
            self._connection.stop(now.job_client, keep=False)
        elif now.job_client.state == DONE:
            self._connection.send(wire.remove(now.job_client.job["id"]))  # it is none of the results that are listed

    def _news(self, job_client):
        if self._now is not None and job_client is self._now.job_client:
            self._changed(self._now)
        elif job_client.state == DONE:
            self._connection.send(wire.remove(job_client.job["id"]))  # it came too late


def place(area, sample):
    """A sample's (x, y, width, height) in the layer."""
    return area[0] + sample.x, area[1] + sample.y, sample.width, sample.height


def without_resolution(recipe):
    """What paints a sample: it has been made as small already as all of it would be."""
    values = {name: value for name, value in recipe.values.items() if name != "resolution"}
    return type(recipe)(recipe.styles, values)


def shown(preview, side):
    """The finished preview as a pixbuf of at most ``side`` px."""
    return pictures.shown_result(preview.job_client.result, side)


def sample_of(area, recipe, whole, centre):
    """What of an ``area`` a preview shows. ``whole``: all of it, however long that takes."""
    return preview_sample.sample(area[2], area[3], int(recipe.values.get("resolution", 0)), 0 if whole else MOST_PIXELS, centre)
