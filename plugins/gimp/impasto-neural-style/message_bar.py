"""One sentence that needs to be read, above everything else, with what can be done about it."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402


class MessageBar(Gtk.InfoBar):
    """Hidden until :meth:`show_message` is called; closed by its button, or by :meth:`clear`."""

    def __init__(self):
        Gtk.InfoBar.__init__(self, show_close_button=True, no_show_all=True)
        self._label = Gtk.Label(xalign=0, wrap=True, selectable=True, can_focus=False, visible=True, max_width_chars=80)
        self.get_content_area().add(self._label)
        self._action, self._button = None, None
        self.connect("response", self._responded)

    def show_message(self, text, wrong=True, action=None, label=""):
        """``wrong``: it is an error, not information. ``action()``: what the button called ``label`` does."""
        self.clear()
        self._label.set_text(text)
        self.set_message_type(Gtk.MessageType.WARNING if wrong else Gtk.MessageType.INFO)
        if action is not None:
            self._action, self._button = action, self.add_button(label, Gtk.ResponseType.APPLY)
        self.show()

    def clear(self):
        """Nothing needs to be read any more."""
        self.hide()
        if self._button is not None:
            self._button.destroy()
        self._action = self._button = None

    def _responded(self, _bar, response):
        action = self._action if response == Gtk.ResponseType.APPLY else None
        self.clear()
        if action is not None:
            action()
