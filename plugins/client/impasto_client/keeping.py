"""Keep as a style: what a painting's pictures were refined to becomes styles of the user's own, which are painted at once."""

from . import messages, wire

NOTHING_LEFT = ("conflict", "gone", "unknown_job")
"""Codes of the errors after which there is nothing that a second try could keep."""

_SENT_ALONG = "upload:"


def can_be_kept(job):
    """Whether a finished ``job``, as the daemon tells of it, has something to keep."""
    return bool(_refined(job))


def needs_name(job):
    """Whether there is a new style to name: a picture of the library keeps the name that it has."""
    return any(asked.startswith(_SENT_ALONG) for asked in _refined_styles(job))


def pictures(job, recipe=None):
    """The pictures (a recipe's styles) that were refined: ``recipe`` is the painting's; none where it is not known any more."""
    styles = recipe.ordered() if recipe is not None else []
    return [styles[at] for at in _refined(job) if at < len(styles) and not styles[at].id]


def suggested_name(job, recipe=None):
    """The title of the picture that was refined, or "" where nobody knows it; ``recipe`` as for :func:`pictures`."""
    return next((style.title for style in pictures(job, recipe)), "")[: wire.MAX_NAME_LENGTH]


def request(job, name=""):
    """Keep it. ``name``: the new style's, where :func:`needs_name`; the daemon wants one in any case."""
    return wire.keep(job["id"], name if needs_name(job) else _refined_styles(job)[0])


def outcome(job, status, body, translate=lambda text: text):
    """What came of :func:`request`: the ids of the styles, none where it failed, and a sentence. ``status``: 0 for no response.

    ``job`` is brought up to date: what is kept, or gone, can not be kept (again).
    """
    if not status:
        return [], translate(messages.KEPT_NOTHING)
    try:
        styles = wire.read_json(status, body)["styles"]
    except wire.ApiError as error:
        if error.code in NOTHING_LEFT:
            _forget(job)
        return [], messages.not_kept(error, translate)
    _forget(job)
    return [style["id"] for style in styles], messages.kept(styles, translate)


def _refined(job):
    return (job.get("result") or {}).get("refined") or []


def _refined_styles(job):
    styles = (job.get("parameters") or {}).get("style") or []
    return [styles[at] for at in _refined(job) if at < len(styles)]


def _forget(job):
    job["result"] = {name: value for name, value in (job.get("result") or {}).items() if name != "refined"}
