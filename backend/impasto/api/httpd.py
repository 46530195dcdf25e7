"""Waitress, fitted to the daemon: its own refusals speak the one error shape, a refused upload still hears the answer, and
clients that are slow or silent keep nobody else out."""

from __future__ import annotations

import contextlib
import errno
import functools
import logging
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask

from ..errors import ImpastoError, RequestTooLarge
from ..settings import Settings
from .errors import INTERNAL, response_of
from .reading import NOT_HTTP, TOO_LARGE, StrictParser
from .security import harden
from .uploads import BODY_READ, BUDGET_OF_LARGEST, UploadBudget

LINGER_S = 5.0
"""How long a refused upload is read and thrown away, so that its sender gets to read why; else the system resets the connection."""

SPARE_HANDLES, MIN_CONNECTIONS = 64, 4
"""Files that the daemon has open besides its connections', at most: database, workers' pipes, pictures."""

CLEANUP_INTERVAL_S = 2
"""How often slow and silent connections are looked for."""

ADDRESS_NOT_AVAILABLE = frozenset({errno.EADDRNOTAVAIL, 10049})
"""Error numbers for an address that this machine does not have; the second is Windows' own."""

Refusal = Callable[[dict[str, Any]], ImpastoError | None]
"""Takes the WSGI environment of a request whose body has not been read: what is wrong with it, if anything."""


class ShapedErrorTask(ErrorTask):
    """Answers what never reaches the app: unreadable, too large, too slow, refused before its body was read."""

    def execute(self) -> None:
        status, error = _translated(self.request.error)
        response = harden(response_of(error))
        body = response.get_data()
        self.status = f"{status} {HTTPStatus(status).phrase}"
        self.response_headers.extend((name, value) for name, value in response.headers if name != "Content-Length")
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.linger = True
        self.write(body)


HEADERS_TOO_LARGE = RequestTooLarge(
    "The request's headers are longer than the daemon takes.", hint="The setting max_header_kb bounds them."
)


def _translated(error: Any) -> tuple[int, ImpastoError]:
    """The answer's status, and the error, in our words where it is one of waitress's."""
    if isinstance(error, ImpastoError):
        return error.status, error
    words = {413: TOO_LARGE, 431: HEADERS_TOO_LARGE, 500: ImpastoError(INTERNAL)}
    return error.code, words.get(error.code, NOT_HTTP)


class BodyTask(WSGITask):
    """A request for the app, which may say that it has read the body: a painting may take much longer than that."""

    def get_environment(self) -> dict[str, Any]:
        environment = super().get_environment()
        environment[BODY_READ] = self.request.close
        return environment


class LingeringChannel(HTTPChannel):
    """A connection that, after a refusal, is closed for writing at once and for reading a little later."""

    task_class = BodyTask
    error_task_class = ShapedErrorTask
    requests: list[StrictParser]
    request: StrictParser | None
    linger = False
    lingers_until = 0.0
    ended = False
    """The client has said that nothing more will come, in the middle of an answer. It may be gone, or only have done its part."""

    def __init__(self, server: Server, *rest: Any, **more: Any) -> None:
        super().__init__(server, *rest, **more)
        self.answered = self.creation_time
        self.parser_class = functools.partial(StrictParser, gate=self._gate)

    def _gate(self, request: StrictParser) -> ImpastoError | None:
        return self.server.refusal(self.task_class(self, request).get_environment())

    def _may_be_read(self, request: StrictParser) -> bool:
        """Whether the budget has room for its body. If so, it is taken, and whoever waits to be asked for it is asked."""
        needs, server = request.needs, self.server

        def give_back() -> None:
            server.uploads.give(needs)
            server.pull_trigger()  # others wait for it

        if needs:
            if not server.uploads.take(needs):
                return False
            request.admitted(give_back)
            if request.expect_continue and not self.sent_continue and not self.requests:
                self.send_continue()
        return True

    def del_channel(self, map: Any = None) -> None:
        super().del_channel(map)
        if self.request is not None:
            self.request.close()

    def service(self) -> None:
        super().service()
        self.answered = time.time()
        self._close_if_done()

    def check_client_disconnected(self) -> bool:
        """For answers that take long: nobody waits at a connection that has ended. Short ones are still sent."""
        return self.ended or super().check_client_disconnected()

    def _close_if_done(self) -> None:
        if self.ended and not self.requests:
            self.close_when_flushed = True
            self.server.pull_trigger()

    def _nothing_more_comes(self) -> bool:
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return False

    def send_continue(self) -> None:
        if self.request and not self.request.error and not self.request.needs:  # who is refused, or waits, need not send the body
            super().send_continue()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """As waitress's, which stumbles when another thread has seen the client leave just now."""
        try:
            return super().send(data, do_close=do_close)
        except AttributeError:
            if self.socket is not None:
                raise
            return 0

    def give_up_if_slow(self, settings: Settings) -> None:
        """Answer a request that takes too long to come, and close a refused connection that has lingered."""
        if self.lingers_until:
            if time.monotonic() > self.lingers_until:
                self.will_close = True
            return
        with self.requests_lock:
            request = self.request
            if request is None or self.requests:
                return
            slow = request.too_slow(settings.header_timeout_s, settings.slowest_upload_kb_s * 1000)
            if slow is None:
                return
            request.refuse(slow)
            self.requests, self.request = [request], None
        self.server.add_task(self)

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
        if self.lingers_until:
            return True
        request = self.request
        return not self.ended and super().readable() and (request is None or self._may_be_read(request))

    def handle_read(self) -> None:
        if self.requests and not self.lingers_until and self._nothing_more_comes():
            self.ended = True
            self._close_if_done()  # a thread may have finished just now
            return
        if not self.lingers_until:
            super().handle_read()
            return
        try:
            more = self.recv(self.adj.recv_bytes)  # thrown away: memory stays flat, whatever is sent; closes at the end of data
        except OSError:
            more = b""
        if not more or time.monotonic() > self.lingers_until:
            super().handle_close()


class Server(TcpWSGIServer):
    """Waitress's server for one listening socket. Once it is full, a new connection is taken at the cost of an idle one."""

    channel_class = LingeringChannel

    def __init__(self, app: Callable[..., Any], listener: socket.socket, settings: Settings, refusal: Refusal) -> None:
        self._settings, self.refusal = settings, refusal
        self.uploads = UploadBudget(BUDGET_OF_LARGEST * (settings.max_upload_mb * 1_000_000 + 1))
        self._max_connections = max_connections_allowed(settings.max_connections)
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            app,
            map={},
            _sock=listener,
            bind_socket=False,
            sockinfo=info,
            sockets=[listener],
            threads=settings.threads,
            ident=None,
            max_request_body_size=settings.max_upload_mb * 1_000_000 + 1,
            max_request_header_size=settings.max_header_kb * 1024,
            channel_timeout=settings.idle_connection_s,
            cleanup_interval=CLEANUP_INTERVAL_S,
            connection_limit=2 * settings.max_connections,  # waitress would take nobody in any more; this server makes room before
            channel_request_lookahead=1,  # keeps reading while a request runs, which is how a client that left is noticed
            asyncore_use_poll=True,  # select() would fail beyond 1024 open files
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
            expose_tracebacks=False,
        )

    def handle_accept(self) -> None:
        super().handle_accept()
        idle = [channel for channel in self.active_channels.values() if not channel.requests and not channel.will_close]
        if len(self.active_channels) > self._max_connections and idle:
            min(idle, key=_eviction_rank).will_close = True

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.give_up_if_slow(self._settings)


def _eviction_rank(channel: LingeringChannel) -> tuple[bool, float]:
    """The lowest is closed first: of those that are not in the middle of an upload, the one that was answered (or, before its first
    answer, came) longest ago."""
    return bool(channel.request and channel.request.headers_finished), channel.answered


def max_connections_allowed(wanted: int) -> int:
    """``wanted``, or as many as the system lets this process have open: each may need a file besides, for what it sends.

    Raises the process's own limit as far as it may.
    """
    try:
        import resource
    except ImportError:
        return wanted  # Windows has no such limit
    needed = 2 * wanted + SPARE_HANDLES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else min(needed, hard), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    fit = wanted if soft == resource.RLIM_INFINITY else (soft - SPARE_HANDLES) // 2
    return max(MIN_CONNECTIONS, min(wanted, fit))


def listen(settings: Settings) -> socket.socket:
    """A listening socket on the settings' host and port. Raises OSError where the port is taken or the address is not ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
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


def make_server(app: Callable[..., Any], listener: socket.socket, settings: Settings, refusal: Refusal) -> Server:
    """A waitress server for ``app`` on ``listener``; ``run`` serves until ``SystemExit`` or ``KeyboardInterrupt``.

    ``refusal`` is asked about every request that announces a body, before that is read.
    """
    logging.getLogger("waitress").setLevel(logging.ERROR)  # tells of every client that hangs up
    return Server(app, listener, settings, refusal)
