"""A local HTTP server that misbehaves on request."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the next behaviour; the last one stays."""

    protocol_version = "HTTP/1.1"
    server: BadServer

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        with self.server.turn:
            behaviour = self.server.behaviours.pop(0) if len(self.server.behaviours) > 1 else self.server.behaviours[0]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            behaviour(self, self.server.content)
        self.close_connection = True

    def start(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def asked_from(self) -> int:
        """Where the client wants to go on; 0 where it did not ask for a range."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *details: object) -> None:
        """Silence."""


class BadServer(ThreadingHTTPServer):
    """``content`` is the right file; ``behaviours`` say what is done with it, one request each."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.behaviours = content, [good]
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.turn = threading.Lock()
        self.release = threading.Event()
        """Lets stalled answers end with the test."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    @property
    def ranges(self) -> list[str]:
        return [headers.get("range", "") for _, headers in self.seen]

    def stop(self) -> None:
        self.release.set()
        self.shutdown()
        self.server_close()


def good(handler: Handler, content: bytes) -> None:
    """Answers ranges as it should."""
    start = handler.asked_from()
    if start:
        ranged(start, '"one"', len(content))(handler, content)
    else:
        handler.start(200, len(content), ETag='"one"')
        handler.wfile.write(content)


def ranged(start: int, etag: str, total: int) -> Behaviour:
    """A 206 with these particulars, whatever was asked."""

    def behave(handler: Handler, content: bytes) -> None:
        handler.start(206, len(content) - start, ETag=etag, Content_Range=f"bytes {start}-{len(content) - 1}/{total}")
        handler.wfile.write(content[start:])

    return behave


def drops(share: float = 0.5) -> Behaviour:
    """Promises everything and ends the connection after a part."""

    def behave(handler: Handler, content: bytes) -> None:
        handler.start(200, len(content), ETag='"one"')
        handler.wfile.write(content[: int(len(content) * share)])

    return behave


def whole(handler: Handler, content: bytes) -> None:
    """Answers 200 with everything, also to a range."""
    handler.start(200, len(content), ETag='"one"')
    handler.wfile.write(content)


def chunked(handler: Handler, content: bytes) -> None:
    """Does not say how long it is."""
    handler.start(200, None, Transfer_Encoding="chunked")
    for start in range(0, len(content), 10_000):
        piece = content[start : start + 10_000]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")


def endless(handler: Handler, content: bytes) -> None:
    """Never ends; ``handler.server.sent`` counts."""
    handler.start(200, None, Transfer_Encoding="chunked")
    while not handler.server.release.is_set():
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        handler.server.sent = getattr(handler.server, "sent", 0) + len(content)


def stalls(share: float) -> Behaviour:
    """Sends a part and then nothing, with the connection open."""

    def behave(handler: Handler, content: bytes) -> None:
        handler.start(200, len(content), ETag='"one"')
        handler.wfile.write(content[: int(len(content) * share)])
        handler.wfile.flush()
        handler.server.release.wait(30)

    return behave


def says(status: int, body: bytes | None = None, **headers: str) -> Behaviour:
    """A status with the given headers; ``body`` defaults to a few words."""

    def behave(handler: Handler, content: bytes) -> None:
        words = b"no such luck" if body is None else body
        handler.start(status, len(words), **headers)
        handler.wfile.write(words)

    return behave


def claims(length: int) -> Behaviour:
    """A length that is not the body's."""

    def behave(handler: Handler, content: bytes) -> None:
        handler.start(200, length)
        handler.wfile.write(content)

    return behave
