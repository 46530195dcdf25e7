"""The drop-in folder: weight files put there by hand, for machines without network.

A file counts by its content and digest, not by its name: browsers rename what they save.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import DigestMismatch
from . import weights
from .catalogue import Model, Source

SUFFIXES = (".pth", ".pt", ".whl", ".h5", ".safetensors")


@dataclass(frozen=True)
class Found:
    """A usable file. ``source`` is what it was published as, or None for weights that are converted already."""

    file: Path
    source: Source | None


class DropIn:
    """Looks into one folder, which need not exist. Never changes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, model: Model) -> Found | None:
        """The best file for ``model``: converted weights first, then its sources' files in their order."""
        files = self._files()
        for file in files:
            if _is_converted(file, model):
                return Found(file, None)
        for source in model.sources:
            for file in files:
                if _is_published(file, source):
                    return Found(file, source)
        return None

    def _files(self) -> list[Path]:
        try:
            return sorted(f for f in self._folder.iterdir() if f.is_file() and f.suffix.lower() in SUFFIXES)
        except OSError:
            return []


def _is_converted(file: Path, model: Model) -> bool:
    try:
        header = weights.inspect(file, model.architecture)
    except (DigestMismatch, OSError):
        return False
    return any(header.source_sha256.startswith(source.sha256) for source in model.sources)


def _is_published(file: Path, source: Source) -> bool:
    try:
        plausible = abs(file.stat().st_size - source.size) <= source.size // 50
        return plausible and weights.digest_of_file(file).startswith(source.sha256)
    except OSError:
        return False
