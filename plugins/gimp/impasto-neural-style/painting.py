"""From a layer to its painting in one go, without a window."""

import uuid

import daemon as daemons
import layers
import results
from impasto_client.errand import DONE, Errand
from texts import _


def paint(image, layer, order, daemon, told):
    """The new layer, or the one whose pixels were replaced. ``told(job)``: whenever there is news of the job.

    Raises :class:`layers.Unfit` and :class:`daemon.Trouble`.
    """
    results.check_output(layer, order.output)
    part = layers.Part(image, layer, effects=with_effects(order))
    errand = Errand.painting(part.content(), order.recipe, uuid.uuid4().hex)
    daemons.carry_out(daemon, errand, told)
    if errand.state != DONE:
        raise daemons.Trouble(daemons.sentence(errand.error) if errand.error else _("The painting was cancelled."))
    return results.insert(image, layer, part, errand.result, order)


def with_effects(order):
    """Whether a layer is painted as it looks with its effects; pixels that are replaced lie under them, and are shown with them."""
    return order.output != "replace"
