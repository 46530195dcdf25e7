"""The window of Neural Style: choose styles, see what comes, paint. GIMP stays usable meanwhile: this is a process of its own."""

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GimpUi, Gtk  # noqa: E402

import paint_options  # noqa: E402
import questions  # noqa: E402
import results  # noqa: E402
from connection import Connection  # noqa: E402
from impasto_client import wire  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from layout import DISCARD, KEEP, PAINT, Layout  # noqa: E402
from paint_controller import PaintController  # noqa: E402
from preview_controller import PreviewController  # noqa: E402
from result_inserter import ResultInserter  # noqa: E402
from style_keeper import StyleKeeper  # noqa: E402
from styles import StyleController  # noqa: E402
from target import Target  # noqa: E402
from translation import _  # noqa: E402

JOBS = 60
"""The newest so many jobs are looked through for results and trainings."""


def show(image, layer, config):
    """Run the window. Returns the newest painting in the image, or None."""
    GimpUi.init("impasto-neural-style")
    window = Window(image, layer, config)
    Gtk.main()
    newest = window.inserter.newest
    return newest if newest is not None and newest.is_valid() else None


class Window:
    """One window for one layer: what it begins with, what its buttons do, and how it ends."""

    def __init__(self, image, layer, config):
        self._target = Target(image, layer)
        self._connection = Connection(self._show_connection_error)
        parts = self._parts = Layout(self._connection, self._changed, lambda job: self.inserter.title_of(job))
        self._styles = StyleController(parts, self._connection, layer, self._show_connection_error)
        self._preview = PreviewController(self._target, parts, self._connection, self._recipe)
        self.inserter = ResultInserter(self._target, parts, self._connection, config)
        self._painter = PaintController(self._target, parts, self._connection, self._preview, self.inserter)
        self._show_settings(layer, config)
        self._connect_signals(parts)
        parts.dialog.show_all()
        parts.set_running(False)
        self._preview.refresh()
        self._connect()

    def _connect_signals(self, parts):
        parts.dialog.connect("response", self._responded)
        parts.dialog.connect("delete-event", lambda _dialog, _event: True)  # "response" comes, too, and may stay
        parts.gallery.connect("changed", lambda _gallery: self._preview.refresh())
        self.inserter.undone = self._preview.refresh
        self.inserter.inserted = StyleKeeper(parts, self._connection, self._styles).offer
        parts.source.connect("changed", lambda _combo: self._choose_source())
        parts.output.connect("changed", lambda _combo: self._preview.refresh())

    def _changed(self):
        self._parts.gallery.show_method(self._parts.front.values().get("method", "auto"))
        self._preview.refresh()

    def _show_settings(self, layer, config):
        """The layer's own recipe where it has one, and then what it was painted from; else what was done last."""
        parts, source, recipe = self._parts, self._target.source, results.recipe_of(layer)
        parts.source_row(source is not None)
        if source is not None:
            parts.source.append("source", _("'{name}', as this layer was").format(name=source.get_name()))
            parts.source.append("layer", _("'{name}', this layer").format(name=layer.get_name()))
            parts.source.set_active_id("source")
        if recipe is None:
            try:
                recipe = paint_options.from_config(config).recipe
            except paint_options.InvalidArguments:  # a picture of the last time is gone
                recipe = Recipe([Style(paint_options.DEFAULT_STYLE)])
        parts.output.set_active_id(config.get_property("output"))
        parts.front.show_values(recipe.values)
        parts.advanced.show_values(recipe.values)
        parts.gallery.show_method(recipe.values.get("method", "auto"))
        parts.expander.set_expanded(bool(parts.advanced.values()))
        self._styles.wanted = recipe.styles

    def _choose_source(self):
        self._target.use_source(self._parts.source.get_active_id() == "source")
        self._preview.refresh()

    def _recipe(self):
        return Recipe(self._parts.gallery.chosen(), dict(self._parts.front.values(), **self._parts.advanced.values()))

    # -- the daemon --------------------------------------------------------------------------------------------------

    def _connect(self):
        self._parts.set_can_paint(False)
        self._parts.status.set_text(_("Looking for Impasto…"))
        self._connection.connect(self._connected)

    def _connected(self):
        self._preview.connected = True
        self._parts.set_can_paint(True)
        self._parts.status.set_text("")
        self._styles.list()
        self._connection.ask(wire.jobs(JOBS), self._jobs_received, quietly=True)

    def _jobs_received(self, status, body):
        try:
            jobs = wire.read_json(status, body)["jobs"]
        except wire.ApiError:
            return  # the list of styles has been refused as well, and says why
        self._parts.recent.list(jobs)
        self._parts.training_bar.resume(jobs)

    def _show_connection_error(self, sentence):
        self._parts.status.set_text("")
        self._parts.message_bar.show_message(sentence, action=self._connect, label=_("_Try Again"))

    # -- the buttons -------------------------------------------------------------------------------------------------

    def _responded(self, _dialog, response):
        if response == PAINT:
            self._painter.begin(self._recipe(), self._parts.output.get_active_id())
        elif response in (KEEP, DISCARD):
            self._painter.stop(keep=response == KEEP)
        elif not self._painter.running or self._may_discard():
            self._close()

    def _may_discard(self):
        return questions.confirmed(
            self._parts.dialog, _("Discard the painting?"), _("It is not finished yet."), _("_Discard"), _("_Keep Painting")
        )

    def _close(self):
        self._painter.close()
        self._preview.close()
        self._parts.dialog.hide()
        self._connection.close()
        Gtk.main_quit()
