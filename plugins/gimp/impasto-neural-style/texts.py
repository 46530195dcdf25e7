"""Texts in the user's language: catalogues lie beside the plug-in, and an unknown text stays English."""

import gettext
import os

_catalogue = gettext.translation("impasto", os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale"), fallback=True)


def _(text):
    """``text`` in the user's language."""
    return _catalogue.gettext(text)
