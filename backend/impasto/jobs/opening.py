"""A data folder is taken, and the jobs in it are opened, whatever state they are in."""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

import filelock

from ..disk import disk_errors
from ..errors import DaemonRunning
from ..paths import Paths
from .damaged_rows import SoundStore
from .folders import JobFolders
from .store import JobStore

log = logging.getLogger(__name__)


def lock(paths: Paths) -> filelock.BaseFileLock:
    """Take the data folder for this process. Raises :class:`DaemonRunning` where another one has it."""
    taken = filelock.FileLock(paths.data / "daemon.lock")
    try:
        taken.acquire(timeout=0)
    except filelock.Timeout:
        raise DaemonRunning(
            "Another daemon uses this data folder.",
            hint="Use that one, or give this one another folder with the setting data_dir.",
        ) from None
    return taken


def open_store(paths: Paths, folders: JobFolders) -> JobStore:
    """The jobs of a data folder that has been taken, with what is damaged put aside. Raises :class:`DiskFull`."""
    if folders.any() and not _has_content(paths.database):
        _put_aside(paths)  # or the sweep would take pictures that nobody knows any more for left-overs
    try:
        return SoundStore(paths.database, folders.put_aside)
    except sqlite3.DatabaseError as error:
        log.error("job database: %s", error)
        _put_aside(paths)
        return SoundStore(paths.database, folders.put_aside)


def _put_aside(paths: Paths) -> None:
    """Nothing is thrown away: a damaged or lost database and its pictures go together, under a name that is free."""
    jobs, database = paths.jobs, paths.database
    stamp = time.strftime("%Y%m%d-%H%M%S")
    while jobs.with_name(f"{jobs.name}.damaged-{stamp}").exists():
        stamp += "x"
    log.error("the job database is damaged or gone; the jobs' folders are kept under the suffix .damaged-%s", stamp)
    with disk_errors():
        for file in (database.with_name(database.name + end) for end in ("", "-wal", "-shm")):
            if file.exists():
                file.rename(file.with_name(f"{file.name}.damaged-{stamp}"))
        jobs.rename(jobs.with_name(f"{jobs.name}.damaged-{stamp}"))
        jobs.mkdir(mode=0o700)


def _has_content(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0
