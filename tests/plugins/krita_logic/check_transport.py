"""Requests over Qt's network to a real server. Collected as check_docker.py is."""

import contextlib
import http.server
import json
import threading
import time

import pytest
import scene
from impasto_neural_style import connection as connections
from impasto_neural_style.client import places, wire
from impasto_neural_style.transport import READ_BYTES, ChunkedBody, Transport

LARGE = bytes(range(256)) * 20000


class Answers(http.server.BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization"), self.rfile.read(length)))
        if self.path == "/slow":
            time.sleep(0.5)
        status = 404 if self.path == "/missing" else 200
        body = LARGE if self.path == "/large" else b'{"error": {"code": "unknown_job"}}' if status == 404 else b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *_words):
        pass


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.seen = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def ask(server):
    """Sends a request, and waits for what came of it: (status, body), or ("lost", reason)."""
    transport, told = Transport(), places.Daemon(f"http://127.0.0.1:{server.server_port}", "secret", "i", "0.1", "known to few")

    def send(request, daemon=told):
        heard = []
        transport.send(
            daemon, request, lambda status, body: heard.append((status, bytes(body))), lambda reason: heard.append(("lost", reason))
        )
        scene.until(lambda: heard)
        return heard[0]

    send.transport, send.told = transport, told
    yield send
    transport.close()


def request(method, path, body=b"", timeout=10.0):
    return wire.Request(method, path, {"Content-Type": "application/octet-stream"} if body else {}, body, timeout)


def test_every_kind_of_request_arrives_with_the_token(ask, server):
    for method, body in (
        ("GET", b""),
        ("DELETE", b""),
        ("PATCH", b"name"),
        ("POST", b"whole"),
        ("POST", [b"in ", memoryview(b"pieces"), b""]),
    ):
        assert ask(request(method, "/here", body)) == (200, b"{}")
        arrived = server.seen[-1]
        assert arrived[:3] == (method, "/here", "Bearer secret")
        assert arrived[3] == (body if isinstance(body, bytes) else b"in pieces")


def test_whoever_has_not_proven_to_be_the_daemon_gets_no_token(ask, server):
    assert ask(wire.health("challenge"))[0] == 200
    assert server.seen[-1][:3] == ("GET", "/health", None)


def test_large_bodies_there_and_back(ask, server):
    pieces = [LARGE[at : at + 70000] for at in range(0, len(LARGE), 70000)]
    assert ask(request("POST", "/large", pieces)) == (200, LARGE) and len(LARGE) > 2 * READ_BYTES
    assert server.seen[-1][3] == LARGE


def test_refusals_come_with_their_body(ask):
    status, body = ask(request("GET", "/missing"))
    with pytest.raises(wire.ApiError) as refused:
        wire.read_json(status, body)
    assert (status, refused.value.code) == (404, "unknown_job")


def test_a_stranger_at_the_daemons_address_is_asked_nothing_else(monkeypatch):
    stranger, heard = scene.Daemon(), []
    stranger.proof = "0" * 64
    left = {"url": "http://127.0.0.1:1", "token": "t", "instance": "i", "version": "0.1", "secret": "secret"}
    monkeypatch.setattr(connections.starter, "text_of", lambda file: json.dumps(left))
    made = connections.Connection()
    made._transport, made._starter.runtime_files, made._starter.command = stranger, lambda: ["runtime"], lambda: []
    made.failed.connect(heard.append)
    made.ask(wire.styles(), lambda status, body: heard.append(body))
    scene.until(lambda: heard)
    assert stranger.asked == [("GET", "/health")]


def test_silence_and_nobody_are_told(ask, server):
    assert ask(request("GET", "/slow", timeout=0.1))[0] == "lost"
    nobody = ask.told._replace(url="http://127.0.0.1:9")
    assert ask(request("GET", "/"), nobody)[0] == "lost"


def test_what_was_given_up_is_not_heard_of(ask, server):
    heard = []
    exchange = ask.transport.send(ask.told, request("GET", "/slow"), lambda *told: heard.append(told), heard.append)
    scene.settle(0.05)
    exchange.abort()
    ask.transport.send(ask.told, request("GET", "/slow"), lambda *told: heard.append(told), heard.append)
    ask.transport.close()
    scene.settle(0.8)
    assert not heard


def test_a_list_of_bytes_reads_as_one():
    device = ChunkedBody([b"abc", b"", b"defg"])
    assert device.size() == 7
    for start in (0, 2, 3, 1):
        device.seek(start)
        read = b""
        while not device.atEnd():
            read += bytes(device.read(2))
        assert read == b"abcdefg"[start:]
