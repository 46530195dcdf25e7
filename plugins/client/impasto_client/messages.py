"""Messages that both editors show, and a job's progress in words.

Texts are English. Constants go through the editor's own translation where they are shown; functions take it as ``translate``.
"""

NOT_INSTALLED = (
    "Impasto itself is not installed, or not where this plug-in looks for it. In a terminal:\n\n"
    "    pip install impasto\n    impasto plugins install {editor}"
)
NOT_STARTED = "The Impasto daemon did not start. In a terminal, `impasto doctor` says what is missing."
OTHER_VERSION = (
    "This plug-in and the Impasto daemon ({version}) do not fit together. In a terminal: impasto plugins install {editor}"
)
SANDBOXED = (
    "{editor} runs in a sandbox (Flatpak) that may not start programs outside. Start Impasto yourself, in a terminal:\n\n"
    "    impasto serve\n\nor allow it once and for all, then restart {editor}:\n\n"
    "    flatpak override --user --talk-name=org.freedesktop.Flatpak {app}"
)
CAN_BE_KEPT = "The style was refined for this painting. Keep it as a style, and it is painted in seconds from now on."
KEPT_NOTHING = "Impasto does not answer any more, so the style may not have been kept. Try again."
NO_LONGER_KEPT = "This painting has no style to keep any more: most likely it is in your list already. If not, paint again."
RESULT_EXPIRED = "Impasto has removed this painting by now, and with it what could have been kept. Paint it again."
WRONG_TOKEN = "The Impasto daemon did not accept this plug-in's token. Restart the daemon: impasto stop, then try again."


def error(api_error, translate=lambda text: text):
    """A :class:`wire.ApiError` as a sentence."""
    return translate(WRONG_TOKEN) if api_error.status == 401 else api_error.sentence()


def kept(styles, translate=lambda text: text):
    """What is said once ``styles``, as the daemon tells of them, have been kept."""
    names = ", ".join(style["title"] for style in styles)
    return translate("Kept as a style: {name}. It is painted in seconds from now on.").format(name=names)


def not_kept(api_error, translate=lambda text: text):
    """Why a painting's style could not be kept: a :class:`wire.ApiError` as a sentence."""
    if api_error.code == "conflict":
        return translate(NO_LONGER_KEPT)
    return translate(RESULT_EXPIRED) if api_error.code in ("gone", "unknown_job") else error(api_error, translate)


def style_hint(style, translate=lambda text: text, iterative=False):
    """A tooltip for a style as the daemon lists it: title, painter and year, and how long painting takes."""
    painter = ", ".join(filter(None, [style.get("painter"), style.get("year")]))
    return "\n".join(filter(None, [style["title"], painter, speed(style["fast"], translate, iterative)]))


def speed(fast, translate=lambda text: text, iterative=False):
    """How long painting in a style takes. ``fast``: a network has learnt it; ``iterative``: the iterative method is chosen."""
    if iterative:
        return translate("Painted in minutes")
    return translate("Painted in seconds") if fast else translate("Painted in about 20 s")


def progress(job, translate=lambda text: text):
    """A line for people: what the job does, how far it is, how long it will take."""
    if job.get("state") == "queued":
        position = job.get("position") or 1
        paused = job.get("phase") == "paused"
        text = translate("Paused; {position} in the queue") if paused else translate("Waiting; {position} in the queue")
        parts = [text.format(position=position)]
        ahead = job.get("waiting_for") or {}
        if ahead.get("title"):
            text = translate("behind the training of {title}") if ahead.get("kind") == "train" else translate("behind {title}")
            parts.append(text.format(title=ahead["title"]))
        return " · ".join(parts)
    phase = translate(
        {
            "paused": "Paused",
            "painting": "Painting",
            "learning": "Learning",
            "saving": "Saving",
            "preparing": "Preparing",
            "fetching weights": "Fetching the feature encoder",
        }.get(job.get("phase"), "Starting")
    )
    parts = [phase]
    if job.get("phase") in ("painting", "learning") and job.get("fraction"):
        parts.append("%d %%" % round(100 * job["fraction"]))
    if job.get("eta"):
        parts.append(time_left(job["eta"], translate))
    return " · ".join(parts)


def waits(job):
    """Whether a job, as the daemon tells of it, waits for another to end."""
    return job.get("state") == "queued" and bool(job.get("waiting_for"))


def duration(seconds, translate=lambda text: text):
    """``about 40 s``, ``about 3 min``."""
    if seconds < 90:
        return translate("about {n} s").format(n=max(1, int(round(seconds))))
    return translate("about {n} min").format(n=int(round(seconds / 60.0)))


def time_left(seconds, translate=lambda text: text):
    """``about 40 s left``, ``about 3 min left``."""
    if seconds < 90:
        return translate("about {n} s left").format(n=max(1, int(round(seconds))))
    return translate("about {n} min left").format(n=int(round(seconds / 60.0)))
