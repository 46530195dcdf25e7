"""Somebody who listens where a daemon was, and says whatever anybody could have heard the daemon say."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INSTANCE = "known-to-everybody"
"""The instance id: `GET /health` tells it to whoever asks."""


class _Answers(http.server.BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.server.heard.append(f"{self.command} {self.path}\n{self.headers}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"name": "impasto", "version": "0.1.0", "instance": INSTANCE, **self.server.more}).encode())

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_words) -> None:
        pass


@contextmanager
def impostor(**more: object) -> Iterator[http.server.ThreadingHTTPServer]:
    """Its ``url``, and all that it has ``heard``. ``more``: what it says besides."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.heard, server.more, server.url = [], more, f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
