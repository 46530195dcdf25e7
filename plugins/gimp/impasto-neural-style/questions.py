"""Questions that a window asks: whether it shall do what cannot be undone, and what something shall be called."""

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402

from translation import _  # noqa: E402


def confirmed(parent, question, detail, yes, no=None):
    """Whether the user chooses ``yes``, a button's label with its mnemonic; ``no``: the other button's."""
    dialog = Gtk.MessageDialog(
        title=question,
        transient_for=parent,
        modal=True,
        message_type=Gtk.MessageType.QUESTION,
        text=question,
        secondary_text=detail,
    )
    dialog.add_buttons(no or _("_Cancel"), Gtk.ResponseType.CANCEL, yes, Gtk.ResponseType.OK)
    answer = dialog.run()
    dialog.destroy()
    return answer == Gtk.ResponseType.OK


def name(parent, title, suggested, most, yes):
    """The name that the user gives, at most so many characters long, or "" where she does not; ``yes``: the button's label."""
    dialog = Gtk.Dialog(title=title, transient_for=parent, modal=True, resizable=False)
    dialog.add_buttons(_("_Cancel"), Gtk.ResponseType.CANCEL, yes, Gtk.ResponseType.OK)
    dialog.set_default_response(Gtk.ResponseType.OK)
    entry = Gtk.Entry(text=suggested, activates_default=True, max_length=most, width_chars=34)
    entry.connect("changed", lambda entry: dialog.set_response_sensitive(Gtk.ResponseType.OK, bool(entry.get_text().strip())))
    label = Gtk.Label.new_with_mnemonic(_("_Name"))
    label.set_mnemonic_widget(entry)
    row = Gtk.Box(spacing=12, margin=12)
    row.pack_start(label, False, False, 0)
    row.pack_start(entry, True, True, 0)
    dialog.get_content_area().add(row)
    dialog.show_all()
    given = entry.get_text().strip() if dialog.run() == Gtk.ResponseType.OK else ""
    dialog.destroy()
    parent.present()  # some window managers would give GIMP's own window the keyboard
    return given
