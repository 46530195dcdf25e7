"""What the window shows before a painting is begun: the layer, the daemon's plan for it, and a preview where that is quick."""

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, GLib  # noqa: E402

import layers  # noqa: E402
import pictures  # noqa: E402
import previews  # noqa: E402
from impasto_client import messages  # noqa: E402
from impasto_client import plan as plans  # noqa: E402
from impasto_client import preview_sample, wire  # noqa: E402
from impasto_client.job_client import DONE  # noqa: E402
from preview_pane import SIDE  # noqa: E402
from translation import _  # noqa: E402

DEBOUNCE_MS = 250
"""How long no control may move before the plan is asked for: a drag along a slider makes one preview."""


class PreviewController:
    """``connected``: the daemon has been found; ``paused``: a painting under way is what is seen."""

    def __init__(self, target, parts, connection, recipe):
        """``parts``: the window's :class:`layout.Layout`; ``recipe()``: what its controls say."""
        self.connected = self.paused = False
        self._target, self._parts, self._connection, self._recipe = target, parts, connection, recipe
        self._renderer = previews.PreviewRenderer(connection, self._preview_changed)
        self._timer, self._plan_number, self._centre = 0, 0, (0.5, 0.5)
        self._caption, self._painting = "", ("", "")
        self._area = self._sample = None
        self.take, self.drop = self._renderer.take, self._renderer.drop
        parts.preview_whole.connect("toggled", lambda _check: self.refresh())
        parts.preview_pane.connect("dragged", self._dragged)

    def refresh(self):
        """Something was changed: show what it means, once no control has moved for :data:`DEBOUNCE_MS`."""
        if self._timer:
            GLib.source_remove(self._timer)
        self._timer = GLib.timeout_add(DEBOUNCE_MS, self._update)

    def close(self):
        """Nothing is shown any more."""
        if self._timer:
            GLib.source_remove(self._timer)
        self.drop()

    def show_unsupported(self, error):
        """Say why the layer cannot be painted, with a button where that can be helped."""
        self._parts.preview_pane.set_caption("")
        if error.convertible:
            self._parts.message_bar.show_message(str(error), action=self._convert_to_rgb, label=_("Con_vert to RGB"))
        else:
            self._parts.message_bar.show_message(str(error))

    def _convert_to_rgb(self):
        self._target.image.convert_rgb()
        Gimp.displays_flush()
        self.refresh()

    def _dragged(self, _pane, x, y):
        sample = self._sample
        self._centre = tuple(
            (start + side / 2 - moved * side) / whole
            for start, side, whole, moved in (
                (sample.x, sample.width, self._area[2], x),
                (sample.y, sample.height, self._area[3], y),
            )
        )
        self.refresh()

    def _update(self):
        self._timer = 0
        if not self.paused:
            self._plan_number += 1
            self.drop()
            try:
                self._ask_for_plan(self._recipe(), self._plan_number)
            except layers.UnsupportedLayer as error:
                self.show_unsupported(error)
        return GLib.SOURCE_REMOVE

    def _ask_for_plan(self, recipe, number):
        layer = self._target.paintable()
        self._area = _x, _y, width, height = self._target.area(self._parts.output.get_active_id())
        if self.connected and recipe.styles:
            request = wire.plan(recipe, width, height)
            self._connection.ask(request, lambda status, body: self._plan_received(status, body, recipe, number))
            return
        self._show_original(layer, self._choose_sample(1.0, whole=True))
        size = _("{width} x {height} px").format(width=width, height=height)
        self._parts.preview_pane.set_caption(_("Choose a style.") if self.connected else size)

    def _plan_received(self, status, body, recipe, number):
        if number != self._plan_number or self.paused:
            return  # something was changed again meanwhile
        try:
            layer = self._target.paintable()
            try:
                self._show_plan(layer, plans.read(status, body), recipe)
            except wire.ApiError as error:
                self._show_original(layer, self._choose_sample(1.0, whole=True))
                self._parts.preview_pane.set_caption(messages.error(error, _))
        except layers.UnsupportedLayer as error:
            self.show_unsupported(error)

    def _show_plan(self, layer, plan, recipe):
        parts, (_x, _y, width, height) = self._parts, self._area
        scale = plan.scale(width, height)
        sample = self._choose_sample(scale, parts.preview_whole.get_active() or not plan.quick)
        parts.preview_whole.set_visible(plan.quick and not self._choose_sample(scale, whole=False).whole)
        self._show_original(layer, sample)
        size = _("{width} x {height} px").format(width=width, height=height)
        in_words = plan.in_words(width, height, _)
        if plan.quick:
            text = _("{size}, as it will be.") if sample.whole else _("A part of {size}, as it will be. Drag to see another.")
            self._caption = text.format(size=size) + "\n" + in_words
            self._painting = _("{size}. Painting a preview…").format(size=size) + "\n" + in_words, plan.reason
            parts.preview_pane.set_caption(*self._painting)
            self._renderer.render(self._target.image, layer, self._area, sample, recipe)
        else:
            text = _("{size}. You see it here as it is painted.").format(size=size)
            parts.preview_pane.set_caption(text + "\n" + in_words, plan.reason)

    def _choose_sample(self, scale, whole):
        painted, read = (0, 0) if whole else (previews.MAX_PAINTED, previews.MAX_READ)
        return preview_sample.choose(self._area[2], self._area[3], scale, painted, read, self._centre)

    def _show_original(self, layer, sample):
        self._sample = sample
        looks = pictures.layer_pixbuf(layer, previews.place(self._area, sample), SIDE)
        self._parts.preview_pane.show_original(looks, movable=not sample.whole)

    def _preview_changed(self, job_client):
        pane = self._parts.preview_pane
        if not job_client.ended:
            pane.set_caption(*((messages.progress(job_client.job, _),) if messages.waits(job_client.job) else self._painting))
            pane.show_painted(pictures.preview_pixbuf(job_client, SIDE))
            return
        pane.set_caption(self._caption if job_client.state == DONE else "")
        if job_client.state == DONE:
            pane.show_painted(pictures.result_pixbuf(job_client.result, SIDE))
        elif job_client.error is not None:
            self._parts.message_bar.show_message(messages.error(job_client.error, _))
