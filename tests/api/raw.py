"""HTTP spoken by hand, for requests that no library would send."""

from __future__ import annotations

import contextlib
import socket
import time


def exchange(
    port: int, request: bytes, *, then: bytes = b"", timeout: float = 10, half_close: bool = False
) -> tuple[int, dict[str, str], bytes]:
    """Send ``request`` (and ``then``, as far as it is taken), read to the end: status, headers (lower case), body.

    ``half_close``: say that no more will come.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(request)
        for start in range(0, len(then), 65536):
            try:
                connection.sendall(then[start : start + 65536])
            except OSError:
                break  # the daemon has heard enough
        if half_close:
            with contextlib.suppress(OSError):  # the daemon has closed already
                connection.shutdown(socket.SHUT_WR)
        return parse(read_all(connection))


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            part = b""
        if not part:
            return received
        received += part
        if complete(received):
            return received


def complete(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    length = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(separator and length) and len(body) >= int(length[0])


def parse(received: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split(" ")[1]) if first else 0, headers, body


def head(method: str, path: str, *headers: str, host: str | None = None) -> bytes:
    """A request's head; no Host where ``host`` is None."""
    lines = [f"{method} {path} HTTP/1.1", *([] if host is None else [f"Host: {host}"]), *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def poll(condition, within: float = 10, every: float = 0.02):
    """The first true value of ``condition()``."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(every)
    raise AssertionError(f"not so within {within} s")
