"""Writing to folders that may be full, read-only or shared with another process."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DiskFull

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn "no room" and "may not write" into :class:`DiskFull`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        hint = "Make room, or name other folders with the settings data_dir and weights_dir."
        raise DiskFull("Impasto's folder is full or cannot be written.", hint=hint) from error


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """A temporary name beside ``file`` to write to; it becomes ``file`` where the block ends well, and goes where not."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def remove_torn(folder: Path, name: str = "*") -> None:
    """Remove what a process that was killed inside :func:`written_whole` left of files called ``name`` (a glob pattern).

    Only while nobody else writes them.
    """
    for left in folder.glob(f".{name}.*.part"):
        left.unlink(missing_ok=True)
