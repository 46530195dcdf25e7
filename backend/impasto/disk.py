"""Writing that a full disk, a killed process or a pulled plug cannot tear: whole or not at all, and there to stay.

And files that are for the user alone: folders closed to others, links that are not followed.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from collections.abc import Callable, Iterator
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


def private_folder(folder: Path) -> None:
    """Make ``folder`` (if need be) and close it to others. Windows keeps the user's own folders closed by itself."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def close_to_others(file: Path) -> None:
    """Let only the user read a file that she has, if it is there and hers: earlier versions made files that all could read."""
    with contextlib.suppress(OSError):
        if os.name == "posix" and file.lstat().st_mode & 0o077 and not file.is_symlink():
            file.chmod(0o600)


@contextmanager
def private_files() -> Iterator[None]:
    """What this process and those that it starts make meanwhile, only the user may read. Windows has no such thing."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def is_own_file(file: Path) -> bool:
    """Whether ``file`` is a file, and no link to one elsewhere."""
    return file.is_file() and not _is_link(file)


def is_own_file_of_job(file: Path) -> bool:
    """The same of a file in a job's folder, which is no link either. The folders above may be: they are the user's to place."""
    return is_own_file(file) and not _is_link(file.parent)


def read_file_of_job(file: Path) -> bytes:
    """The bytes of a file in a job's folder. Raises ``FileNotFoundError`` where there is none or a link, and ``OSError``."""
    if not is_own_file_of_job(file):
        raise FileNotFoundError(errno.ENOENT, "no file, or a link")
    return file.read_bytes()


def _is_link(path: Path) -> bool:
    is_junction: Callable[[Path], bool] = getattr(os.path, "isjunction", lambda _path: False)  # Windows', from Python 3.12 on
    return path.is_symlink() or is_junction(path)


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
