"""Where GIMP 3 and Krita are and where they look for a user's plug-ins: as a package, Flatpak, Snap or AppImage, on macOS, on
Windows and from its store.

An editor counts as found where its program is, or where it has left its folders.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .system import System, first_release, reported_version, text_of, version_key

GIMP, KRITA = "gimp", "krita"
TITLES = {GIMP: "GIMP", KRITA: "Krita"}
NATIVE, FLATPAK, SNAP, STORE, NAMED = "native", "flatpak", "snap", "store", "named"
FLATPAK_IDS = {GIMP: "org.gimp.GIMP", KRITA: "org.kde.krita"}


@dataclass(frozen=True)
class Editor:
    """One place for plug-ins.

    ``kind``: gimp or krita; ``version``: as far as known, may be empty; ``packaging``: native, flatpak, snap, store, or named by
    the user; ``plugins``: the folder for plug-ins, which may not be there yet; ``program``: what starts the editor, where found;
    ``settings``: Krita's kritarc.
    """

    kind: str
    version: str
    packaging: str
    plugins: Path
    program: Path | None = None
    settings: Path | None = None

    @property
    def title(self) -> str:
        """``GIMP 3.0``, ``Krita 5.2.9 (flatpak)``."""
        words = [TITLES[self.kind], self.version, f"({self.packaging})" if self.packaging in (FLATPAK, SNAP, STORE) else ""]
        return " ".join(word for word in words if word)


def find(kind: str, system: System | None = None) -> list[Editor]:
    """Every place of the editor ``kind`` on this machine, for this user."""
    system = system or System()
    found = list({GIMP: _find_gimp, KRITA: _find_krita}[kind](system))
    return [editor for number, editor in enumerate(found) if editor.plugins not in [e.plugins for e in found[:number]]]


def searched_places(kind: str, system: System | None = None) -> list[str]:
    """Where :func:`find` looks, in words, for a user whose editor is elsewhere."""
    system = system or System()
    program = {GIMP: "gimp", KRITA: "krita"}[kind]
    if system.windows:
        places = [str(root) for root in _program_folders(system)]
    elif system.mac:
        places = [str(folder) for folder in _application_folders(system)]
    else:
        places = [f"`{program}` on the path", f"the Flatpak {FLATPAK_IDS[kind]}", f"the Snap {program}"]
    return [*places, *(str(base) for base in ([_gimp_base(system)] if kind == GIMP else [_krita_base(system)]))]


# -- GIMP: a folder for each of its versions --------------------------------------------------------------------------


def _gimp_base(system: System) -> Path:
    linux = ("XDG_CONFIG_HOME", ".config")
    return system.user_folder(("APPDATA", "AppData/Roaming"), "Library/Application Support", linux) / "GIMP"


def _find_gimp(system: System) -> Iterator[Editor]:
    base, programs, flatpak = _gimp_base(system), _gimp_programs(system), _flatpak(system, GIMP)
    if named := system.environment.get("GIMP3_DIRECTORY"):
        version = max(programs, key=version_key, default="")
        yield Editor(GIMP, version, NATIVE, system.home / named / "plug-ins", programs.get(version))
    versions = {*_versions_in(base), *programs, *([_minor_version(flatpak)] if flatpak else [])}
    for version in sorted(versions, key=version_key):  # the Flatpak shares this folder with a GIMP from a package
        packaging = FLATPAK if flatpak and not programs else NATIVE
        yield Editor(GIMP, version, packaging, base / version / "plug-ins", programs.get(version))
    for packaging, place in _gimp_sandboxes(system):
        for version in _versions_in(place):
            yield Editor(GIMP, version, packaging, place / version / "plug-ins")
    if snap := _snap(system, GIMP):
        yield Editor(
            GIMP, _minor_version(snap), SNAP, system.home / "snap/gimp/current/.config/GIMP" / _minor_version(snap) / "plug-ins"
        )


def _gimp_sandboxes(system: System) -> Iterator[tuple[str, Path]]:
    """GIMP's folders inside sandboxes."""
    if system.linux:
        yield FLATPAK, system.home / ".var/app/org.gimp.GIMP/config/GIMP"
        yield SNAP, system.home / "snap/gimp/current/.config/GIMP"
    if system.windows:
        packages = system.place("LOCALAPPDATA", "AppData/Local") / "Packages"
        yield from ((STORE, place / "LocalCache/Roaming/GIMP") for place in sorted(packages.glob("GIMP.*")))


def _versions_in(base: Path) -> list[str]:
    names = [folder.name for folder in base.iterdir() if folder.is_dir()] if base.is_dir() else []
    return sorted((name for name in names if re.fullmatch(r"3\.\d+", name)), key=version_key)


def _gimp_programs(system: System) -> dict[str, Path]:
    """GIMP 3's programs by minor version."""
    if system.mac:
        bundles = ((_bundle_version(app), app / "Contents/MacOS/gimp") for app in _app_bundles(system, "GIMP*.app"))
        found = {_minor_version(version): program for version, program in bundles}
    elif system.windows:
        files = (file for root in _program_folders(system) for file in sorted(root.glob("GIMP 3*/bin/gimp-3.*.exe")))
        found = {file.stem.removeprefix("gimp-"): file for file in files}
    else:
        found = {file.name.removeprefix("gimp-"): file for file in system.on_path(r"gimp-3\.\d+")}
        if not found:
            found = {_minor_version(reported_version(file)): file for file in system.on_path(r"gimp-3|gimp")}
    return {version: file for version, file in found.items() if re.fullmatch(r"3\.\d+", version)}


def _minor_version(version: str) -> str:
    return ".".join(version.split(".")[:2])


# -- Krita: one folder for all of its versions ------------------------------------------------------------------------


def _krita_base(system: System) -> Path:
    linux = ("XDG_DATA_HOME", ".local/share")
    return system.user_folder(("APPDATA", "AppData/Roaming"), "Library/Application Support", linux) / "krita"


def _kritarc(system: System) -> Path:
    return system.user_folder(("LOCALAPPDATA", "AppData/Local"), "Library/Preferences", ("XDG_CONFIG_HOME", ".config")) / "kritarc"


def _find_krita(system: System) -> Iterator[Editor]:
    version, program = _krita_program(system)
    base, settings = _krita_base(system), _kritarc(system)
    if base.is_dir() or program:
        yield Editor(KRITA, version, NATIVE, _resources(base, settings) / "pykrita", program, settings)
    for packaging, found, base, settings in _krita_sandboxes(system):
        if found is not None or base.is_dir():
            yield Editor(KRITA, found or "", packaging, _resources(base, settings) / "pykrita", None, settings)


def _krita_sandboxes(system: System) -> Iterator[tuple[str, str | None, Path, Path]]:
    """Packaging, version (None where no such Krita is known to be there), folder and kritarc of Kritas in sandboxes."""
    if system.linux:
        sandbox = system.home / ".var/app" / FLATPAK_IDS[KRITA]
        yield FLATPAK, _flatpak(system, KRITA), sandbox / "data/krita", sandbox / "config/kritarc"
        sandbox = system.home / "snap/krita/current"
        yield SNAP, _snap(system, KRITA), sandbox / ".local/share/krita", sandbox / ".config/kritarc"
    if system.windows:
        packages = system.place("LOCALAPPDATA", "AppData/Local") / "Packages"
        for place in sorted(packages.glob("*Krita_*")):
            yield STORE, None, place / "LocalCache/Roaming/krita", place / "LocalCache/Local/kritarc"


def _resources(base: Path, kritarc: Path) -> Path:
    """The folder of Krita's resources: another one where the user has chosen it in Krita's settings."""
    chosen = re.search(r"(?m)^ResourceDirectory=(.+?)\r?$", text_of(kritarc).split("\n[")[0])
    return Path(chosen.group(1)) if chosen and Path(chosen.group(1)).is_dir() else base


def _krita_program(system: System) -> tuple[str, Path | None]:
    if system.mac:
        found = [(_bundle_version(app), app / "Contents/MacOS/krita") for app in _app_bundles(system, "krita*.app")]
    elif system.windows:
        roots = _program_folders(system)
        found = [("", file) for root in roots for file in sorted(root.glob("Krita*/bin/krita.exe"))]
    else:
        version = first_release(system.root / "usr/share/metainfo", ("org.kde.krita.appdata.xml", "org.kde.krita.metainfo.xml"))
        found = [(version, file) for file in system.on_path("krita")]
    return found[0] if found else ("", None)


# -- where systems keep programs ---------------------------------------------------------------------------------------


def _flatpak(system: System, kind: str) -> str | None:
    """The version of an installed Flatpak, empty where it does not tell; None where it is not there."""
    if not system.linux:
        return None
    places = (system.home / ".local/share/flatpak/app", system.root / "var/lib/flatpak/app")
    files = next((f for f in (place / FLATPAK_IDS[kind] / "current/active/files" for place in places) if f.is_dir()), None)
    return first_release(files / "share/metainfo", (f"{FLATPAK_IDS[kind]}.*xml",)) if files else None


def _snap(system: System, kind: str) -> str | None:
    """The same of a Snap."""
    file = system.root / "snap" / kind / "current/meta/snap.yaml"
    if not system.linux or not file.is_file():
        return None
    match = re.search(r"(?m)^version:\s*['\"]?(\d[\w.]*)", text_of(file))
    return match.group(1) if match else ""


def _program_folders(system: System) -> list[Path]:
    local = system.place("LOCALAPPDATA", "AppData/Local") / "Programs"
    return [Path(system.environment.get("PROGRAMFILES") or "C:/Program Files"), local]


def _application_folders(system: System) -> list[Path]:
    return [system.root / "Applications", system.home / "Applications"]


def _app_bundles(system: System, pattern: str) -> Iterable[Path]:
    return [app for folder in _application_folders(system) for app in sorted(folder.glob(pattern))]


def _bundle_version(app: Path) -> str:
    try:
        with (app / "Contents/Info.plist").open("rb") as opened:
            return str(plistlib.load(opened).get("CFBundleShortVersionString", ""))
    except (OSError, plistlib.InvalidFileException, ValueError):
        return ""
