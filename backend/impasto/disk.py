"""Writing that a full disk, a killed process or a pulled plug cannot tear: whole or not at all, and there to stay."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DiskFull

log = logging.getLogger(__name__)

NO_ROOM = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOENT,
    errno.EIO,
    errno.EFBIG,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.ESTALE,
    errno.ENXIO,
    errno.EMFILE,
    errno.ENFILE,
}
"""What systems say where a file cannot be written, whatever the reason."""


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn "no room" and "may not write" into :class:`DiskFull`."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        log.warning("cannot read or write: %s", error)
        raise DiskFull(
            "Impasto's folder is full, or cannot be read or written.",
            hint="Make room and see to its permissions, or name other folders with the settings data_dir and weights_dir.",
        ) from error


@contextmanager
def written_whole(file: Path, *, lasting: bool = True) -> Iterator[Path]:
    """A temporary name beside ``file`` to write to; it becomes ``file`` where the block ends well, and goes where not.

    A reader sees the old or the new file, never half of one. ``lasting``: it is on the disk, not only on its way there, when the
    block ends; otherwise a pulled plug may leave the old file, the new one, or an empty one.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield temporary
        if lasting:
            flush(temporary)
        temporary.replace(file)
        if lasting:
            flush_folder(file.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(file: Path, data: bytes, *, lasting: bool = True) -> None:
    """``data`` under its name in one move; see :func:`written_whole`."""
    with written_whole(file, lasting=lasting) as temporary:
        temporary.write_bytes(data)


def flush(file: Path) -> None:
    """Wait until what was written to ``file`` is on the disk."""
    with file.open("rb+") as opened:  # Windows flushes only what may be written
        os.fsync(opened.fileno())


def flush_folder(folder: Path) -> None:
    """Wait until names that were made, changed or removed in ``folder`` are on the disk. Windows sees to that by itself."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some file systems have no such thing
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_torn(folder: Path, name: str = "*") -> None:
    """Remove what a process that was killed inside :func:`written_whole` left of files called ``name`` (a glob pattern).

    Only while nobody else writes them.
    """
    for left in folder.glob(f".{name}.*.part"):
        left.unlink(missing_ok=True)
