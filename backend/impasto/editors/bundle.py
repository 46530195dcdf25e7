"""What a plug-in consists of: the editor's own files, the client that both share, and the translations, compiled.

Nothing is written here. A bundle is the same whether it is installed or zipped.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .. import __version__
from ..paths import bundled
from .catalogues import compiled
from .places import GIMP, KRITA

MARKER = "impasto.json"
"""Lies in each plug-in's folder and says that it is ours: who made it, and what it was made of."""

COMMAND = "command.json"
"""How to start the daemon: of this machine, so no part of a bundle."""

BESIDE = ("pykrita/", "actions/")
"""How the paths of files begin that Krita does not look for in the plug-in's folder."""

FOLDERS = {GIMP: "impasto-neural-style", KRITA: "impasto_neural_style"}
CLIENT = "impasto_client"
ZIP_DATE = (2026, 1, 1, 0, 0, 0)
"""The same bundle is the same zip, to the byte."""


@dataclass(frozen=True)
class Bundle:
    """``folder``: its name among the plug-ins; ``inside``: its files; ``beside``: files that the editor wants elsewhere, by their
    path from above the folder for plug-ins; ``programs``: those of ``inside`` that the editor runs."""

    kind: str
    folder: str
    inside: Mapping[str, bytes]
    beside: Mapping[str, bytes]
    programs: frozenset[str]

    @property
    def digests(self) -> dict[str, str]:
        """Each file's digest, by its path."""
        return {name: digest(data) for name, data in sorted({**self.inside, **self.beside}.items())}

    def marker(self) -> bytes:
        """The text of :data:`MARKER`."""
        return json.dumps({"impasto": __version__, "plugin": self.kind, "files": self.digests}, indent=1).encode()

    def languages(self) -> list[str]:
        """The languages it speaks besides English."""
        return languages_of(self.inside)


def digest(data: bytes) -> str:
    """A short SHA-256."""
    return hashlib.sha256(data).hexdigest()[:32]


def languages_of(names: Mapping[str, object]) -> list[str]:
    """The languages among a plug-in's files."""
    return sorted({Path(name).parts[-3] for name in names if name.endswith(".mo")})


def bundle(kind: str, source: Path | None = None) -> Bundle:
    """The plug-in for the editor ``kind``, out of the project's `plugins/` folder."""
    source, folder = source or bundled("plugins"), FOLDERS[kind]
    inside = dict(_files(source / kind / folder))
    inside.update((f"{CLIENT}/{name}", data) for name, data in _files(source / "client" / CLIENT))
    beside = {}
    if kind == KRITA:  # Krita looks for these in folders of its own
        apart = [name for name in inside if name.endswith((".action", ".desktop"))]
        loose = {Path(name).name: inside.pop(name) for name in apart}
        loose.update((name, data) for name, data in _files(source / kind, deep=False) if name.endswith((".action", ".desktop")))
        beside = {f"{'actions' if name.endswith('.action') else 'pykrita'}/{name}": data for name, data in loose.items()}
    return Bundle(kind, folder, inside, beside, frozenset({f"{folder}.py"} if kind == GIMP else ()))


def _files(folder: Path, deep: bool = True) -> Iterator[tuple[str, bytes]]:
    """The files of a folder that belong into a bundle, by their path in it; translations compiled."""
    for file in sorted(folder.rglob("*") if deep else folder.glob("*")):
        inner = file.relative_to(folder)
        if not file.is_file() or any(part.startswith((".", "__pycache__")) for part in inner.parts):
            continue
        if file.suffix == ".po":
            yield inner.with_suffix(".mo").as_posix(), compiled(file.read_text(encoding="utf-8"))
        elif file.suffix not in (".pyc", ".pot", ".mo") and file.name not in (MARKER, COMMAND):
            yield inner.as_posix(), file.read_bytes()


def write_zip(made: Bundle, file: BinaryIO) -> None:
    """Write a zip for people without the command line.

    GIMP's is to be unpacked into its folder for plug-ins, run bits included; Krita's is what its "Import Python Plugin from File"
    takes, for which the folder needs an entry of its own.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(made.beside.items()):
            _put(archive, Path(name).name, data)
        _put(archive, f"{made.folder}/", b"", folder=True)
        for name, data in sorted({**made.inside, MARKER: made.marker()}.items()):
            _put(archive, f"{made.folder}/{name}", data, program=name in made.programs)


def _put(archive: zipfile.ZipFile, name: str, data: bytes, *, folder: bool = False, program: bool = False) -> None:
    entry = zipfile.ZipInfo(name, ZIP_DATE)
    entry.create_system = 3  # Unix, or the run bit below would not count
    entry.compress_type = zipfile.ZIP_STORED if folder else zipfile.ZIP_DEFLATED
    mode = 0o040755 if folder else 0o100755 if program else 0o100644
    entry.external_attr = mode << 16 | (0x10 if folder else 0)
    archive.writestr(entry, data)
