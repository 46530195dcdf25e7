"""From a layer to its painting in one go, without a window."""

import uuid

import daemon as daemons
import layers
import results
from impasto_client import messages, outputs
from impasto_client.job_client import DONE, JobClient
from translation import _


def paint(image, layer, options, daemon, on_progress):
    """The new layer, or the one whose pixels were replaced. ``on_progress(job)``: whenever the job has changed.

    Raises :class:`layers.UnsupportedLayer` and :class:`daemon.DaemonError`.
    """
    results.check_output(layer, options.output)
    part = layers.LayerRegion(image, layer, effects=with_effects(options))
    job_client = JobClient.stylize(part.content(), options.recipe, uuid.uuid4().hex)
    daemons.run(daemon, job_client, on_progress)
    if job_client.state != DONE:
        raise daemons.DaemonError(messages.error(job_client.error, _) if job_client.error else _("The painting was cancelled."))
    return results.insert(image, layer, part, job_client.result, options)


def with_effects(options):
    """Whether a layer is painted as it looks with its effects; pixels that are replaced lie under them, and are shown with them."""
    return options.output != outputs.REPLACE
