"""Where GIMP 3 and Krita keep a user's plug-ins, and whether they are on this machine: Linux, macOS, Windows and Flatpak."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PLUGIN = "impasto"


@dataclass(frozen=True)
class Editor:
    """One installation.

    ``program``: what starts it, or None where only the user's folder is there. ``plugins``: where plug-ins go.
    """

    name: str
    kind: str
    program: Path | None
    plugins: Path

    @property
    def plugin_installed(self) -> bool:
        """Whether Impasto's plug-in lies there."""
        return (self.plugins / PLUGIN).exists()


def editors(home: Path | None = None) -> list[Editor]:
    """Every GIMP 3 and Krita that can be found, for this user."""
    home = home or Path.home()
    return [*_gimps(home), *_kritas(home)]


def _gimps(home: Path) -> Iterator[Editor]:
    names = ("gimp-3", "gimp-3.0", "gimp-3.2", "gimp")
    program = _program(names, ("GIMP*.app/Contents/MacOS/gimp", "GIMP 3/bin/gimp-3*.exe"))
    for kind, base in _config_bases(home, "org.gimp.GIMP", "GIMP", "GIMP"):
        for folder in sorted(base.glob("3.*")):
            yield Editor(f"GIMP {folder.name}", kind, program, folder / "plug-ins")


def _kritas(home: Path) -> Iterator[Editor]:
    program = _program(("krita",), ("krita.app/Contents/MacOS/krita", "Krita (x64)/bin/krita.exe"))
    for kind, base in _data_bases(home, "org.kde.krita"):
        if base.is_dir() or (kind == "native" and program):
            yield Editor("Krita", kind, program, base / "pykrita")


def _config_bases(home: Path, flatpak: str, mac: str, windows: str) -> Iterator[tuple[str, Path]]:
    if sys.platform == "darwin":
        yield "native", home / "Library/Application Support" / mac
    elif sys.platform == "win32":
        yield "native", Path(os.environ.get("APPDATA") or home / "AppData/Roaming") / windows
    else:
        yield "native", Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "GIMP"
        yield "flatpak", home / ".var/app" / flatpak / "config/GIMP"
        yield "snap", home / "snap/gimp/current/.config/GIMP"


def _data_bases(home: Path, flatpak: str) -> Iterator[tuple[str, Path]]:
    if sys.platform == "darwin":
        yield "native", home / "Library/Application Support/krita"
    elif sys.platform == "win32":
        yield "native", Path(os.environ.get("APPDATA") or home / "AppData/Roaming") / "krita"
    else:
        yield "native", Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "krita"
        yield "flatpak", home / ".var/app" / flatpak / "data/krita"
        yield "snap", home / "snap/krita/current/.local/share/krita"


def _program(names: tuple[str, ...], bundles: tuple[str, ...]) -> Path | None:
    """What starts the editor: on the PATH, or where installers put it on macOS and Windows."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    root = {"darwin": "/Applications", "win32": os.environ.get("PROGRAMFILES", "C:/Program Files")}.get(sys.platform)
    return next((match for pattern in bundles for match in sorted(Path(root).glob(pattern))), None) if root else None
