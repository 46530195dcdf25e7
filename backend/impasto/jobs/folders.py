"""The jobs' folders on disk. Every deletion goes through here and touches nothing whose name is not a job's."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..disk import disk_errors, flush, flush_folder, private_folder
from ..task import CHECKPOINT, PREVIEW, REFINED, style_file
from .job import JOB_ID

_INCOMING = ".new-"
"""Prefix of a folder whose inputs are still being written."""


class JobFolders:
    """One folder for each job, under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, id: str) -> Path:
        """The folder of job ``id``."""
        if not JOB_ID.fullmatch(id):
            raise ValueError(f"not a job id: {id!r}")
        return self.root / id

    def create(self, id: str, inputs: Mapping[str, bytes], *, lasting: bool = True) -> Path:
        """A folder with ``inputs`` that appears whole or not at all; ``lasting``: and is on the disk by then.

        Raises :class:`DiskFull`.
        """
        folder = self.path(id)
        incoming = self.root / f"{_INCOMING}{id}"
        with disk_errors():
            try:
                incoming.mkdir(parents=True)
                for name, data in inputs.items():
                    file = incoming / Path(name).name
                    file.write_bytes(data)
                    if lasting:
                        flush(file)
                if lasting:
                    flush_folder(incoming)
                incoming.rename(folder)
                if lasting:
                    flush_folder(self.root)
            except BaseException:
                shutil.rmtree(incoming, ignore_errors=True)
                raise
        return folder

    def discard(self, id: str) -> None:
        """Remove the folder and all that is in it. What another process holds open stays until the next start's sweep."""
        shutil.rmtree(self.path(id), ignore_errors=True)

    def put_aside(self, id: str) -> None:
        """Keep the folder of a job that nobody knows any more out of the way of :meth:`sweep`, beside the others."""
        aside = self.root.with_name(f"{self.root.name}.damaged")
        with contextlib.suppress(OSError):
            private_folder(aside)
            self.path(id).rename(aside / id)

    def keep_only(self, id: str, names: Iterable[str]) -> None:
        """Remove every file but ``names``: the inputs of a job that has ended, and what a killed worker left half-written."""
        kept = set(names)
        with contextlib.suppress(OSError):
            for entry in list(self.path(id).iterdir()):
                if entry.name not in kept:
                    _remove(entry)

    def tidy(self, id: str, result: Mapping[str, Any] | None) -> None:
        """After the end: a job with a picture keeps it, its last preview, and what its refined styles could be kept with; any other
        keeps nothing."""
        if result and result.get("file"):
            refined = [style_file(position) for position in result.get("refined", ())]
            self.keep_only(id, (result["file"], PREVIEW, *refined, *([REFINED] if refined else [])))
        else:
            self.discard(id)

    def drop_half_written(self, id: str) -> None:
        """Remove the traces of an earlier attempt before a job runs again; inputs, checkpoint and preview stay, which are whole."""
        with contextlib.suppress(OSError):
            for entry in list(self.path(id).iterdir()):
                if entry.name.startswith((".", "result")):
                    _remove(entry)

    def has_checkpoint(self, id: str) -> bool:
        """Whether work that is done already would be lost with job ``id``."""
        with contextlib.suppress(OSError):
            return (self.path(id) / CHECKPOINT).is_file()
        return False

    def size(self, id: str) -> int:
        """Bytes of all files in the folder; 0 where there is none."""
        return size_of_files(self.path(id))

    def any(self) -> bool:
        """Whether there is a job's folder at all."""
        with contextlib.suppress(OSError):
            return any(JOB_ID.fullmatch(entry.name) for entry in self.root.iterdir())
        return False

    def sweep(self, known: Iterable[str]) -> None:
        """Remove folders of jobs that are not ``known`` and half-written ones. Call only while nobody submits."""
        kept = set(known)
        with contextlib.suppress(OSError):
            for entry in list(self.root.iterdir()):
                id = entry.name.removeprefix(_INCOMING)
                if JOB_ID.fullmatch(id) and (entry.name.startswith(_INCOMING) or id not in kept):
                    _remove(entry)


def size_of_files(folder: Path) -> int:
    """Bytes of all files in a folder, not of those in folders below it; 0 where there is none."""
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                total += entry.stat(follow_symlinks=False).st_size
    return total


def _remove(entry: Path) -> None:
    with contextlib.suppress(OSError):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
