"""Texts in the language of Krita's interface: catalogues lie beside the client, and an unknown text stays English."""

import gettext

from .client import languages
from .qt import QtCore

try:  # Krita makes the language that is chosen in its settings Qt's default
    _catalogue = gettext.translation(
        languages.DOMAIN, languages.FOLDER, languages.wanted(QtCore.QLocale().uiLanguages()), fallback=True
    )
except (OSError, ValueError):  # a damaged catalogue
    _catalogue = gettext.NullTranslations()


def _(text):
    """``text`` in the user's language."""
    return _catalogue.gettext(text)
