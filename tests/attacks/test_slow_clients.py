"""Clients that are slow, silent, endless or gone. They cost no thread, no memory, no file handle, and nobody else an answer."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import threading
import time
from types import SimpleNamespace

import pytest
import requests
from api import pictures
from api.conftest import TOKEN, stylize_files
from api.conftest import make_daemon as make_daemon
from api.raw import exchange, parse, poll, read_all
from images.files import MB
from impasto.api import uploads

from .target import default_start
from .test_pictures import Peak

MANY = 300


def opened(port: int, data: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(data)
    return connection


def vanish(connection: socket.socket) -> None:
    """Gone without a farewell, as a program that was killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def head(target, path="/v1/jobs", *headers, method="POST") -> bytes:
    own = f"Host: 127.0.0.1:{target.port}", f"Authorization: Bearer {target.token}"
    return "\r\n".join([f"{method} {path} HTTP/1.1", *own, *headers, "", ""]).encode()


FORM = "Content-Type: multipart/form-data; boundary=x"


def answers_at_once(target) -> None:
    began = time.monotonic()
    with target.client() as client:
        assert client.get("/v1/jobs", timeout=10).status_code == 200
    assert time.monotonic() - began < 2


def handles(target) -> int:
    process = target.process
    return process.num_fds() if hasattr(process, "num_fds") else process.num_handles()


@contextlib.contextmanager
def nothing_left_behind(target, spare: int = 12):
    """Afterwards the daemon holds no more handles and threads than before; a few come and go."""
    answers_at_once(target)
    before, threads, memory = handles(target), target.process.num_threads(), target.process.memory_info().rss
    yield
    poll(lambda: handles(target) <= before + spare, within=20)
    assert target.process.num_threads() <= threads + 2
    assert target.process.memory_info().rss < memory + 100e6


@pytest.mark.parametrize(
    "said",
    [b"", b"GET", b"GET /health HTTP/1.1\r\nHost: ", b"POST /v1/jobs HTTP/1.1\r\nContent-Length: 10\r\n"],
    ids=["nothing", "a word", "half a head", "a head without end"],
)
def test_a_crowd_of_slow_clients_keeps_nobody_out(target, said):
    with nothing_left_behind(target):
        crowd = []
        try:
            for _ in range(MANY):
                crowd.append(opened(target.port, said))
            answers_at_once(target)
            assert handles(target) < 250
        finally:
            for connection in crowd:
                connection.close()


@pytest.mark.skipif(os.name != "posix", reason="this system bounds no process's files")
def test_a_crowd_that_is_larger_than_the_systems_limit_keeps_nobody_out(tmp_path):
    with default_start(tmp_path, "sh", "-c", 'ulimit -n 96 && exec "$@"', "sh") as narrow:
        crowd = [opened(narrow.port) for _ in range(MANY)]
        answers_at_once(narrow)
        assert handles(narrow) < 60
        for connection in crowd:
            connection.close()


def test_a_crowd_of_slow_uploads_keeps_nobody_out(target):
    with nothing_left_behind(target):
        crowd = [opened(target.port, head(target, "/v1/jobs", FORM, "Content-Length: 100000") + b"--x\r\n") for _ in range(MANY)]
        answers_at_once(target)
        for connection in crowd:
            vanish(connection)


def test_headers_that_trickle_in_are_given_up(make_daemon):
    port = make_daemon(header_timeout_s=1).port
    with opened(port, b"GET /health HTTP/1.1\r\n") as connection:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 15:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.3)
                connection.settimeout(0.01)
                with contextlib.suppress(TimeoutError):
                    received = connection.recv(65536)
                    break
        assert b" 408 " in received.split(b"\r\n")[0] and json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == (
            "request_timeout"
        )
        assert time.monotonic() - began < 10


def test_uploads_that_trickle_in_are_given_up(make_daemon, monkeypatch):
    from impasto.api import reading

    monkeypatch.setattr(reading, "UPLOAD_GRACE_S", 1.0)
    running = make_daemon()
    text = f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nAuthorization: Bearer a-token-for-tests\r\n{FORM}\r\n"
    status, _, body = exchange(running.port, f"{text}Content-Length: 1000\r\n\r\n--x".encode(), timeout=15)
    assert status == 408 and json.loads(body)["error"]["code"] == "request_timeout"


HALVES = {
    "a question": ("GET", "/v1/jobs", b"", 200), "a picture": ("GET", "/v1/styles/great-wave/picture", b"", 200),
    "a job": ("POST", "/v1/jobs", b"", 400), "no HTTP": ("G E T", "/", b"", 400), "nothing there": ("GET", "/nothing", b"", 404),
    "a long poll": ("GET", "/v1/jobs/0123456789abcdef?since=0", b"", 404),
    "two": ("GET", "/health", b"GET / HTTP/1.1\r\n\r\n", 200),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "behind", "status"), HALVES.values(), ids=HALVES)
def test_who_closes_its_half_of_a_connection_still_hears_the_answer(target, method, path, behind, status):
    with nothing_left_behind(target):
        for _ in range(20):
            reply = exchange(target.port, head(target, path, FORM, "Content-Length: 0", method=method) + behind, half_close=True)
            assert reply[0] == status


def test_a_painting_whose_client_closes_its_half_is_given_up(target):
    data = {"style": "great-wave", "method": "iterative", "iterations": "100000"}
    prepared = requests.Request("POST", target.url, files=stylize_files(), data=data).prepare()
    text = head(target, "/v1/stylize", f"Content-Type: {prepared.headers['Content-Type']}", f"Content-Length: {len(prepared.body)}")
    status, _, body = exchange(target.port, text + prepared.body, half_close=True, timeout=20)
    assert status == 409 and json.loads(body)["error"]["code"] == "cancelled"


def test_silent_connections_are_closed(make_daemon):
    running = make_daemon(idle_connection_s=5)
    with opened(running.port) as connection:
        connection.settimeout(15)
        assert connection.recv(1) == b""


def test_uploads_whose_senders_vanish_leave_nothing(target):
    body = b'--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n' + bytes(200_000)
    with nothing_left_behind(target):
        for _ in range(100):
            vanish(opened(target.port, head(target, "/v1/jobs", FORM, "Content-Length: 10000000") + body))
        answers_at_once(target)


def test_watchers_that_vanish_leave_nothing(target):
    with target.client() as client:
        job = client.post(
            "/v1/jobs", files=stylize_files(), data={"style": "great-wave", "method": "iterative", "iterations": 10000}
        ).json()
        with nothing_left_behind(target):
            for _ in range(5):  # twelve may watch at once
                watchers = [opened(target.port, head(target, f"/v1/jobs/{job['id']}/events", method="GET")) for _ in range(12)]
                for watcher in watchers:
                    assert b"200 OK" in watcher.recv(15)
                    vanish(watcher)
                poll(lambda: places_are_free(client, job), within=10, every=0.2)
        client.post(f"/v1/jobs/{job['id']}/cancel")


def places_are_free(client, job) -> bool:
    """Whether a watcher finds a place again."""
    with client.get(f"/v1/jobs/{job['id']}/events", stream=True) as stream:
        return stream.status_code == 200


def test_answers_that_nobody_reads_hold_nothing_up(target):
    with nothing_left_behind(target):
        request = head(target, "/v1/styles/great-wave/picture", method="GET")
        crowd = [opened(target.port, request) for _ in range(100)]
        answers_at_once(target)
        for connection in crowd:
            connection.close()


@pytest.mark.parametrize("framing", ["chunks", "lines between chunks", "a trailer"])
def test_bodies_without_end_cost_no_memory(target, framing):
    piece = {
        "chunks": b"10000\r\n" + bytes(65536) + b"\r\n",
        "lines between chunks": b"1;" + b"x" * 65536,
        "a trailer": b"A: b\r\n" * 10000,
    }[framing]
    start = b"0\r\n" if framing == "a trailer" else b""
    memory, most, sent = target.process.memory_info().rss, 0, 0
    with opened(target.port, head(target, "/v1/jobs", FORM, "Transfer-Encoding: chunked") + start) as connection:
        with contextlib.suppress(OSError):
            while sent < 600_000_000:
                connection.sendall(piece)
                sent += len(piece)
                most = max(most, target.process.memory_info().rss)
        status = int(read_all(connection).split(b" ")[1] or 0)
    assert status == (413 if framing == "chunks" else 400)
    assert most - memory < 40e6, f"{(most - memory) / 1e6:.0f} MB more"


def test_pictures_of_many_at_once_are_taken_in_turn(target):
    """Twelve uploads of 30 MB each at the same time: their bytes are in memory one after another."""
    import threading

    data = pictures.npy(pictures.pixels(3200, 3125))
    memory, statuses, most = target.process.memory_info().rss, [], 0

    def upload():
        with target.client() as client:
            answer = client.post("/v1/jobs", files=stylize_files(data), data={"style": "no-such-style"}, timeout=120)
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=upload) for _ in range(12)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, target.process.memory_info().rss)
        time.sleep(0.02)
    assert set(statuses) <= {404, 503}
    assert most - memory < 700e6


# -- many large uploads at once ----------------------------------------------------------------------------------------


def upload(target, size: int, *headers: str) -> tuple[bytes, bytes]:
    """The head of a request whose form has a file of ``size`` bytes that is no picture, and the end of its body."""
    start = b'--b\r\nContent-Disposition: form-data; name="content"; filename="c"\r\n\r\n'
    end = b'\r\n--b\r\nContent-Disposition: form-data; name="style"\r\n\r\nscream\r\n--b--\r\n'
    length = len(start) + size + len(end)
    return head(target, "/v1/jobs", FORM.replace("=x", "=b"), f"Content-Length: {length}", *headers) + start, end


def test_the_last_bytes_of_many_large_uploads_come_at_one_moment(target):
    """Each is read into memory when its turn has come, and its copy on the disk goes with it."""
    size, many = 40 * MB, 8
    begin, end = upload(target, size)
    block = bytes(MB)
    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(socket.create_connection(("127.0.0.1", target.port), timeout=60)) for _ in range(many)]
        for sender in senders:
            sender.sendall(begin)
            for _ in range(size // MB):
                sender.sendall(block)
        with Peak(target.process) as peak:
            for sender in senders:
                sender.sendall(end)
            answers = [parse(read_all(sender)) for sender in senders]
    assert {status for status, _, _ in answers} == {415}, answers
    assert peak.more < 3 * size, f"{peak.more / 1e6:.0f} MB for {many} uploads of {size / 1e6:.0f} MB"


@contextlib.contextmanager
def crowded(make_daemon, monkeypatch, wait: float):
    """A daemon that takes 16 MB at once, of which two clients have all and are slow; a third that wants to send as much."""
    monkeypatch.setattr(uploads, "WAIT_S", wait)
    daemon = make_daemon(max_upload_mb=16)
    size = 15 * MB
    begin, end = upload(SimpleNamespace(port=daemon.port, token=TOKEN), size)
    with contextlib.ExitStack() as stack:
        first, second, third = (
            stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), timeout=30)) for _ in range(3)
        )
        for slow in (first, second):
            slow.sendall(begin + bytes(MB))
        time.sleep(0.5)
        yield daemon, (first, second, third), begin, bytes(size), end


def test_a_body_beyond_the_budget_waits_until_another_has_been_read(make_daemon, monkeypatch):
    with crowded(make_daemon, monkeypatch, 30) as (daemon, (first, _, third), begin, body, end):
        sending = threading.Thread(target=third.sendall, args=(begin + body + end,))
        sending.start()
        sending.join(2)
        assert sending.is_alive(), "it was read although there was no room for it"
        with daemon.client() as client:
            assert client.post("/v1/jobs", files=stylize_files(), data={"style": "scream"}).status_code == 202, (
                "small ones are taken"
            )
        first.sendall(body[MB:] + end)
        assert parse(read_all(first))[0] == 415
        sending.join(20)
        assert not sending.is_alive() and parse(read_all(third))[0] == 415


def test_who_is_asked_to_wait_too_long_hears_why(make_daemon, monkeypatch):
    with crowded(make_daemon, monkeypatch, 0.5) as (_, (first, second, third), begin, body, end):
        third.sendall(begin.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n", 1).partition(b"--b\r\n")[0])
        status, headers, answer = parse(read_all(third))
        assert status == 503 and int(headers["retry-after"]) > 0 and json.loads(answer)["error"]["code"] == "busy"
        first.close()  # whoever leaves gives back what it had
        with socket.create_connection(("127.0.0.1", second.getpeername()[1]), timeout=30) as again:
            again.sendall(begin + body + end)
            assert parse(read_all(again))[0] == 415


def test_a_painting_keeps_no_upload_while_it_is_painted(make_daemon, monkeypatch):
    """The client waits for the picture, and what it sent has been read long since: others may send."""
    monkeypatch.setattr(uploads, "WAIT_S", 2)
    daemon = make_daemon(max_upload_mb=2)
    large = pictures.png(780, 780)
    assert 1.5e6 < len(large) < 1.95e6
    fields = {"style": "great-wave", "iterations": 500, "step_size": 0.02}

    def paint():
        with daemon.client() as client, contextlib.suppress(requests.RequestException):
            client.post("/v1/stylize", files=stylize_files(large), data=fields, timeout=20)

    painters = [threading.Thread(target=paint, daemon=True) for _ in range(4)]
    for painter in painters:
        painter.start()
    with daemon.client() as client:
        poll(lambda: len(client.get("/v1/jobs").json()["jobs"]) == 4, within=15)
        assert client.post("/v1/jobs", files=stylize_files(large), data=fields).status_code == 202
        for job in client.get("/v1/jobs").json()["jobs"]:
            client.post(job["links"]["cancel"])
    for painter in painters:
        painter.join(10)
