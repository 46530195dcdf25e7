"""Proofs: the part of the layer that is seen is painted as soon as something was changed, where that takes no more than seconds."""

import uuid

import layers
import pictures
from impasto_client import preview, wire
from impasto_client.errand import DONE, Errand

MOST_PIXELS = 800_000
"""A proof paints so many px at most; what is not larger is painted whole, and then the proof is the painting."""


class Proof:
    """One proof: ``errand``; ``recipe``; ``part``: what of the layer was sent, where that is all of it in full."""

    def __init__(self, errand, recipe, part):
        self.errand, self.recipe, self.part = errand, recipe, part


class Proofs:
    """Makes one proof at a time. Those that nobody needs any more are taken back from the daemon."""

    def __init__(self, runner, told):
        """``told(proof)``: there is news of a proof that still matters; it has ended or not."""
        self._runner, self._told, self._now = runner, told, None

    def make(self, image, layer, area, sample, recipe):
        """Paint ``sample`` (of :mod:`impasto_client.preview`) of the ``area`` of a layer that is to be painted by ``recipe``.

        Raises :class:`layers.Unfit`.
        """
        self.drop()
        part = layers.Part(image, layer, area) if sample.whole else None
        content = part.content() if part else pictures.content(layer, place(area, sample), sample.factor)
        errand = Errand.painting(content, without_resolution(recipe) if part is None else recipe, uuid.uuid4().hex)
        self._now = Proof(errand, recipe, part)
        self._runner.carry_out(errand, self._news)

    def ready(self, recipe, part):
        """The finished proof that is the very painting of ``part`` by ``recipe``, or None. It then belongs to the caller."""
        now = self._now
        if now is None or now.errand.state != DONE or now.part is None or now.recipe != recipe or not now.part.same(part):
            return None
        self._now = None
        return now

    def drop(self):
        """Nobody wants to see the present one any more."""
        now, self._now = self._now, None
        if now is None:
            return
        if not now.errand.ended:
            self._runner.stop(now.errand, keep=False)
        elif now.errand.state == DONE:
            self._runner.tell(wire.remove(now.errand.job["id"]))  # it is none of the results that are listed

    def _news(self, errand):
        if self._now is not None and errand is self._now.errand:
            self._told(self._now)
        elif errand.state == DONE:
            self._runner.tell(wire.remove(errand.job["id"]))  # it came too late


def place(area, sample):
    """A sample's (x, y, width, height) in the layer."""
    return area[0] + sample.x, area[1] + sample.y, sample.width, sample.height


def without_resolution(recipe):
    """What paints a sample: it has been made as small already as all of it would be."""
    values = {name: value for name, value in recipe.values.items() if name != "resolution"}
    return type(recipe)(recipe.styles, values)


def shown(proof, side):
    """The finished proof as a pixbuf of at most ``side`` px."""
    return pictures.shown_result(proof.errand.result, side)


def sample_of(area, recipe, whole, centre):
    """What of an ``area`` a proof shows. ``whole``: all of it, however long that takes."""
    return preview.sample(area[2], area[3], int(recipe.values.get("resolution", 0)), 0 if whole else MOST_PIXELS, centre)
