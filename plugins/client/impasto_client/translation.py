"""Finds the catalogue beside this module (locale/LANGUAGE/LC_MESSAGES/impasto.mo) in a user's language."""

import gettext
import posixpath

DOMAIN = "impasto"
FOLDER = posixpath.join(posixpath.dirname(__file__.replace("\\", "/")), "locale")


def preferred(names):
    """The languages to look for, best first, from those that a system names: ``de_DE.UTF-8``, ``de-DE``, ``C``.

    English ends the list: the texts are in English, and whoever puts it before German does not want German.
    """
    found = []
    for name in names:
        plain = name.replace("-", "_").split(".")[0].split("@")[0]
        language = plain.split("_")[0].lower()
        if language in ("en", "c", "posix", ""):
            break
        found += [plain, language]
    return sorted(set(found), key=found.index)


def translator(names):
    """The function ``_`` for a user whose system names these languages; a text that is not in the catalogue stays English."""
    try:
        return gettext.translation(DOMAIN, FOLDER, preferred(names), fallback=True).gettext
    except (OSError, ValueError):  # a damaged catalogue
        return gettext.NullTranslations().gettext
