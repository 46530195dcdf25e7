"""Waitress, fitted to the daemon: its own refusals speak the one error shape, and a refused upload still hears the answer."""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask

from ..errors import ImpastoError, MalformedRequest, RequestTooLarge
from ..settings import Settings
from .errors import body_of

MAX_HEADER_BYTES = 32 * 1024
"""Request line and headers together."""

IDLE_CONNECTION_S = 75
"""A connection that neither sends nor receives for so long is closed."""

LINGER_S = 5.0
"""How long a refused upload is read and thrown away, so that its sender gets to read why; else the system resets the connection."""

CONNECTIONS_PER_THREAD = 8
"""Open connections, idle ones included, for each thread that can serve one."""

NOT_OURS = frozenset({errno.EADDRNOTAVAIL, 10049})
"""Error numbers for an address that this machine does not have; the second is Windows' own."""


class ShapedErrorTask(ErrorTask):
    """Answers what waitress itself refuses: unreadable, too large."""

    def execute(self) -> None:
        error = _translated(self.request.error)
        body = body_of(error)
        self.status = f"{self.request.error.code} {self.request.error.reason}"
        self.response_headers.extend([("Content-Type", "application/json"), ("Cache-Control", "no-store"),
                                      ("X-Content-Type-Options", "nosniff")])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.linger = True
        self.write(body)


def _translated(error: Any) -> ImpastoError:
    if error.code == 413:
        return RequestTooLarge("The request is larger than the daemon takes.", hint="The setting max_upload_mb bounds it.")
    if error.code == 431:
        return RequestTooLarge(f"The request's headers are larger than {MAX_HEADER_BYTES // 1024} kB.")
    if error.code == 500:
        return ImpastoError("Something went wrong inside the daemon. Its log says more.")
    return MalformedRequest("This is not a valid HTTP request.")


class LingeringChannel(HTTPChannel):
    """A connection that, after a refusal, is closed for writing at once and for reading a little later."""

    error_task_class = ShapedErrorTask
    linger = False
    lingers_until = 0.0

    def send_continue(self) -> None:
        if not self.request.error:  # who is refused need not send the body
            super().send_continue()

    def handle_close(self) -> None:
        if not self.linger or not self.connected:
            super().handle_close()
            return
        self.linger, self.will_close = False, False
        self.lingers_until = time.monotonic() + LINGER_S
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            super().handle_close()

    def readable(self) -> bool:
        return bool(self.lingers_until) or super().readable()

    def handle_read(self) -> None:
        if not self.lingers_until:
            super().handle_read()
            return
        try:
            more = self.recv(self.adj.recv_bytes)  # thrown away: memory stays flat, whatever is sent; closes at the end of data
        except OSError:
            more = b""
        if not more or time.monotonic() > self.lingers_until:
            super().handle_close()


def listen(settings: Settings) -> socket.socket:
    """A listening socket on the settings' host and port. Raises OSError where the port is taken or the address is not ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where SO_REUSEADDR would let another program take our port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def make_server(app: Callable[..., Any], listener: socket.socket, settings: Settings) -> TcpWSGIServer:
    """A waitress server for ``app`` on ``listener``; ``run`` serves until ``SystemExit`` or ``KeyboardInterrupt``."""
    logging.getLogger("waitress").setLevel(logging.ERROR)  # tells of every client that hangs up
    server = create_server(
        app, sockets=[listener], threads=settings.threads, ident=None,
        max_request_body_size=settings.max_upload_mb * 1_000_000 + 1, max_request_header_size=MAX_HEADER_BYTES,
        channel_timeout=IDLE_CONNECTION_S, cleanup_interval=10, connection_limit=settings.threads * CONNECTIONS_PER_THREAD,
        channel_request_lookahead=1,  # keeps reading while a request runs, which is how a client that left is noticed
        asyncore_use_poll=True,  # select() would fail beyond 1024 open files
        clear_untrusted_proxy_headers=True, log_socket_errors=False, expose_tracebacks=False)
    server.channel_class = LingeringChannel
    return server
