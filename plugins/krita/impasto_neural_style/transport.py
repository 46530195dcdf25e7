"""Requests over QNetworkAccessManager: nothing blocks, nothing large is copied, and a request can be given up."""

from .client import wire
from .qt import QtCore, QtNetwork

NETWORK_ERRORS = range(1, 200)
"""QNetworkReply's errors that mean that no whole answer came; the others come with a status and a body that says more."""


READ_BYTES = 1 << 20
"""An answer is taken over in parts of this size: a large one in a single part would stop the interface for a moment."""


class ChunkedBody(QtCore.QIODevice):
    """A list of bytes as one device to read from."""

    def __init__(self, chunks, parent=None):
        QtCore.QIODevice.__init__(self, parent)
        self._chunks, self._starts, self._size = chunks, [], 0
        for chunk in chunks:
            self._starts.append(self._size)
            self._size += len(chunk)
        self._current = 0
        self.open(QtCore.QIODevice.OpenModeFlag.ReadOnly | QtCore.QIODevice.OpenModeFlag.Unbuffered)

    def isSequential(self):
        return False

    def size(self):
        return self._size

    def readData(self, most):
        """Called by Qt: up to ``most`` bytes from the present place on."""
        place = self.pos()
        if place >= self._size:
            return b""
        if not self._starts[self._current] <= place:
            self._current = 0  # sent again from the start
        while place >= self._starts[self._current] + len(self._chunks[self._current]):
            self._current += 1
        within = place - self._starts[self._current]
        return bytes(self._chunks[self._current][within : within + most])


class Transport(QtCore.QObject):
    """Sends :class:`wire.Request` values to one daemon."""

    def __init__(self, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._manager = QtNetwork.QNetworkAccessManager(self)
        # Proxies are for the world outside; the daemon is on this machine.
        self._manager.setProxy(QtNetwork.QNetworkProxy(QtNetwork.QNetworkProxy.ProxyType.NoProxy))
        self._open = set()

    def send(self, daemon, request, answered, lost):
        """``answered(status, body)`` or ``lost(reason)`` is called once, later. Answers an object whose ``abort()`` forbids it."""
        pending = _PendingRequest(self, daemon, request, answered, lost)
        self._open.add(pending)
        pending.begin(self._manager)
        return pending

    def close(self):
        """Give up all that is under way."""
        for pending in list(self._open):
            pending.abort()

    def forget(self, pending):
        """Called by an pending that has ended."""
        self._open.discard(pending)


class _PendingRequest:
    def __init__(self, transport, daemon, request, answered, lost):
        self._transport, self._daemon, self._request = transport, daemon, request
        self._answered, self._lost = answered, lost
        self._reply, self._body, self._over = None, bytearray(), False

    def begin(self, manager):
        request = QtNetwork.QNetworkRequest(QtCore.QUrl(self._daemon.url + self._request.path))
        for name, value in wire.headers(self._request, self._daemon).items():
            request.setRawHeader(name.encode("ascii"), value.encode("utf-8"))
        request.setTransferTimeout(int(self._request.timeout * 1000))
        body = self._request.body
        if self._request.method == "GET":
            self._reply = manager.get(request)
        elif self._request.method == "DELETE":
            self._reply = manager.deleteResource(request)
        elif self._request.method == "PATCH":
            self._reply = manager.sendCustomRequest(request, b"PATCH", QtCore.QByteArray(bytes(body)))
        elif isinstance(body, list):
            device = ChunkedBody(body)
            self._reply = manager.post(request, device)
            device.setParent(self._reply)
        else:
            self._reply = manager.post(request, QtCore.QByteArray(bytes(body)))
        self._reply.setReadBufferSize(READ_BYTES)
        self._reply.readyRead.connect(self._read)
        self._reply.finished.connect(self._finished)

    def abort(self):
        """Give it up: no callback comes any more."""
        if not self._over:
            self._over = True
            self._reply.abort()
            self._end()

    def _read(self):
        self._body += self._reply.readAll().data()

    def _finished(self):
        if self._over:
            return
        self._over = True
        self._read()
        error = self._reply.error()
        number = int(getattr(error, "value", error))
        status = self._reply.attribute(QtNetwork.QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        reason = self._reply.errorString()
        self._end()
        if status is None or number in NETWORK_ERRORS:
            self._lost(reason)
        else:
            self._answered(int(status), self._body)

    def _end(self):
        self._transport.forget(self)
        self._reply.deleteLater()
