"""Texts in the language of Krita's interface: catalogues lie beside the client, and an unknown text stays English."""

from .client import translation
from .qt import QtCore

# Krita makes the language that is chosen in its settings Qt's default.
_ = translation.translator(QtCore.QLocale().uiLanguages())
