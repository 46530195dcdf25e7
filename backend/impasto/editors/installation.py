"""A plug-in goes into an editor's folder, is looked at there, and comes out again. Only what carries our marker is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import Conflict, DiskFull
from . import kritarc
from .bundle import BESIDE, COMMAND, MARKER, Bundle, digest, languages_of
from .places import TITLES, Editor
from .swap import recover, replaced

ABSENT, FOREIGN, CURRENT, OTHER, CHANGED = "absent", "foreign", "current", "other", "changed"


@dataclass(frozen=True)
class State:
    """What lies in an editor's folder.

    ``state``: absent; foreign (somebody else's, under our name); current; other (of another version of Impasto); changed (files
    differ from what was installed, or are missing). ``switched_on``: Krita's own switch, None where there is none or it is unknown.
    """

    state: str
    folder: Path
    version: str = ""
    languages: tuple[str, ...] = ()
    switched_on: bool | None = None

    @property
    def ours(self) -> bool:
        """Whether Impasto put it there."""
        return self.state not in (ABSENT, FOREIGN)


def state(editor: Editor, made: Bundle) -> State:
    """What is installed in ``editor``, compared with the bundle that would be. Changes nothing."""
    folder = editor.plugins / made.folder
    on = kritarc.is_on(_bytes(editor.settings), made.folder) if editor.settings else None
    if not os.path.lexists(folder):
        return State(ABSENT, folder, switched_on=on)
    marker = _marker(folder, made.kind)
    if marker is None or folder.is_symlink():
        return State(FOREIGN, folder, switched_on=on)
    changed = any(
        digest(_bytes(_place(editor, name) if name.startswith(BESIDE) else folder / name)) != wanted
        for name, wanted in marker["files"].items()
    )
    kind = CHANGED if changed else CURRENT if marker["files"] == made.digests and marker["impasto"] == __version__ else OTHER
    return State(kind, folder, marker["impasto"], tuple(languages_of(marker["files"])), on)


def install(editor: Editor, made: Bundle, launch: dict[str, Any]) -> State:
    """Put the plug-in in place, whole or not at all, and switch it on. Returns what was there before.

    ``launch``: how to start the daemon (docs/plugins.md has its shape). Raises :class:`Conflict` where a folder that is not ours is
    in the way, :class:`DiskFull` where it cannot be written.
    """
    with _complaints(editor):
        editor.plugins.mkdir(parents=True, exist_ok=True)
        recover(editor.plugins / made.folder)
        before = _ours_or_nothing(editor, made)
        files = {**_files_beside(editor, made), **_settings(editor, made, on=True)}
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
        with replaced([before.folder, *files]) as places:
            _write_folder(places[before.folder], made, launch)
            _write_files(places, files)
    return before


def uninstall(editor: Editor, made: Bundle) -> State:
    """Take the plug-in out. Returns what was there before; raises as :func:`install` does."""
    with _complaints(editor):
        recover(editor.plugins / made.folder)
        before = _ours_or_nothing(editor, made)
        if before.state != ABSENT:
            settings = _settings(editor, made, on=False)
            with replaced([before.folder, *_files_beside(editor, made), *settings]) as places:  # only settings have a successor
                _write_files(places, settings)
    return before


def _write_files(places: Mapping[Path, Path], files: Mapping[Path, bytes]) -> None:
    for file, data in files.items():
        places[file].write_bytes(data)
        if file.exists():
            places[file].chmod(file.stat().st_mode)


def _write_folder(folder: Path, made: Bundle, launch: dict[str, Any]) -> None:
    command = json.dumps(launch, indent=1, ensure_ascii=False).encode()
    for name, data in {**made.inside, MARKER: made.marker(), COMMAND: command}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        if name in made.programs:
            file.chmod(file.stat().st_mode | 0o111)


def _ours_or_nothing(editor: Editor, made: Bundle) -> State:
    found = state(editor, made)
    if found.state == FOREIGN:
        raise Conflict(
            f"{found.folder} is there already, and Impasto did not put it there; nothing was changed.",
            hint="Move it away or delete it, then run this again.",
        )
    return found


def _files_beside(editor: Editor, made: Bundle) -> dict[Path, bytes]:
    return {_place(editor, name): data for name, data in made.beside.items()}


def _settings(editor: Editor, made: Bundle, *, on: bool) -> dict[Path, bytes]:
    """The editor's settings with the plug-in switched on or out of them, where that is a change."""
    if editor.settings is None:
        return {}
    file = Path(os.path.realpath(editor.settings))  # it may be a link into a folder of settings that are kept elsewhere
    before = _bytes(file)
    after = kritarc.switched(before, made.folder, on)
    return {file: after} if after != before else {}


def _place(editor: Editor, name: str) -> Path:
    """Where a file that the editor wants elsewhere lies once it is installed."""
    area, _, rest = name.partition("/")
    return (editor.plugins if area == "pykrita" else editor.plugins.parent / area) / rest


def _marker(folder: Path, kind: str) -> dict[str, Any] | None:
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        fits = marker["plugin"] == kind and isinstance(marker["impasto"], str) and isinstance(marker["files"], dict)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return marker if fits else None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@contextmanager
def _complaints(editor: Editor) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = TITLES[editor.kind]
        raise DiskFull(
            f"{error.filename or editor.plugins} cannot be written: {error.strerror}; what was there before still is.",
            hint=f"Close {name} and try again, or name another folder with --folder.",
        ) from None
