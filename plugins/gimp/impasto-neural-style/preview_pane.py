"""The picture in the window: the layer as it is, or what has been painted of it so far."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GdkPixbuf, GLib, GObject, Gtk  # noqa: E402

from translation import _  # noqa: E402

MIN_WIDTH, MIN_HEIGHT = 360, 200
"""Px of the place for the picture at least; it grows with the window."""

SIDE = 1600
"""Px of a picture that is shown there, enough for a large window."""

MAX_FACTOR = 2.0
"""A tiny picture is not blown up to a blur."""

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
        # What lies over something asks for no room, so the picture never keeps the window from being made smaller.
        overlay = Gtk.Overlay(width_request=MIN_WIDTH, height_request=MIN_HEIGHT)
        overlay.add(Gtk.Box())
        overlay.add_overlay(self._image)
        place = Gtk.EventBox()
        place.add(overlay)
        place.get_style_context().add_class("view")
        place.connect("button-press-event", self._press)
        place.connect("button-release-event", self._release)
        place.connect("size-allocate", self._allocated)
        frame = Gtk.Frame(shadow_type=Gtk.ShadowType.IN)
        frame.add(place)
        self.pack_start(frame, True, True, 0)
        self._place, self._room = place, (MIN_WIDTH, MIN_HEIGHT)
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

    def _allocated(self, _place, allocation):
        room = allocation.width, allocation.height
        if room != self._room:
            self._room = room
            GLib.idle_add(self._draw)  # not while sizes are being worked out

    def _draw(self):
        shown = self._original if self._before.get_active() or self._painted is None else self._painted
        if shown is None:
            return
        factor = min(self._room[0] / shown.get_width(), self._room[1] / shown.get_height(), MAX_FACTOR)
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
