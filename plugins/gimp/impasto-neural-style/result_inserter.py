"""Results into the image: those of this window, and earlier ones that the daemon has kept."""

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib  # noqa: E402

import layers  # noqa: E402
import paint_options  # noqa: E402
import results  # noqa: E402
import sources  # noqa: E402
from impasto_client import outputs, wire  # noqa: E402
from translation import _  # noqa: E402


WATCH_MS = 500
"""How often is looked whether the newest painting is still in the image."""


class ResultInserter:
    """``newest``: the layer that was inserted last, or None. ``undone()`` is called when it has been taken out again,
    ``inserted(job, recipe)`` when a result is in the image; of a job of another time the recipe is None."""

    def __init__(self, target, parts, connection, config):
        """``config``: the procedure's, in which the settings are kept for "repeat" and for the next time."""
        self.newest, self.undone, self.inserted = None, lambda: None, lambda _job, _recipe: None
        self._target, self._parts, self._connection, self._config, self._inserted = target, parts, connection, config, {}
        parts.recent.connect("chosen", lambda _recent, job: self.insert_again(job))

    def insert(self, job_client, part, options):
        """Insert the result of a finished job, the painting of ``part`` by ``options``."""
        target = self._target
        try:
            self.newest = results.insert(target.image, target.layer, part, job_client.result, options, target.former)
        except (layers.UnsupportedLayer, ValueError) as error:
            self._parts.message_bar.show_message(str(error))
            return
        part.data = job_client.result = None  # large, and the daemon keeps the result
        Gimp.displays_flush()
        self._inserted[job_client.job["id"]] = part, options
        self.inserted(job_client.job, options.recipe)
        self._save_settings(options)
        self._parts.preview_pane.set_caption(_("Painted."))
        done = _("Done: the layer '{name}' is in the image. Edit > Undo takes it out again.").format(name=self.newest.get_name())
        self._parts.status.set_text(" ".join([done] + list(job_client.job.get("notes") or [])))
        self._watch(options.recipe)
        self._parts.recent.add(job_client.job)

    def _watch(self, recipe):
        """What was said is taken back as soon as the painting is: GIMP tells plug-ins nothing of an undo."""
        said, painting = self._parts.status.get_text(), self.newest

        def look():
            if painting is not self.newest or said != self._parts.status.get_text():
                return GLib.SOURCE_REMOVE  # something else has been said since
            if painting.is_valid() and results.recipe_of(painting) == recipe:
                return GLib.SOURCE_CONTINUE
            self._parts.status.set_text("")
            self.undone()
            return GLib.SOURCE_REMOVE

        GLib.timeout_add(WATCH_MS, look)

    def insert_again(self, job):
        """Insert the result of a finished job (as the daemon lists it) once more."""
        self._connection.ask(wire.result(job["id"]), lambda status, body: self._result_received(job, status, body))

    def _result_received(self, job, status, body):
        target, (part, options) = self._target, self._inserted.get(job["id"], (None, None))
        try:
            result = wire.read_bytes(status, body)
            if options is not None and options.output != outputs.REPLACE:
                self.newest = results.insert(target.image, target.layer, part, result, options, target.former)
            else:
                place = target.position(self._parts.output.get_active_id())
                self.newest = results.insert_as_layer(target.image, result, self.title_of(job), place)
        except (wire.ApiError, layers.UnsupportedLayer, ValueError) as error:
            self._parts.message_bar.show_message(str(error))
            return
        Gimp.displays_flush()
        self._parts.status.set_text(_("The layer '{name}' is in the image.").format(name=self.newest.get_name()))
        self.inserted(job, options.recipe if options is not None else None)

    def title_of(self, job):
        """What a result is called: its styles."""
        titles = self._parts.gallery.titles()
        ids = (job.get("parameters") or {}).get("style") or []
        return " + ".join(titles.get(id, _("a picture") if id.startswith("upload:") else id) for id in ids) or _("Neural Style")

    def _save_settings(self, options):
        try:
            files = [sources.keep(style.picture) for style in options.recipe.ordered() if not style.id]
        except OSError as error:
            self._parts.message_bar.show_message(
                _("The next time will begin without this style's picture: {reason}.").format(reason=error.strerror)
            )
            return
        paint_options.into_config(self._config, options, files)
