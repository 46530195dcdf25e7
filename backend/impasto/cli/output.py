"""Where a result goes: checked before the first step is made, and written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import Conflict, DiskFull, InvalidParameter, did_you_mean
from ..formats import WRITTEN, named

STDOUT = "-"
STDOUT_FORMAT = "png"


@dataclass(frozen=True)
class Output:
    """A result's place (None: standard output) and format (a key of `impasto.formats.WRITTEN`)."""

    path: Path | None
    format: str

    def write(self, data: bytes) -> None:
        """Put the picture there. Raises :class:`DiskFull`."""
        if self.path is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_bytes(self.path, data)


def resolve(name: str, format: str, *, overwrite: bool, sources: Iterable[Path]) -> Output:
    """The output called ``name`` ("-" is standard output) in ``format`` (empty: by the name's extension, PNG without a name).

    Raises :class:`InvalidParameter` for an extension or format that is not written, :class:`Conflict` for a file that
    exists (without ``overwrite``) or is one of ``sources``, :class:`DiskFull` for a folder that is not there or not writable.
    """
    if name == STDOUT:
        if sys.stdout.isatty():
            raise InvalidParameter(
                "A picture is nothing to look at in a terminal.", field="output", hint="Use -o FILE, or send it on: -o - | ..."
            )
        return Output(None, format_named(format or STDOUT_FORMAT))
    path = Path(name).expanduser()
    check_place(path, overwrite=overwrite, sources=sources)
    return Output(path, format_named(format) if format else format_of(path))


def check_place(path: Path, *, overwrite: bool, sources: Iterable[Path] = ()) -> None:
    """Raise what :func:`resolve` says of a file that cannot or must not be written."""
    if path.is_dir():
        raise InvalidParameter(
            f"{path} is a folder; name a file in it.", field="output", hint=f"For example: {path / 'painted.png'}"
        )
    if path.exists() and any(path.samefile(source) for source in sources if source.exists()):
        raise Conflict(f"{path} is one of the pictures that are read.", hint="Choose another name for the result.")
    if path.exists() and not overwrite:
        raise Conflict(f"{path} exists already.", hint="Choose another name, or add --overwrite.")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()  # asking for permissions tells less, most of all on Windows
    except FileNotFoundError:
        raise DiskFull(f"There is no folder {path.parent}.", hint="Make it first.") from None
    except OSError as error:
        raise DiskFull(f"The folder {path.parent} cannot be written: {error.strerror}.") from None


def format_named(name: str) -> str:
    """The format called ``name``, in any case and with the usual short forms."""
    format = named(name)
    if format is None:
        raise InvalidParameter(
            f"format is {name!r}, but must be one of {', '.join(WRITTEN)}.",
            field="format",
            hint=did_you_mean(name.lower(), list(WRITTEN)),
        )
    return format


def format_of(path: Path) -> str:
    """The format that a file's extension asks for."""
    extension = path.suffix.lower()
    hint = f"Use one of {', '.join(one.extension for one in WRITTEN.values())}, or --format."
    if not extension:
        raise InvalidParameter(f"{path} has no extension to tell the format by.", field="output", hint=hint)
    format = named(extension[1:])
    if format is None:
        raise InvalidParameter(f"{extension} is no format that Impasto writes.", field="output", hint=hint)
    return format


def write_bytes(path: Path, data: bytes) -> None:
    """Write beside the place and rename into it. Raises :class:`DiskFull`."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(data)
            _apply_umask(Path(name))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DiskFull(f"{path} cannot be written: {error.strerror}.") from None


def _apply_umask(path: Path) -> None:
    """Give a file that was made for its owner's eyes only the rights that any new file has."""
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        path.chmod(0o666 & ~mask)
