"""HTTP requests as they come in, read strictly: what could be read in two ways is refused, and nothing grows without a bound.

Waitress reads the request; this refuses, before and after it, what waitress takes leniently (a length and chunks at once, headers
folded over lines, versions that do not exist) or stumbles over (numbers and addresses that Python cannot read).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.receiver import ChunkedReceiver

from ..errors import Busy, DiskFull, ExpectationFailed, ImpastoError, MalformedRequest, RequestTimeout, RequestTooLarge
from . import uploads

VERSIONS = ("1.0", "1.1")

MAX_CHUNK_LINE = 1024
"""Bytes of the line before a chunk, its extensions included."""

MAX_TRAILER = 8192
"""Bytes after the last chunk."""

UPLOAD_GRACE_S = 30.0
"""An upload's average speed counts only after so long."""

NOT_HTTP = MalformedRequest("This is not a valid HTTP request.")
TOO_LARGE = RequestTooLarge("The request is larger than the daemon takes.", hint="The setting max_upload_mb bounds it.")

CONTINUE = "100-continue"
NOT_EXPECTED = ExpectationFailed("The daemon knows no expectation but 100-continue.")
TOO_MANY = Busy("Others are sending so much that there is no room for this yet.", hint="Try again in a moment.")

_FOLDED = re.compile(rb"\n[ \t]")
_ENCODED = re.compile(rb"^transfer-encoding[^\r\n:]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)

Gate = Callable[["StrictParser"], ImpastoError | None]
"""Looks at a request whose headers are known and whose body is yet to come; what is wrong with it, if anything."""


class StrictParser(HTTPRequestParser):
    """One request. ``error``, once set, is an :class:`ImpastoError` or one of waitress's own."""

    error: Any
    path = ""  # until the first line has been read; waitress names it when a client leaves

    def __init__(self, adj: Adjustments, gate: Gate) -> None:
        super().__init__(adj)
        self._gate = gate
        self.began = time.monotonic()
        self.body_began = 0.0
        self.body_limit = adj.max_request_body_size
        self.needs = 0
        """Bytes of the budget that it waits for before it is read on."""
        self._give_back: Callable[[], None] = lambda: None

    def received(self, data: bytes) -> int:
        """As waitress's; besides, the gate is asked when the headers have come, and no body passes its limit or the disk."""
        in_body = self.headers_finished
        try:
            taken = super().received(data)
        except OSError:  # a large body goes to a file
            self.refuse(DiskFull("There is no room on this machine for what is being sent.", hint="Make room, and try again."))
            return len(data)
        if self.headers_finished and not in_body:
            self._head_is_here()
        return taken

    def _head_is_here(self) -> None:
        self.body_began = time.monotonic()
        if self.version == "1.1" and self.headers.get("EXPECT", CONTINUE).strip().lower() != CONTINUE:
            self.refuse(NOT_EXPECTED)
            return
        asks = self.body_rcv is not None and getattr(self.error, "code", None) in (None, RequestTooLarge.status)
        if asks and (refused := self._gate(self)):
            self.refuse(refused)
        elif asks and self.error is None:
            size = self.body_limit if self.chunked else self.content_length
            self.needs = size if size > uploads.SMALL_BYTES else 0

    def admitted(self, give_back: Callable[[], None]) -> None:
        """Its body may be read now. ``give_back`` is called when it has gone."""
        self.needs, self._give_back, self.body_began = 0, give_back, time.monotonic()

    def close(self) -> None:
        """As waitress's; may be called more than once."""
        super().close()
        give_back, self._give_back = self._give_back, lambda: None
        give_back()

    def refuse(self, error: ImpastoError) -> None:
        """Read no more of this request and answer ``error``."""
        self.error, self.completed = error, True

    def parse_header(self, header_plus: bytes) -> None:
        """As waitress's. Raises ``ParsingError`` for whatever is not plain HTTP/1.0 or 1.1."""
        encodings = _ENCODED.findall(header_plus)
        if _FOLDED.search(header_plus) or len(encodings) > 1 or any(e.lower() != b"chunked" for e in encodings):
            raise ParsingError("ambiguous headers")
        try:
            super().parse_header(header_plus)
        except (TransferEncodingNotImplemented, ValueError) as error:  # of digits without end, of [brackets] that hold no address
            raise ParsingError("unreadable") from error
        if self.version not in VERSIONS or (encodings and (not self.chunked or "CONTENT_LENGTH" in self.headers)):
            raise ParsingError("two lengths, or none")
        self.headers.pop("UPGRADE", None)  # there is nothing to upgrade to
        if self.chunked:
            self.body_rcv = BoundedChunks(OverflowableBuffer(self.adj.inbuf_overflow), self.body_limit)

    def too_slow(self, header_timeout_s: float, slowest_bytes_s: float) -> ImpastoError | None:
        """Whether the client has had time enough."""
        now = time.monotonic()
        if not self.headers_finished:
            return RequestTimeout("The request's headers did not come in time.") if now - self.began > header_timeout_s else None
        lasted = now - self.body_began
        if self.needs:
            return TOO_MANY if lasted > uploads.WAIT_S else None
        if lasted > UPLOAD_GRACE_S and self.body_bytes_received < lasted * slowest_bytes_s:
            return RequestTimeout("The upload was too slow to wait for.", hint="The setting slowest_upload_kb_s bounds it.")
        return None


class BoundedChunks(ChunkedReceiver):
    """A chunked body whose lines between the chunks, and after them, have an end."""

    error: Any

    def __init__(self, buffer: OverflowableBuffer, limit: int) -> None:
        super().__init__(buffer)
        self._limit = limit

    def received(self, s: bytes) -> int:
        """As waitress's. ``error`` is set where the framing grows beyond all bounds or a chunk is larger than any body may be."""
        taken = super().received(s)
        if len(self.control_line) > MAX_CHUNK_LINE or b"\n" in self.control_line or len(self.trailer) > MAX_TRAILER:
            self._fail(NOT_HTTP)
        elif self.chunk_remainder > self._limit:
            self._fail(TOO_LARGE)
        return taken

    def _fail(self, error: Any) -> None:
        self.error = self.error or error
        self.completed = True
