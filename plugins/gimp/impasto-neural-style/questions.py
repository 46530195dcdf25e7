"""Questions that a window asks before it does what cannot be undone."""

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
