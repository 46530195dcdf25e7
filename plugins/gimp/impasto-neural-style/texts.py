"""Texts in the language of GIMP's interface: catalogues lie beside the client, and an unknown text stays English."""

import gettext

from gi.repository import GLib

from impasto_client import languages

try:  # GLib knows what the user has chosen in GIMP, and her system's language on Windows, too
    _catalogue = gettext.translation(languages.DOMAIN, languages.FOLDER, languages.wanted(GLib.get_language_names()), fallback=True)
except (OSError, ValueError):  # a damaged catalogue
    _catalogue = gettext.NullTranslations()


def _(text):
    """``text`` in the user's language."""
    return _catalogue.gettext(text)
