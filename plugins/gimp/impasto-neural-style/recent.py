"""Results of this and other times, as small pictures; a click puts one into the image again."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GObject, Gtk  # noqa: E402

import pictures  # noqa: E402
from impasto_client import wire  # noqa: E402
from translation import _  # noqa: E402

MAX_SHOWN = 7
TILE = 56
"""Px: a side of a result's picture."""


class Recent(Gtk.Box):
    """Hidden while it is empty. Signal ``chosen`` (the job, a dictionary)."""

    __gsignals__ = {"chosen": (GObject.SignalFlags.RUN_FIRST, None, (object,))}

    def __init__(self, connection, title_of):
        """``title_of(job)``: what a result is called."""
        Gtk.Box.__init__(self, orientation=Gtk.Orientation.VERTICAL, spacing=2, no_show_all=True)
        self._connection, self._title_of = connection, title_of
        label = Gtk.Label(label=_("Recent results; click one to insert it again"), xalign=0, visible=True)
        label.get_style_context().add_class("dim-label")
        self._row = Gtk.Box(spacing=2, visible=True)
        self.pack_start(label, False, False, 0)
        self.pack_start(self._row, False, False, 0)

    def list(self, jobs):
        """Show these jobs, as the daemon lists them, newest first."""
        for job in [job for job in jobs if job["kind"] == "stylize" and job["state"] == "done"][:MAX_SHOWN]:
            self._add(job, newest=False)

    def add(self, job):
        """One more, the newest."""
        self._add(job, newest=True)

    def _add(self, job, newest):
        if any(button.job["id"] == job["id"] for button in self._row.get_children()):
            return
        button = Gtk.Button(relief=Gtk.ReliefStyle.NONE, visible=True, tooltip_text=self._title_of(job))
        button.job = job
        button.set_image(Gtk.Image(icon_name="image-x-generic", pixel_size=TILE))
        button.get_accessible().set_name(self._title_of(job))
        button.connect("clicked", lambda button: self.emit("chosen", button.job))
        self._row.pack_start(button, False, False, 0)
        if newest:
            self._row.reorder_child(button, 0)
        for old in self._row.get_children()[MAX_SHOWN:]:
            self._row.remove(old)
        self.show()
        self._connection.ask(
            wire.job_thumbnail(job["id"]), lambda status, body: self._thumbnail_received(button, status, body), quietly=True
        )

    def _thumbnail_received(self, button, status, body):
        if status == 200:
            pixbuf = pictures.decoded(body, 256)
            if pixbuf is not None:
                button.set_image(Gtk.Image.new_from_pixbuf(pictures.square(pixbuf, TILE)))
        elif status in (404, 410):  # it has been removed meanwhile, or has no picture
            self._row.remove(button)
            self.set_visible(bool(self._row.get_children()))
