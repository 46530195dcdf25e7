"""Results: those of this session, and those that the daemon has kept from earlier ones."""

from . import pictures
from .client import parameter_form
from .client import recipe as recipes
from .client import wire
from .qt import QtCore, Signal

MAX_ENTRIES = 24
"""Results that are listed; the daemon keeps more, for some days."""


class ResultEntry:
    """``id``: the job's; ``recipe``, ``place``, ``before``, ``after``: as far as they are known, else None; ``thumbnail``: a QImage
    or None; ``title``: the styles, in words; ``width``, ``height``: px."""

    def __init__(self, job, title, recipe=None, place=None, before=None, after=None):
        self.job, self.id, self.title = job, job["id"], title
        self.width, self.height = job.get("width") or 0, job.get("height") or 0
        self.recipe, self.place, self.before, self.after, self.thumbnail = recipe, place, before, after, after


class History(QtCore.QObject):
    """``entries``: the newest first."""

    changed = Signal()
    thumbnail_loaded = Signal(str)
    """An entry (its id) has its thumbnail."""

    def __init__(self, connection, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.entries, self._connection = [], connection

    def entry(self, id):
        """The entry with this id, or None."""
        return next((entry for entry in self.entries if entry.id == id), None)

    def add(self, painting):
        """A painting that the daemon has finished, whatever becomes of it here."""
        if self.entry(painting.job["id"]) is not None:
            return
        entry = ResultEntry(painting.job, painting.recipe.title(), painting.recipe, painting.place, painting.before, painting.after)
        self.entries = [entry] + self.entries[: MAX_ENTRIES - 1]
        self.changed.emit()
        self._fetch(entry)

    def remove(self, id):
        """Remove a result here and at the daemon."""
        self.entries = [entry for entry in self.entries if entry.id != id]
        self._connection.forget(id)
        self.changed.emit()

    def load(self, titles):
        """Ask the daemon what it has kept. ``titles``: style's id -> its title."""
        self._connection.ask(wire.jobs(3 * MAX_ENTRIES), lambda status, body: self._loaded(status, body, titles))

    def _loaded(self, status, body, titles):
        try:
            known = wire.read_json(status, body)["jobs"]
        except wire.ApiError:
            return
        for job in known:
            if (
                job["kind"] == "stylize"
                and job["state"] == "done"
                and self.entry(job["id"]) is None
                and len(self.entries) < MAX_ENTRIES
            ):
                recipe = recipe_of(job, titles)
                entry = ResultEntry(job, recipe.title() if recipe else "", recipe)
                self.entries.append(entry)
                self._fetch(entry)
        self.changed.emit()

    def _fetch(self, entry):
        def answered(status, body):
            image = pictures.decoded(body) if status == 200 else None
            if image is not None:
                entry.thumbnail = image
                self.thumbnail_loaded.emit(entry.id)

        self._connection.ask(wire.job_thumbnail(entry.id), answered)


def recipe_of(job, titles):
    """What a job of another session was painted with, or None: of pictures that were sent along, only the daemon knew."""
    values = dict(job.get("parameters") or {})
    ids, weights = values.pop("style", []), values.pop("style_weights", None) or []
    if not ids or not all(id in titles for id in ids):
        return None
    styles = [recipes.Style(id, title=titles[id], weight=weights[at] if at < len(weights) else 1.0) for at, id in enumerate(ids)]
    return recipes.Recipe(styles, parameter_form.non_default(values))
