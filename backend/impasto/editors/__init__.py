"""The plug-ins on their way into GIMP and Krita: where editors are, what a plug-in is made of, how it is put in and taken out."""

from .bundle import Bundle, bundle, write_zip
from .installation import ABSENT, CHANGED, CURRENT, FOREIGN, OTHER, State, install, state, uninstall
from .places import FLATPAK_IDS, GIMP, KRITA, NAMED, TITLES, Editor, find, searched_places
from .system import System

__all__ = [
    "ABSENT",
    "CHANGED",
    "CURRENT",
    "FLATPAK_IDS",
    "FOREIGN",
    "GIMP",
    "KRITA",
    "NAMED",
    "OTHER",
    "TITLES",
    "Bundle",
    "Editor",
    "State",
    "System",
    "bundle",
    "find",
    "install",
    "searched_places",
    "state",
    "uninstall",
    "write_zip",
]
