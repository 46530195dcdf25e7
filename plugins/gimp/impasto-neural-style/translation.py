"""Texts in the language of GIMP's interface: catalogues lie beside the client, and an unknown text stays English."""

from gi.repository import GLib

from impasto_client import translation

# GLib knows what the user has chosen in GIMP, and her system's language on Windows, too.
_ = translation.translator(GLib.get_language_names())
