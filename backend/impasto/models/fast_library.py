"""The fast styles of this machine: which networks there are, and which one paints what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..disk import is_own_file
from ..errors import BadStyleFile, StyleNotLearnt
from ..parameters import UPLOAD
from ..paths import Paths, shipped
from ..settings import Settings
from . import shipped_networks
from .catalogue import Catalogue
from .fast import EMBEDDINGS_OF_A_STYLE, FastHeader, FastStyle, inspect, is_embedding, read, write
from .predictor import ENCODER, PredictorHeader
from .predictor import inspect as inspect_predictor
from .predictor import read as read_predictor
from .predictor import shipped_file as predictor_file
from .store import ModelStore

UNKNOWN = FastStyle("unknown", "", "", "", "", (0,) * max(EMBEDDINGS_OF_A_STYLE))
"""Stands for a style that no network has learnt: as many times the identity as a style has embeddings."""

ITERATIVE = "Use method=auto or method=iterative, which paint with any picture."


@dataclass(frozen=True)
class NetworkSource:
    """Where the network for some styles comes from: one file's convolutions, and for each style (in the order asked for)
    the file and the rows that it has there, ``predicted``: the positions of the styles that no network has
    learnt, whose embeddings are still to be set. ``identity``: as in :class:`FastHeader`."""

    network: str
    base: Path
    files: tuple[Path, ...]
    styles: tuple[FastStyle, ...]
    identity: bool = True
    predicted: tuple[int, ...] = ()

    @property
    def in_one_file(self) -> bool:
        """Whether one file has it all."""
        return set(self.files) == {self.base} and not self.predicted

    def key(self) -> tuple[Any, ...]:
        """Equal for sources whose networks are the same. Raises ``OSError`` where a file has gone."""
        files = (self.base, *self.files)
        rows = () if self.in_one_file else tuple(style.rows for style in self.styles)
        versions = tuple((file, file.stat().st_mtime_ns) for file in ((self.base,) if self.in_one_file else files))
        return versions, rows


class FastLibrary:
    """All fast styles: those that ship, in the project's ``models/fast``, and the user's own, in her styles folder.

    Safe to use from several threads and processes.
    """

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._paths, self._settings = paths, settings
        self._folders = (shipped("fast"), paths.styles)
        self._seen: dict[Path, tuple[tuple[int, int], FastHeader | BadStyleFile]] = {}

    def files(self) -> list[tuple[Path, FastHeader]]:
        """Every file that can be read, the shipped ones first."""
        found = []
        for folder in self._folders:
            for file in sorted(folder.glob("*.safetensors")):
                if folder == self._paths.styles and not is_own_file(file):
                    continue
                try:
                    found.append((file, self._header(file)))
                except (BadStyleFile, OSError):
                    continue  # one damaged file must not hide the others
        return found

    def ids(self) -> set[str]:
        """The styles that the fast method can paint: a network knows them, and its base is here."""
        files = self.files()
        bases = _bases(files)
        return {style.id for _, header in files if header.base in bases for style in header.styles}

    def header(self, id: str) -> FastHeader | None:
        """The header of the first file that knows a style."""
        return next((header for _, header in self.files() if id in {style.id for style in header.styles}), None)

    def need(self, styles: Sequence[str]) -> NetworkSource:
        """As :meth:`find`. Raises :class:`StyleNotLearnt` where there is none."""
        source = self.find(styles)
        if not source:
            raise self._not_learnt(styles)
        return source

    def find_or_predict(self, styles: Sequence[str]) -> NetworkSource:
        """As :meth:`find`; styles that no network has learnt get a predicted embedding, beside learnt ones of the same base.

        Raises :class:`StyleNotLearnt` where the predictor is not here, or one of the styles belongs to another network.
        """
        source = self.find(styles)
        if source:
            return source
        try:
            base = _predictor_header(predictor_file()).base
        except (BadStyleFile, OSError):
            raise self._not_learnt(styles) from None
        of_base = [one for one in self.files() if one[1].base == base]
        whole = next(((file, header) for file, header in of_base if header.whole), None)
        learnt = self.ids()
        known = {style.id: (file, style) for file, header in reversed(of_base) for style in header.styles}
        if whole is None or not styles or any(name in learnt and name not in known for name in styles):
            raise self._not_learnt(styles)
        found = [known.get(name, (whole[0], UNKNOWN)) for name in styles]
        predicted = tuple(position for position, name in enumerate(styles) if name not in known)
        files, kept = tuple(file for file, _ in found), tuple(style for _, style in found)
        return NetworkSource(whole[1].network, whole[0], files, kept, predicted=predicted)

    def network_digest(self, styles: Sequence[str]) -> str:
        """SHA-256 of the numbers that :meth:`find_or_predict` names for ``styles``. Raises as that does."""
        source = self.find_or_predict(styles)
        digests = [self._header(file).tensors_sha256 for file in dict.fromkeys((source.base, *source.files))]
        if source.predicted:
            digests.append(_predictor_header(predictor_file()).tensors_sha256)
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    def need_encoder(self, styles: Sequence[str]) -> None:
        """Raises :class:`StyleNotLearnt` where one of ``styles`` is to be predicted, and the encoder for that cannot be had."""
        missing = [name for name in styles if name not in self.ids()]
        if missing and not ModelStore(Catalogue.load(), self._paths, self._settings).can_be_had(ENCODER):
            raise StyleNotLearnt(
                f"No network has learnt {_named(missing[0])}, and {ENCODER}, which it could be refined with, is not here.",
                field="style",
                hint=f"Run: impasto models pull {ENCODER}",
            )

    def can_paint(self, styles: Sequence[str]) -> bool:
        """Whether the fast method can, the encoder that it may need included."""
        try:
            self.need_encoder(styles)
            return bool(self.find_or_predict(styles))
        except StyleNotLearnt:
            return False

    def find(self, styles: Sequence[str]) -> NetworkSource | None:
        """A network that knows all of ``styles``; from one file where possible, else from files of one base."""
        files = self.files()
        bases = _bases(files)
        of_one_file = [[one] for one in files]
        of_one_base = [[one for one in files if one[1].base == base] for base in bases]
        for group in of_one_file + of_one_base:
            source = _source(styles, group, bases)
            if source:
                return source
        return None

    def forget(self, id: str, but_in: Path | None = None) -> None:
        """Take a style out of the user's own files (but not out of one); a file without styles goes.

        A base that other files still need stays: the first of them takes it over. Call only while nobody else changes the folder.
        """
        for file, header in self.files():
            left = tuple(style for style in header.styles if style.id != id)
            if file == but_in or file.parent != self._folders[1] or left == header.styles:
                continue
            if left:
                write(file, read(file)[1], replace(header, styles=left))
                continue
            if header.whole:
                self._hand_over(file, header.base)
            file.unlink(missing_ok=True)

    def _hand_over(self, leaving: Path, base: str) -> None:
        others = [(file, header) for file, header in self.files() if header.base == base and file != leaving]
        if not others or any(header.whole for _, header in others):
            return
        heir, header = others[0]
        convolutions = {name: array for name, array in read(leaving)[1].items() if not is_embedding(name)}
        write(heir, convolutions | read(heir)[1], header)

    def _header(self, file: Path) -> FastHeader:
        """Read again only where the file has changed: the pictures in it may be large."""
        found = file.stat()
        version = found.st_mtime_ns, found.st_size
        if file not in self._seen or self._seen[file][0] != version:
            self._seen[file] = version, self._inspected(file)
        header = self._seen[file][1]
        if isinstance(header, BadStyleFile):
            raise header
        return header

    def _inspected(self, file: Path) -> FastHeader | BadStyleFile:
        """The header; of a shipped file only if its numbers are right, too: a damaged one is no reason for a painting to fail."""
        try:
            changed = file.parent == self._folders[0] and not shipped_networks.whole(file)
            return read(file)[0] if changed else inspect(file)
        except BadStyleFile as error:
            return error

    def _not_learnt(self, wanted: Sequence[str]) -> StyleNotLearnt:
        missing = [name for name in wanted if name not in self.ids()]
        if not missing:
            return StyleNotLearnt(
                "These styles were learnt by different networks, so they cannot be mixed.", field="style", hint=ITERATIVE
            )
        name, trouble = _named(missing[0]), next(iter(shipped_networks.troubles()), "")
        if trouble:
            return StyleNotLearnt(f"{trouble} The fast method cannot paint {name}.", field="style", hint=shipped_networks.ADVICE)
        if self.header(missing[0]):
            return StyleNotLearnt(
                f"The file of {name} holds only the style; the network that it belongs to is not here.",
                field="style",
                hint="Learn it again, or import a file of the same network that is whole. " + ITERATIVE,
            )
        return StyleNotLearnt(
            f"No network has learnt {name} yet, so the fast method cannot paint it.", field="style", hint=ITERATIVE
        )


def _predictor_header(file: Path) -> PredictorHeader:
    """Raises :class:`BadStyleFile` for damage, its numbers' included, or ``OSError`` where there is none."""
    return inspect_predictor(file) if shipped_networks.whole(file) else read_predictor(file)[0]


def _named(style: str) -> str:
    return "the picture" if UPLOAD.fullmatch(style) else f"'{style}'"


def _bases(files: Sequence[tuple[Path, FastHeader]]) -> dict[str, tuple[Path, FastHeader]]:
    """The first whole file of every base."""
    return {header.base: (file, header) for file, header in reversed(files) if header.whole}


def _source(
    styles: Sequence[str], group: Sequence[tuple[Path, FastHeader]], bases: dict[str, tuple[Path, FastHeader]]
) -> NetworkSource | None:
    known: dict[str, tuple[Path, FastHeader, FastStyle]] = {}
    for file, header in reversed(group):
        known |= {style.id: (file, header, style) for style in header.styles}
    base = bases.get(group[0][1].base)
    if not base or not styles or not all(name in known for name in styles):
        return None
    used = [known[name] for name in styles]
    file, header = (used[0][0], used[0][1]) if used[0][1].whole else base
    return NetworkSource(
        header.network, file, tuple(one[0] for one in used), tuple(one[2] for one in used), all(one[1].identity for one in used)
    )
