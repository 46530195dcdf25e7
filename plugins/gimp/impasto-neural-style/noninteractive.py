"""From a layer to its painting in one go, without a window."""

import uuid

import daemon as daemons
import results
from impasto_client import messages, wire
from impasto_client.job_client import DONE, JobClient
from translation import _


def paint(target, options, daemon, on_progress):
    """The new layer, or the one whose pixels were replaced. ``target``: a :class:`target.Target`; ``on_progress(job)``: whenever
    the job has changed.

    Raises :class:`layers.UnsupportedLayer` and :class:`daemon.DaemonError`.
    """
    results.check_text(target.replaced, options.output)
    part = target.region(options.output)
    name_styles(options.recipe, daemon)
    job_client = JobClient.stylize(part.content(), options.recipe, uuid.uuid4().hex)
    daemons.run(daemon, job_client, on_progress)
    if job_client.state != DONE:
        raise daemons.DaemonError(messages.error(job_client.error, _) if job_client.error else _("The painting was cancelled."))
    return results.insert(target.image, target.layer, part, job_client.result, options, target.former)


def name_styles(recipe, daemon):
    """Give the styles that came as ids their titles: the new layer is named after them."""
    if all(style.title for style in recipe.styles):
        return
    try:
        titles = {style["id"]: style["title"] for style in wire.read_json(*daemons.send(daemon, wire.styles()))["styles"]}
    except (daemons.NoResponse, wire.ApiError):
        return  # the painting itself will say what is wrong
    for style in recipe.styles:
        style.title = style.title or titles.get(style.id, "")
