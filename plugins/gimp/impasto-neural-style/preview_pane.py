"""The picture in the window: the layer as it is, or what has been painted of it so far."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GdkPixbuf, GObject, Gtk  # noqa: E402

from translation import _  # noqa: E402

WIDTH, HEIGHT = 480, 400
"""Px of the place for the picture."""

SIDE = 2 * WIDTH
"""Px of a picture that is shown there, enough for a fine screen."""

CHECK, DARK, LIGHT = 8, 0xFF666666, 0xFF999999
"""The pattern that means transparent: a square's side, and its colours."""


class PreviewPane(Gtk.Box):
    """Shows two pictures, one at a time. Signal ``dragged`` (x, y): moved by so many shares of its width, height."""

    __gsignals__ = {"dragged": (GObject.SignalFlags.RUN_FIRST, None, (float, float))}

    def __init__(self):
        Gtk.Box.__init__(self, orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._original = self._painted = None
        self._movable, self._held, self._size = False, None, (1, 1)
        self._image = Gtk.Image(halign=Gtk.Align.CENTER, valign=Gtk.Align.CENTER)
        place = Gtk.EventBox(width_request=WIDTH, height_request=HEIGHT)
        place.add(self._image)
        place.get_style_context().add_class("view")
        place.connect("button-press-event", self._press)
        place.connect("button-release-event", self._release)
        frame = Gtk.Frame(shadow_type=Gtk.ShadowType.IN)
        frame.add(place)
        self.pack_start(frame, False, False, 0)
        self._place = place
        row = Gtk.Box(spacing=6)
        self._caption = Gtk.Label(xalign=0, wrap=True, max_width_chars=40)
        self._caption.get_style_context().add_class("dim-label")
        self._before = Gtk.CheckButton.new_with_mnemonic(_("Show the _original"))
        self._before.set_valign(Gtk.Align.START)
        self._before.connect("toggled", lambda _check: self._draw())
        row.pack_start(self._caption, True, True, 0)
        row.pack_end(self._before, False, False, 0)
        self.pack_start(row, False, False, 0)

    def show_original(self, pixbuf, movable=False):
        """What the layer looks like, and nothing painted of it. ``movable``: it is a part, and others can be seen by dragging."""
        self._original, self._painted, self._movable = pixbuf, None, movable
        self._draw()

    def show_painted(self, pixbuf):
        """What has been painted of it."""
        if pixbuf is not None:
            self._painted = pixbuf
            self._draw()

    def set_caption(self, text, tooltip=""):
        """A line or two below the picture."""
        self._caption.set_text(text)
        self._caption.set_tooltip_text(tooltip or None)

    def _draw(self):
        shown = self._original if self._before.get_active() or self._painted is None else self._painted
        if shown is None:
            return
        factor = min(WIDTH / shown.get_width(), HEIGHT / shown.get_height())
        factor = min(factor, 2.0)  # a tiny picture is not blown up to a blur
        width, height = (max(1, round(side * factor)) for side in (shown.get_width(), shown.get_height()))
        if shown.get_has_alpha():
            shown = shown.composite_color_simple(width, height, GdkPixbuf.InterpType.BILINEAR, 255, CHECK, DARK, LIGHT)
        elif factor != 1:
            shown = shown.scale_simple(width, height, GdkPixbuf.InterpType.BILINEAR)
        self._size = width, height
        self._image.set_from_pixbuf(shown)
        self._cursor("grab")

    def _cursor(self, name):
        window = self._place.get_window()
        if window is not None:
            window.set_cursor(Gdk.Cursor.new_from_name(window.get_display(), name) if self._movable else None)

    def _press(self, _place, event):
        if self._movable and event.button == 1:
            self._held = event.x, event.y
            self._cursor("grabbing")
        return True

    def _release(self, _place, event):
        if self._held is not None:
            (x, y), self._held = self._held, None
            self._cursor("grab")
            self.emit("dragged", (event.x - x) / self._size[0], (event.y - y) / self._size[1])
        return True
