"""The jobs' folders on disk. Every deletion goes through here and touches nothing whose name is not a job's."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import DiskFull
from .job import JOB_ID

log = logging.getLogger(__name__)

PREVIEW = "preview.png"

_INCOMING = ".new-"
"""Prefix of a folder whose inputs are still being written."""


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Whatever the system has against writing becomes :class:`DiskFull`."""
    try:
        yield
    except OSError as error:
        log.warning("cannot write: %s", error)
        raise DiskFull("The data folder is full or cannot be written.",
                       hint="Make room, or choose another folder with the setting data_dir.") from error


def write_atomically(file: Path, data: bytes) -> None:
    """``data`` under its name in one move, so that a reader sees the old or the new file, never half of one."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


class JobFolders:
    """One folder for each job, under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, id: str) -> Path:
        """The folder of job ``id``."""
        if not JOB_ID.fullmatch(id):
            raise ValueError(f"not a job id: {id!r}")
        return self.root / id

    def create(self, id: str, inputs: Mapping[str, bytes]) -> Path:
        """A folder with ``inputs`` that appears whole or not at all. Raises :class:`DiskFull`."""
        folder = self.path(id)
        incoming = self.root / f"{_INCOMING}{id}"
        with disk_errors():
            try:
                incoming.mkdir(parents=True)
                for name, data in inputs.items():
                    (incoming / Path(name).name).write_bytes(data)
                incoming.rename(folder)
            except BaseException:
                shutil.rmtree(incoming, ignore_errors=True)
                raise
        return folder

    def discard(self, id: str) -> None:
        """Remove the folder and all that is in it. What another process holds open stays until the next start's sweep."""
        shutil.rmtree(self.path(id), ignore_errors=True)

    def keep_only(self, id: str, names: Iterable[str]) -> None:
        """Remove every file but ``names``: the inputs of a job that has ended, and what a killed worker left half-written."""
        kept = set(names)
        with contextlib.suppress(OSError):
            for entry in list(self.path(id).iterdir()):
                if entry.name not in kept:
                    _remove(entry)

    def tidy(self, id: str, result: Mapping[str, Any] | None) -> None:
        """After the end: a job with a picture keeps it and its last preview, any other keeps nothing."""
        if result and result.get("file"):
            self.keep_only(id, (result["file"], PREVIEW))
        else:
            self.discard(id)

    def drop_half_written(self, id: str) -> None:
        """Remove the traces of an earlier attempt before a job runs again; its inputs stay."""
        with contextlib.suppress(OSError):
            for entry in list(self.path(id).iterdir()):
                if entry.name == PREVIEW or entry.name.startswith((".", "result")):
                    _remove(entry)

    def sweep(self, known: Iterable[str]) -> None:
        """Remove folders of jobs that are not ``known`` and half-written ones. Call only while nobody submits."""
        kept = set(known)
        with contextlib.suppress(OSError):
            for entry in list(self.root.iterdir()):
                id = entry.name.removeprefix(_INCOMING)
                if JOB_ID.fullmatch(id) and (entry.name.startswith(_INCOMING) or id not in kept):
                    _remove(entry)


def _remove(entry: Path) -> None:
    with contextlib.suppress(OSError):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
