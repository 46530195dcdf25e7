"""The window of Neural Style: choose styles, see what comes, paint. GIMP stays usable meanwhile: this is a process of its own."""

import uuid

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gimp, GimpUi, GLib, Gtk  # noqa: E402

import layers  # noqa: E402
import paint_options  # noqa: E402
import noninteractive  # noqa: E402
import pictures  # noqa: E402
import previews  # noqa: E402
import results  # noqa: E402
import sources  # noqa: E402
from impasto_client import messages, wire  # noqa: E402
from impasto_client.job_client import CANCELLED, DONE, JobClient  # noqa: E402
from impasto_client.parameters import PARAMETERS  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from layout import DISCARD, KEEP, PAINT, Layout  # noqa: E402
from preview_pane import WIDTH  # noqa: E402
from connection import Connection  # noqa: E402
from styles import Styles  # noqa: E402
from translation import _  # noqa: E402

SETTLE_MS = 250
"""How long no control may move before a preview is painted: a drag along a slider makes one."""

JOBS = 60
"""The newest so many jobs are looked through for results and trainings."""

SIDE = 2 * WIDTH
"""Px of a picture in the window, enough for a fine screen."""

ITERATIVE_ONLY = {p["name"] for p in PARAMETERS if p["group"] == "advanced"}


def show(image, layer, config):
    """Run the window. Answers the newest painting in the image, or None."""
    GimpUi.init("impasto-neural-style")
    window = Window(image, layer, config)
    Gtk.main()
    return window.newest if window.newest is not None and window.newest.is_valid() else None


class Window:
    """One window for one layer."""

    def __init__(self, image, layer, config):
        self._image, self._config, self.newest = image, config, None
        self._former, self._layer = None, layer
        self._job_client, self._timer, self._connected, self._centre, self._inserted = None, 0, False, (0.5, 0.5), {}
        self._connection = Connection(self._show_connection_error)
        self._previews = previews.PreviewRenderer(self._connection, self._preview_changed)
        parts = self._parts = Layout(self._connection, self._moved, self._title_of)
        self._styles = Styles(parts, self._connection, layer, self._show_connection_error)
        self._recall(layer)
        self._wire(parts)
        parts.dialog.show_all()
        parts.running(False)
        self._moved()
        self._connect()

    def _wire(self, parts):
        parts.dialog.connect("response", self._responded)
        parts.dialog.connect("delete-event", lambda _dialog, _event: True)  # "response" comes, too, and may stay
        parts.gallery.connect("changed", lambda _gallery: self._moved())
        parts.source.connect("changed", lambda _combo: self._choose_source())
        parts.output.connect("changed", lambda _combo: self._moved())
        parts.whole.connect("toggled", lambda _check: self._moved())
        parts.preview_pane.connect("dragged", self._dragged)
        parts.recent.connect("chosen", lambda _recent, job: self._insert_again(job))

    # -- what it begins with -----------------------------------------------------------------------------------------

    def _recall(self, layer):
        """The layer's own recipe where it has one, and then what it was painted from; else what was done last."""
        parts, recipe = self._parts, results.recipe_of(layer)
        source = results.source_of(self._image, layer)
        parts.source_row(source is not None)
        if source is not None:
            self._former, self._source = layer, source
            parts.source.append("source", _("'{name}', as this layer was").format(name=source.get_name()))
            parts.source.append("layer", _("'{name}', this layer").format(name=layer.get_name()))
            parts.source.set_active_id("source")
            self._layer = source
        if recipe is None:
            try:
                recipe = paint_options.from_config(self._config).recipe
            except paint_options.InvalidArguments:  # a picture of the last time is gone
                recipe = Recipe([Style(paint_options.DEFAULT_STYLE)])
        parts.output.set_active_id(self._config.get_property("output"))
        parts.front.show(recipe.values)
        parts.advanced.show(recipe.values)
        parts.expander.set_expanded(bool(parts.advanced.values()))
        self._styles.wanted = recipe.styles

    def _choose_source(self):
        again = self._parts.source.get_active_id() == "source"
        self._layer = self._source if again else self._former
        self._moved()

    def _connect(self):
        self._parts.can_paint(False)
        self._say(_("Looking for Impasto…"))
        self._connection.connect(self._found)

    def _found(self):
        self._connected = True
        self._parts.can_paint(True)
        self._say("")
        self._styles.list()
        self._connection.ask(wire.jobs(JOBS), self._jobs, quietly=True)

    def _jobs(self, status, body):
        try:
            jobs = wire.read_json(status, body)["jobs"]
        except wire.ApiError:
            return  # the list of styles has been refused as well, and says why
        self._parts.recent.list(jobs)
        self._parts.learning.resume(jobs)

    # -- what will be ------------------------------------------------------------------------------------------------

    def _moved(self):
        if self._timer:
            GLib.source_remove(self._timer)
        self._timer = GLib.timeout_add(SETTLE_MS, self._settled)

    def _dragged(self, _pane, x, y):
        sample = self._sample
        self._centre = tuple(
            (start + side / 2 - moved * side) / whole
            for start, side, whole, moved in (
                (sample.x, sample.width, self._area[2], x),
                (sample.y, sample.height, self._area[3], y),
            )
        )
        self._moved()

    def _settled(self):
        """Nothing has moved for a while: show what is to be painted, and paint a preview where that is quick."""
        self._timer = 0
        if self._job_client is not None:
            return GLib.SOURCE_REMOVE  # the painting under way is what is seen
        self._previews.drop()
        try:
            layer = self._paintable()
            self._area = layers.extent(layer)
            self._preview(layer, self._recipe())
        except layers.UnsupportedLayer as unsupported:
            self._show_unsupported(unsupported)
        return GLib.SOURCE_REMOVE

    def _paintable(self):
        """The layer to paint. Raises :class:`layers.UnsupportedLayer`."""
        if not self._layer.is_valid():
            raise layers.UnsupportedLayer(_("The layer is gone. Close this window and choose another one."))
        return layers.only_layer(self._image, [self._layer])

    def _preview(self, layer, recipe):
        parts, (_x, _y, width, height) = self._parts, self._area
        fast = self._is_fast(recipe)
        self._sample = sample = previews.sample_of(self._area, recipe, parts.whole.get_active() or not fast, self._centre)
        parts.whole.set_visible(fast and not previews.sample_of(self._area, recipe, False, self._centre).whole)
        parts.preview_pane.original(pictures.looks(layer, previews.place(self._area, sample), SIDE), movable=not sample.whole)
        size = _("{width} x {height} px").format(width=width, height=height)
        if not recipe.styles:
            parts.preview_pane.caption(_("Choose a style.") if self._connected else size)
        elif not fast:
            parts.preview_pane.caption(
                _("{size}. The iterative method takes minutes; what it has painted so far is shown here.").format(size=size)
            )
        elif self._connected:
            text = _("{size}, as it will be.") if sample.whole else _("A part of {size}, as it will be. Drag to see another.")
            self._promise = text.format(size=size)
            parts.preview_pane.caption(_("{size}. Painting a preview…").format(size=size))
            self._previews.make(self._image, layer, self._area, sample, recipe)

    def _preview_changed(self, preview):
        if not preview.job_client.ended:
            return self._parts.preview_pane.painted(self._seen(preview.job_client))
        self._parts.preview_pane.caption(self._promise if preview.job_client.state == DONE else "")
        if preview.job_client.state == DONE:
            self._parts.preview_pane.painted(previews.shown(preview, SIDE))
        elif preview.job_client.error is not None:
            self._parts.message_bar.say(self._connection.sentence(preview.job_client.error))
        return None

    def _recipe(self):
        return Recipe(self._parts.gallery.chosen(), dict(self._parts.front.values(), **self._parts.advanced.values()))

    def _is_fast(self, recipe):
        method = recipe.values.get("method", "auto")
        return self._parts.gallery.all_fast() and (
            method == "fast" or (method == "auto" and not ITERATIVE_ONLY.intersection(recipe.values))
        )

    def _show_unsupported(self, unsupported):
        self._parts.preview_pane.caption("")
        if unsupported.convertible:
            self._parts.message_bar.say(str(unsupported), action=self._to_rgb, label=_("Con_vert to RGB"))
        else:
            self._parts.message_bar.say(str(unsupported))

    def _to_rgb(self):
        self._image.convert_rgb()
        Gimp.displays_flush()
        self._moved()

    # -- painting ----------------------------------------------------------------------------------------------------

    def _responded(self, _dialog, response):
        if response == PAINT:
            self._begin()
        elif response in (KEEP, DISCARD):
            if self._job_client is not None:
                self._parts.can_stop(False)
                self._say(_("Stopping…"))
                self._connection.stop(self._job_client, keep=response == KEEP)
        elif self._job_client is None or self._may_discard():
            self._leave()

    def _begin(self):
        self._parts.message_bar.clear()
        recipe = self._recipe()
        if not recipe.styles:
            return self._parts.message_bar.say(_("Choose a style."))
        options = paint_options.PaintOptions(recipe, self._parts.output.get_active_id())
        try:
            layer = self._paintable()
            if self._former in (None, self._layer):  # else it is an earlier painting that is replaced
                results.check_output(layer, options.output)
            part = layers.Part(self._image, layer, effects=noninteractive.with_effects(options))
        except layers.UnsupportedLayer as unsupported:
            return self._show_unsupported(unsupported)
        ready = self._previews.ready(recipe, part)
        if ready is not None:  # what is seen is the painting itself
            return self._insert(ready.job_client, part, options)
        self._previews.drop()
        job_client = self._job_client = JobClient.stylize(part.content(), recipe, uuid.uuid4().hex)
        self._parts.running(True)
        self._parts.can_stop(True)
        self._parts.preview_pane.original(pictures.looks(layer, layers.extent(layer), SIDE))
        self._parts.preview_pane.caption(_("What has been painted so far."))
        return self._connection.run(job_client, lambda job_client: self._news(job_client, part, options))

    def _news(self, job_client, part, options):
        if not job_client.ended:
            self._parts.bar.set_fraction(job_client.job.get("fraction") or 0.0)
            self._say(messages.progress(job_client.job, _))
            return self._parts.preview_pane.painted(self._seen(job_client))
        self._job_client = None
        self._parts.running(False)
        self._say("")
        if job_client.state == DONE:
            self._parts.preview_pane.painted(pictures.shown_result(job_client.result, SIDE))
            self._insert(job_client, part, options)
        elif job_client.state == CANCELLED:
            self._say(_("Discarded."))
            self._moved()
        else:
            self._parts.message_bar.say(self._connection.sentence(job_client.error))
        return None

    def _seen(self, job_client):
        """A job's preview as a pixbuf, or None where it has not changed."""
        if job_client.preview is None or job_client.preview is getattr(job_client, "seen", None):
            return None
        job_client.seen = job_client.preview
        return pictures.of_bytes(job_client.preview, SIDE)

    def _insert(self, job_client, part, options):
        former = self._beneath(options.output)
        try:
            self.newest = results.insert(self._image, self._layer, part, job_client.result, options, former)
        except (layers.UnsupportedLayer, ValueError) as error:
            return self._parts.message_bar.say(str(error))
        part.data = job_client.result = None  # large, and the daemon keeps the result
        if options.output == paint_options.REPLACE and former is not None:
            self._former = self.newest
        Gimp.displays_flush()
        self._inserted[job_client.job["id"]] = part, options
        self._remember(options)
        self._parts.preview_pane.caption(_("Painted."))
        said = _("Done: the layer '{name}' is in the image. Edit > Undo takes it out again.").format(name=self.newest.get_name())
        self._say(" ".join([said] + list(job_client.job.get("notes") or [])))
        return self._parts.recent.add(job_client.job)

    def _beneath(self, output):
        """The painting above which the next one goes, or in whose place, or None: above the newest, so that it is seen."""
        again = self._former if self._layer != self._former else None
        if output == paint_options.REPLACE or self.newest is None or not self.newest.is_valid():
            return again
        return self.newest

    def _remember(self, options):
        """For "repeat", and for the next time."""
        try:
            files = [sources.kept(style.picture) for style in options.recipe.ordered() if not style.id]
        except OSError as error:
            return self._parts.message_bar.say(
                _("The next time will begin without this style's picture: {reason}.").format(reason=error.strerror)
            )
        return paint_options.into_config(self._config, options, files)

    def _insert_again(self, job):
        def fetched(status, body):
            try:
                result = wire.read_bytes(status, body)
                known = self._inserted.get(job["id"])
                if known is not None and known[1].output != paint_options.REPLACE:
                    below = self._beneath(known[1].output)
                    self.newest = results.insert(self._image, self._layer, known[0], result, known[1], below)
                else:
                    self.newest = results.insert_alone(self._image, result, self._title_of(job), self._place())
            except (wire.ApiError, layers.UnsupportedLayer, ValueError) as error:
                return self._parts.message_bar.say(str(error))
            Gimp.displays_flush()
            return self._say(_("The layer '{name}' is in the image.").format(name=self.newest.get_name()))

        self._connection.ask(wire.result(job["id"]), fetched)

    def _place(self):
        """Where in the image the layer is painted, as (x, y, width, height); None where it cannot be."""
        try:
            x, y, width, height = layers.extent(self._paintable())
        except layers.UnsupportedLayer:
            return None
        left, top = self._layer.get_offsets()[-2:]
        return left + x, top + y, width, height

    def _title_of(self, job):
        titles = self._parts.gallery.titles()
        ids = (job.get("parameters") or {}).get("style") or []
        return " + ".join(titles.get(id, _("a picture") if id.startswith("upload:") else id) for id in ids) or _("Neural Style")

    # -- small things ------------------------------------------------------------------------------------------------

    def _say(self, text):
        self._parts.status.set_text(text)

    def _show_connection_error(self, sentence):
        self._say("")
        self._parts.message_bar.say(sentence, action=self._connect, label=_("_Try Again"))

    def _may_discard(self):
        ask = Gtk.MessageDialog(
            transient_for=self._parts.dialog,
            modal=True,
            message_type=Gtk.MessageType.QUESTION,
            text=_("Discard the painting?"),
            secondary_text=_("It is not finished yet."),
        )
        ask.add_buttons(_("_Keep Painting"), Gtk.ResponseType.CANCEL, _("_Discard"), Gtk.ResponseType.OK)
        answer = ask.run()
        ask.destroy()
        return answer == Gtk.ResponseType.OK

    def _leave(self):
        if self._timer:
            GLib.source_remove(self._timer)
        if self._job_client is not None:
            self._connection.stop(self._job_client, keep=False)
        self._previews.drop()
        self._parts.dialog.hide()
        self._connection.close()
        Gtk.main_quit()
