"""One file over HTTP, whatever the server does: resumed where that is safe, else started anew, checked before it gets its name.

The bytes gather in ``NAME.part`` with a note of what they are part of (``NAME.part.json``). The digest decides in the
end; everything before it only saves time, memory and disk.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from .. import __version__
from ..disk import disk_errors
from ..errors import Cancelled, DigestMismatch, DownloadFailed
from .background_iterator import Stop, in_background
from .weights import digest_of_file

Report = Callable[[int, int], None]
"""Bytes done, bytes in all (0: unknown)."""

ATTEMPTS = 4
"""Failures in a row after which a source is given up. An attempt that brings :data:`PROGRESS_BYTES` starts the count again."""

PROGRESS_BYTES = 1 << 20
BLOCK_BYTES = 1 << 16
MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 10.0
REPORT_EVERY_S = 0.1
RETRY_DELAY_S = 0.5
"""Wait before the second attempt; doubled with each further one."""

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Rules:
    """How a download may behave. ``mirrors``: address prefix -> what takes its place. ``redirects``: hosts that an
    address may lead to besides its own. ``timeout_s``: seconds without a byte after which a connection is given up."""

    mirrors: Mapping[str, str]
    redirects: tuple[str, ...] = ()
    timeout_s: float = 60.0

    def mirrored(self, url: str) -> str:
        """``url`` at its mirror: the longest prefix that has one, replaced; itself where none has."""
        prefix = max((p for p in self.mirrors if url.startswith(p)), key=len, default=None)
        return url if prefix is None else self.mirrors[prefix] + url[len(prefix) :]

    def may_redirect(self, origin: str, target: str) -> bool:
        """Whether a server at ``origin`` may send us on to ``target``: to itself, to a mirror that the user named, or to
        a host that the catalogue names; never from https to http, unless the user named just that address."""
        try:
            return self._trusts(urlsplit(origin), urlsplit(target))
        except ValueError:  # a port or an address that is none
            return False

    def _trusts(self, here: SplitResult, there: SplitResult) -> bool:
        if any(_is_under(there, urlsplit(mirror)) for mirror in self.mirrors.values()):
            return True
        if there.scheme not in _PORTS or (here.scheme, there.scheme) == ("https", "http"):
            return False
        if there.hostname in self.redirects:
            return there.scheme == "https"
        upgraded = (_port(here), _port(there)) == (_PORTS["http"], _PORTS["https"])
        return there.hostname == here.hostname and (upgraded or _port(there) == _port(here))


def _is_under(there: SplitResult, named: SplitResult) -> bool:
    return (there.scheme, there.netloc) == (named.scheme, named.netloc) and there.path.startswith(named.path)


def _port(address: SplitResult) -> int | None:
    return address.port or _PORTS.get(address.scheme)


def download(url: str, target: Path, *, sha256: str, size: int, rules: Rules, report: Report, cancelled: Stop) -> Path:
    """Fetch ``url`` into ``target``, which appears only when its SHA-256 begins with ``sha256``.

    ``size``: bytes, as published; a body that is clearly longer is refused. Raises :class:`DownloadFailed`,
    :class:`DigestMismatch`, :class:`DiskFull` or :class:`Cancelled`; what has arrived stays for the next call to resume.
    """
    transfer = _Transfer(rules.mirrored(url), target, size, rules, report, cancelled)
    with disk_errors():
        for last in (False, True):
            resumed = transfer.fetch()
            report(transfer.have(), transfer.have())
            if digest_of_file(transfer.part).startswith(sha256):
                transfer.part.replace(target)
                transfer.forget()
                return target
            transfer.forget()
            if last or not resumed:  # a part of something else may have been resumed; a clean file is simply wrong
                break
    raise DigestMismatch("What arrived is not the file that the catalogue names (its digest differs).")


class _RetryableFailure(Exception):
    """An attempt that failed in a way that another one may not; the text follows the host's name in a sentence."""


class _Transfer:
    """The ``.part`` file and the attempts to complete it."""

    def __init__(self, url: str, target: Path, size: int, rules: Rules, report: Report, cancelled: Stop) -> None:
        self.url, self.size, self.rules, self.report, self.cancelled = url, size, rules, report, cancelled
        self.limit = size + size // 50 + BLOCK_BYTES
        self.part = target.with_name(target.name + ".part")
        self.note = target.with_name(target.name + ".part.json")
        self.host = urlsplit(url).hostname or "the server"

    def have(self) -> int:
        """Bytes that have arrived."""
        return self.part.stat().st_size if self.part.is_file() else 0

    def forget(self) -> None:
        """Drop what has arrived."""
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def fetch(self) -> bool:
        """Attempts until the body is complete. Returns whether any byte came from an earlier call."""
        known = self._read_note()
        if self.have() and (known.get("url") != self.url or self.have() > self.limit):
            self.forget()
        resumed = self.have() > 0
        if resumed and self.have() == known.get("total"):
            return True
        failures = 0
        while True:
            before = self.have()
            try:
                self._attempt()
                return resumed
            except _RetryableFailure as error:
                failures = 1 if self.have() - before >= PROGRESS_BYTES else failures + 1
                if failures >= ATTEMPTS:
                    raise DownloadFailed(f"{self.host} {error}.") from error
            self._pause(RETRY_DELAY_S * 2 ** (failures - 1))

    def _attempt(self) -> None:
        start, known = self.have(), self._read_note()
        headers = {"Accept-Encoding": "identity", "User-Agent": f"impasto/{__version__}"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if known.get("etag"):
                headers["If-Range"] = known["etag"]
        blocks = in_background(_response_blocks(self.url, headers, self.rules), self.cancelled)
        head = next(blocks)
        assert isinstance(head, _ResponseHead)
        start = self._accept(head, start, known)
        total = start + head.length if head.length is not None else 0
        self._write(blocks, start, total)
        if total and self.have() < total:
            raise _RetryableFailure("broke the download off")

    def _accept(self, head: _ResponseHead, start: int, known: Mapping[str, Any]) -> int:
        """Where in the file this body begins. Notes what it is part of, for a later resume."""
        if head.status == 416 or (head.status == 206 and not head.continues(start, known)):
            self.forget()  # it has changed since, or the server counts differently: clean restart
            raise _RetryableFailure("cannot continue the download")
        if head.status >= 500 or head.status in (408, 429):
            raise _RetryableFailure(f"answered with an error ({head.status})")
        if head.status not in (200, 206):
            raise DownloadFailed(f"{self.host} does not give the file ({head.status}).")
        if head.encoding not in ("", "identity"):
            raise DownloadFailed(f"{self.host} sends the file compressed, although it was asked not to.")
        start = start if head.status == 206 else 0
        if start + (head.length or 0) > self.limit:
            self.forget()
            raise DownloadFailed(f"{self.host} has a file that is larger than the one the catalogue names.")
        if shutil.disk_usage(self.part.parent).free < (head.length or 0):
            raise OSError(errno.ENOSPC, "no room for the download")
        note = {"url": self.url, "etag": head.etag, "total": start + head.length if head.length is not None else None}
        if start == 0:
            self.part.write_bytes(b"")
        self.note.write_text(json.dumps(note), encoding="utf-8")
        return start

    def _write(self, blocks: Iterator[Any], done: int, total: int) -> None:
        reported = 0.0
        with self.part.open("r+b") as part:
            part.seek(done)
            for block in blocks:
                done += len(block)
                if done > self.limit:
                    part.close()
                    self.forget()
                    raise DownloadFailed(f"{self.host} sends more than the catalogue names, without an end.")
                part.write(block)
                if time.monotonic() - reported >= REPORT_EVERY_S:
                    reported = time.monotonic()
                    self.report(done, total or self.size)

    def _read_note(self) -> dict[str, Any]:
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.cancelled():
                raise Cancelled("The download was cancelled.")
            time.sleep(0.05)


@dataclass(frozen=True)
class _ResponseHead:
    """What a server said before the body. ``length``: bytes of this body, where it said so."""

    status: int
    length: int | None
    encoding: str
    etag: str
    first: int | None
    total: int | None

    @classmethod
    def of(cls, response: requests.Response) -> _ResponseHead:
        headers = response.headers
        length = headers.get("Content-Length", "")
        reach = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip())
        etag = headers.get("ETag", "")
        return cls(
            status=response.status_code,
            length=int(length) if length.isdecimal() else None,
            encoding=headers.get("Content-Encoding", "").strip().lower(),
            etag="" if etag.startswith("W/") else etag,
            first=int(reach[1]) if reach else None,
            total=int(reach[2]) if reach and reach[2] != "*" else None,
        )

    def continues(self, start: int, known: Mapping[str, Any]) -> bool:
        """Whether a 206 answer is the rest of what we have."""
        same_tag = not (self.etag and known.get("etag")) or self.etag == known["etag"]
        same_total = not (self.total and known.get("total")) or self.total == known["total"]
        return self.first == start and same_tag and same_total


def _response_blocks(url: str, headers: Mapping[str, str], rules: Rules) -> Iterator[_ResponseHead | bytes]:
    """The answer, then the body as it stands on the wire: nothing is inflated. Runs in a thread of its own."""
    try:
        with requests.Session() as session, _open(session, url, headers, rules) as response:
            yield _ResponseHead.of(response)
            if response.status_code in (200, 206):
                while block := response.raw.read(BLOCK_BYTES, decode_content=False):
                    yield block
    except ValueError as error:  # what requests raises for its own InvalidURL and kin, and for a Location that is nonsense
        raise DownloadFailed(
            "The file's address, or one that it leads to, is no web address.", hint="Look at the setting mirrors."
        ) from error
    except requests.exceptions.SSLError as error:
        raise DownloadFailed(f"{urlsplit(url).hostname} could not prove who it is (TLS).") from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
        raise _RetryableFailure("does not answer") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _RetryableFailure("cannot be reached, or broke the connection off") from error


def _open(session: requests.Session, url: str, headers: Mapping[str, str], rules: Rules) -> requests.Response:
    timeout = (min(CONNECT_TIMEOUT_S, rules.timeout_s), rules.timeout_s)
    for _ in range(MAX_REDIRECTS + 1):
        response = session.get(url, headers=dict(headers), stream=True, allow_redirects=False, timeout=timeout)
        if not response.is_redirect:
            return response
        target = urljoin(url, response.headers["Location"])
        response.close()
        if not rules.may_redirect(url, target):
            raise DownloadFailed(
                f"{urlsplit(url).hostname} sends the download on to {target[:80]}, which the catalogue does not name.",
                hint="If you trust that address, name it in the setting mirrors.",
            )
        url = target
    raise DownloadFailed(f"{urlsplit(url).hostname} sends the download round in circles.")
