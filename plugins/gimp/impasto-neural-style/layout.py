"""What the window is made of. It only puts widgets in their places; dialog.py says what they do."""

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import GimpUi, Gtk  # noqa: E402

from controls import IN_FRONT, Controls  # noqa: E402
from gallery import Gallery  # noqa: E402
from impasto_client import outputs  # noqa: E402
from impasto_client.parameters import PARAMETERS  # noqa: E402
from learning import TrainingBar  # noqa: E402
from message_bar import MessageBar  # noqa: E402
from preview_pane import PreviewPane  # noqa: E402
from recent import Recent  # noqa: E402
from translation import _  # noqa: E402

PAINT, KEEP, DISCARD = 1, 2, 3
"""What the buttons below answer."""

SIZE = 1000, 700
"""Px of the window; it fits on a small screen."""

LEFT_WIDTH = 455
"""Px of what is left of the divider; both sides grow with the window."""

CONTROLS_HEIGHT = 254, 440
"""Px: the controls below the gallery at least, which is those in front, and at most; more of them scroll."""

STAND_OUT = b"""
button.impasto-paint { background-color: #1c6ab8; border-color: #124a83; }
button.impasto-paint, button.impasto-paint label { color: white; font-weight: bold; }
button.impasto-paint:hover { background-color: #2b7fd1; }
button.impasto-paint:disabled { opacity: 0.5; }
"""
"""GIMP's own themes draw a suggested action like any other button."""

ADVANCED = [p["name"] for p in PARAMETERS if p["name"] not in IN_FRONT]


class Layout:
    """The window's parts: ``dialog``, ``message_bar``, ``preview_pane``, ``preview_whole``, ``recent``, ``gallery``, ``from_file``,
    ``from_layer``, ``learn``, ``front``, ``advanced``, ``source``, ``output``, ``training_bar``, ``status``, ``bar``, and the three
    buttons."""

    def __init__(self, connection, moved, title_of):
        """``moved()``: a control was moved; ``title_of(job)``: what a result is called."""
        self.dialog = GimpUi.Dialog(title=_("Neural Style"), role="impasto-neural-style")
        self.dialog.set_default_size(*SIZE)
        GimpUi.window_set_transient(self.dialog)
        content = self.dialog.get_content_area()
        self.message_bar = MessageBar()
        content.pack_start(self.message_bar, False, False, 0)
        columns = Gtk.Paned(margin=12, wide_handle=True, position=LEFT_WIDTH)
        content.pack_start(columns, True, True, 0)
        columns.pack1(self._left(connection, title_of), resize=True, shrink=False)
        columns.pack2(self._right(moved), resize=True, shrink=False)
        content.pack_start(self._bottom(connection), False, False, 0)
        self._buttons()

    def _left(self, connection, title_of):
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin_end=6)
        self.preview_pane = PreviewPane()
        self.preview_whole = Gtk.CheckButton.new_with_mnemonic(_("Preview the _whole picture"))
        self.preview_whole.set_tooltip_text(_("Takes as long as painting it; Paint then has nothing left to do."))
        self.preview_whole.set_no_show_all(True)
        self.recent = Recent(connection, title_of)
        box.pack_start(self.preview_pane, True, True, 0)
        box.pack_start(self.preview_whole, False, False, 0)
        box.pack_end(self.recent, False, False, 0)
        return box

    def _right(self, moved):
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin_start=6)
        self.gallery = Gallery()
        box.pack_start(self.gallery, True, True, 0)
        box.pack_start(self._adding(), False, False, 0)
        box.pack_start(self._controls(moved), False, False, 0)
        return box

    def _controls(self, moved):
        self.front = Controls(IN_FRONT, moved)
        self.source, self.output = Gtk.ComboBoxText(), Gtk.ComboBoxText()
        for value, text in outputs.labels(_):
            self.output.append(value, text)
        self.front.add_row(_("_Result"), self.output)
        self.source_row = self.front.add_row(_("Paint _from"), self.source)
        self.advanced = Controls(ADVANCED, moved)
        self.advanced.grid.set_margin_top(6)
        self.expander = Gtk.Expander.new_with_mnemonic(_("_Advanced"))
        self.expander.add(self.advanced.grid)
        self._all_controls = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin_top=6)
        self._all_controls.pack_start(self.front.grid, False, False, 0)
        self._all_controls.pack_start(self.expander, False, False, 0)
        least, most = CONTROLS_HEIGHT
        scroll = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            overlay_scrolling=False,
            propagate_natural_height=True,
            min_content_height=least,
            max_content_height=most,
        )
        scroll.add(self._all_controls)
        return scroll

    def _adding(self):
        row, self._choosing = Gtk.Box(spacing=6), Gtk.Box(spacing=6, homogeneous=True)
        self.from_file = Gtk.Button.new_with_mnemonic(_("Add a P_icture…"))
        self.from_file.set_tooltip_text(_("A picture's file becomes a style of yours, here and in all that uses Impasto."))
        self.from_layer = Gtk.Button.new_with_mnemonic(_("_Use a Layer…"))
        self.from_layer.set_tooltip_text(_("Take the style from a layer, or a whole image, that is open in GIMP."))
        self.learn = Gtk.Button.new_with_mnemonic(_("_Learn a Style…"))
        self.learn.set_tooltip_text(_("Train a network on a painting, so that it paints in seconds."))
        for button in (self.from_file, self.from_layer):
            self._choosing.pack_start(button, True, True, 0)
        row.pack_start(self._choosing, True, True, 0)
        row.pack_start(self.learn, True, True, 0)
        return row

    def _bottom(self, connection):
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, margin_start=12, margin_end=12)
        self.training_bar = TrainingBar(connection)
        self.bar = Gtk.ProgressBar(no_show_all=True)
        self.status = Gtk.Label(xalign=0, wrap=True, max_width_chars=100)
        for widget in (self.training_bar, self.bar, self.status):
            box.pack_start(widget, False, False, 0)
        return box

    def _buttons(self):
        self.dialog.add_button(_("_Close"), Gtk.ResponseType.CLOSE)
        self._discard = self.dialog.add_button(_("_Discard"), DISCARD)
        self._keep = self.dialog.add_button(_("Stop and _Keep"), KEEP)
        self._paint = self.dialog.add_button(_("_Paint"), PAINT)
        for name in ("suggested-action", "impasto-paint"):
            self._paint.get_style_context().add_class(name)
        looks = Gtk.CssProvider()
        looks.load_from_data(STAND_OUT)
        Gtk.StyleContext.add_provider_for_screen(self.dialog.get_screen(), looks, Gtk.STYLE_PROVIDER_PRIORITY_USER + 1)
        self.dialog.set_default_response(PAINT)
        for button in (self._discard, self._keep):
            button.set_no_show_all(True)

    def set_running(self, runs):
        """Show what belongs to a painting under way, or what begins one."""
        for widget, seen in ((self._discard, runs), (self._keep, runs), (self.bar, runs), (self._paint, not runs)):
            widget.set_visible(seen)
        # What is being painted does not change any more.
        for widget in (self.gallery, self._choosing, self._all_controls, self.preview_whole):
            widget.set_sensitive(not runs)
        self.bar.set_fraction(0.0)

    def set_can_paint(self, yes):
        """Whether a painting can be begun."""
        self._paint.set_sensitive(yes)

    def set_can_stop(self, yes):
        """Whether the buttons that stop it can be pressed: once is enough."""
        for button in (self._discard, self._keep):
            button.set_sensitive(yes)
