"""A download ends with the right file or with a safe error, whatever the server does."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time

import pytest
from impasto.errors import Cancelled, DigestMismatch, DiskFull, DownloadFailed
from impasto.models import download as module
from impasto.models.download import Rules, download

from .server import chunked, claims, drops, endless, good, ranged, says, stalls, whole

SIZE = 256 * 800


def fetch(server, folder, *, path="file.pth", rules=None, cancelled=lambda: False, report=lambda done, total: None, **changes):
    wanted = {"sha256": hashlib.sha256(server.content).hexdigest(), "size": len(server.content)} | changes
    rules = rules or Rules(mirrors={}, timeout_s=2)
    return download(server.url + path, folder / "file.pth", rules=rules, report=report, cancelled=cancelled, **wanted)


def left_in(folder):
    return sorted(f.name for f in folder.iterdir())


SURVIVED = {
    "a good server": ([good], [""]),
    "no length": ([chunked], [""]),
    "drops half-way, then resumes": ([drops(0.5), good], ["", f"bytes={SIZE // 2}-"]),
    "drops again and again": ([drops(0.25), drops(0.5), good], ["", f"bytes={SIZE // 4}-", f"bytes={SIZE // 2}-"]),
    "drops before the first byte": ([drops(0), good], ["", ""]),
    "answers 200 to a range": ([drops(0.5), whole], ["", f"bytes={SIZE // 2}-"]),
    "416 to a range": ([drops(0.5), says(416), good], ["", f"bytes={SIZE // 2}-", ""]),
    "another ETag": ([drops(0.5), ranged(SIZE // 2, '"two"', SIZE), good], ["", f"bytes={SIZE // 2}-", ""]),
    "another length": ([drops(0.5), ranged(SIZE // 2, '"one"', SIZE + 9), good], ["", f"bytes={SIZE // 2}-", ""]),
    "a range from elsewhere": ([drops(0.5), ranged(5, '"one"', SIZE), good], ["", f"bytes={SIZE // 2}-", ""]),
    "503, then well": ([says(503), good], ["", ""]),
    "429, then well": ([says(429), good], ["", ""]),
    "redirect to itself": ([says(302, Location="/elsewhere"), good], ["", ""]),
    "compresses only the first time": ([says(503, Content_Encoding="gzip"), good], ["", ""]),
}


@pytest.mark.parametrize("case", SURVIVED)
def test_the_file_arrives(server, tmp_path, case):
    server.behaviours, ranges = list(SURVIVED[case][0]), SURVIVED[case][1]
    file = fetch(server, tmp_path)
    assert file.read_bytes() == server.content
    assert server.ranges == ranges
    assert left_in(tmp_path) == ["file.pth"]


def test_a_resumed_range_is_tied_to_the_same_file(server, tmp_path):
    server.behaviours = [drops(0.5), good]
    fetch(server, tmp_path)
    assert server.seen[1][1]["if-range"] == '"one"'


REFUSED = {
    "404": ([says(404)], DownloadFailed, 1, "404"),
    "403": ([says(403)], DownloadFailed, 1, "403"),
    "always 500": ([says(500)], DownloadFailed, 4, "500"),
    "always drops at once": ([drops(0)], DownloadFailed, 4, "broke"),
    "endless": ([endless], DownloadFailed, 1, "without an end"),
    "claims to be far larger": ([claims(10 * SIZE)], DownloadFailed, 1, "larger"),
    "another file": ([says(200, b"x" * SIZE)], DigestMismatch, 1, "digest"),
    "a page instead of the file": ([says(200, b"<html>log in</html>")], DigestMismatch, 1, "digest"),
    "empty": ([says(200, b"")], DigestMismatch, 1, "digest"),
    "redirect to another host": ([says(302, Location="http://localhost:9/file.pth")], DownloadFailed, 1, "localhost"),
    "redirect to a file": ([says(302, Location="file:///etc/passwd")], DownloadFailed, 1, "does not name"),
    "redirect to nonsense": ([says(302, Location="https://[broken/")], DownloadFailed, 1, "no web address"),
    "redirect in circles": ([says(302, Location="/file.pth")], DownloadFailed, 6, "circles"),
    "compressed": ([says(200, b"\x1f\x8b" * 50, Content_Encoding="gzip")], DownloadFailed, 1, "compressed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_safe_error(server, tmp_path, case):
    server.behaviours, error, requests, words = list(REFUSED[case][0]), *REFUSED[case][1:]
    with pytest.raises(error) as caught:
        fetch(server, tmp_path)
    assert words in caught.value.message
    assert len(server.seen) == requests
    assert not (tmp_path / "file.pth").exists()
    assert str(tmp_path) not in caught.value.message


def test_an_endless_body_costs_no_more_than_the_file(server, tmp_path):
    server.behaviours = [endless]
    sizes = []
    with pytest.raises(DownloadFailed):
        fetch(server, tmp_path, report=lambda done, total: sizes.append(done))
    assert max(sizes) <= SIZE * 1.02 + 2 * module.BLOCK_BYTES
    assert left_in(tmp_path) == []


def test_nothing_is_inflated(server, tmp_path):
    """A server that compresses is refused before its body is read, bomb or not."""
    server.behaviours = [says(200, b"\x1f\x8b" + b"\0" * 1000, Content_Encoding="GZIP")]
    with pytest.raises(DownloadFailed):
        fetch(server, tmp_path)
    assert server.seen[0][1]["accept-encoding"] == "identity"


@pytest.mark.slow
def test_a_silent_server_is_given_up(server, tmp_path):
    server.behaviours = [stalls(0.1)]
    began = time.monotonic()
    with pytest.raises(DownloadFailed, match="does not answer"):
        fetch(server, tmp_path, rules=Rules(mirrors={}, timeout_s=0.2))
    assert time.monotonic() - began < 10


def test_cancel_takes_effect_while_the_server_is_silent(server, tmp_path):
    server.behaviours = [stalls(0.5)]
    began, asked = [], threading.Event()

    def cancelled():
        if server.seen and not began:
            began.append(time.monotonic())
            asked.set()
        return asked.is_set()

    with pytest.raises(Cancelled):
        fetch(server, tmp_path, rules=Rules(mirrors={}, timeout_s=60), cancelled=cancelled)
    assert time.monotonic() - began[0] < 2
    assert not (tmp_path / "file.pth").exists()


def interrupted(server, folder):
    """A first call that is cancelled once half of the file is here."""
    server.behaviours = [stalls(0.5)]
    part = folder / "file.pth.part"
    with pytest.raises(Cancelled):
        fetch(server, folder, cancelled=lambda: part.is_file() and part.stat().st_size >= SIZE // 2 - module.BLOCK_BYTES)
    server.behaviours = [good]
    server.seen.clear()
    return part


def test_a_later_call_resumes(server, tmp_path):
    part = interrupted(server, tmp_path)
    had = part.stat().st_size
    assert 0 < had < SIZE
    assert fetch(server, tmp_path).read_bytes() == server.content
    assert server.ranges == [f"bytes={had}-"]


LEFTOVERS = {
    "of another address": lambda part, note: note.write_text(json.dumps(json.loads(note.read_text()) | {"url": "https://other/"})),
    "without a note": lambda part, note: note.unlink(),
    "with a torn note": lambda part, note: note.write_text('{"url": "htt'),
    "longer than the file can be": lambda part, note: part.write_bytes(b"x" * SIZE * 2),
}


@pytest.mark.parametrize("case", LEFTOVERS)
def test_a_part_that_cannot_be_trusted_is_not_resumed(server, tmp_path, case):
    part = interrupted(server, tmp_path)
    LEFTOVERS[case](part, tmp_path / "file.pth.part.json")
    assert fetch(server, tmp_path).read_bytes() == server.content
    assert server.ranges == [""]


def test_a_part_with_wrong_bytes_is_found_out_and_fetched_anew(server, tmp_path):
    part = interrupted(server, tmp_path)
    had = part.stat().st_size
    part.write_bytes(b"\xff" * had)
    assert fetch(server, tmp_path).read_bytes() == server.content
    assert server.ranges == [f"bytes={had}-", ""]


def test_a_part_that_was_complete_needs_no_request(server, tmp_path):
    part = interrupted(server, tmp_path)
    part.write_bytes(server.content)
    assert fetch(server, tmp_path).read_bytes() == server.content
    assert server.seen == []


def test_progress_grows_to_the_end(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "REPORT_EVERY_S", 0)
    reports = []
    fetch(server, tmp_path, report=lambda done, total: reports.append((done, total)))
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert reports[-1] == (SIZE, SIZE) and len(reports) > 2


def test_only_the_first_digits_of_a_digest(server, tmp_path):
    assert fetch(server, tmp_path, sha256=hashlib.sha256(server.content).hexdigest()[:8]).is_file()


def test_no_room(server, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(DiskFull, match="full"):
        fetch(server, tmp_path)


def test_nobody_listens(tmp_path, server):
    server.stop()
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        fetch(server, tmp_path)


@pytest.mark.parametrize("url", ["ftp://example.org/x", "nonsense", "http://"])
def test_an_address_that_is_none(tmp_path, url):
    with pytest.raises(DownloadFailed):
        download(url, tmp_path / "x", sha256="00000000", size=1, rules=Rules({}), report=lambda d, t: None, cancelled=lambda: False)


MIRRORS = {"https://a.example/": "http://mirror.local/a/", "https://a.example/deep/": "https://deep.local/"}


@pytest.mark.parametrize(
    ("url", "becomes"),
    [
        ("https://a.example/x.pth", "http://mirror.local/a/x.pth"),
        ("https://a.example/deep/x.pth", "https://deep.local/x.pth"),
        ("https://b.example/x.pth", "https://b.example/x.pth"),
    ],
)
def test_mirrors_replace_the_longest_prefix(url, becomes):
    assert Rules(MIRRORS).mirrored(url) == becomes


@pytest.mark.parametrize(
    ("origin", "target", "may"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("https://a.example/x", "http://a.example/y", False),
        ("http://a.example/x", "https://a.example/y", True),
        ("https://a.example/x", "https://a.example:8443/y", False),
        ("http://a.example:80/x", "http://a.example:81/y", False),
        ("https://a.example/x", "https://evil.example/y", False),
        ("https://a.example/x", "https://a.example.evil.example/y", False),
        ("https://a.example/x", "https://a.example@evil.example/y", False),
        ("https://a.example/x", "https://cdn.example/y", True),
        ("https://a.example/x", "http://cdn.example/y", False),
        ("https://a.example/x", "http://mirror.local/a/y", True),
        ("https://a.example/x", "http://mirror.local/b/y", False),
        ("https://a.example/x", "https://bare.local/y", True),
        ("https://a.example/x", "https://bare.local.evil.example/y", False),
        ("https://a.example/x", "https://bare.local@evil.example/y", False),
        ("https://a.example/x", "https://a.example:99999/y", False),
        ("https://a.example/x", "https://[broken/y", False),
        ("https://a.example/x", "file:///etc/passwd", False),
        ("https://a.example/x", "ftp://a.example/y", False),
    ],
)
def test_where_a_server_may_send_us(origin, target, may):
    mirrors = MIRRORS | {"https://c.example": "https://bare.local"}
    assert Rules(mirrors, redirects=("cdn.example",)).may_redirect(origin, target) is may


def test_a_redirect_to_a_mirror_that_the_user_named(server, tmp_path):
    server.behaviours = [says(302, Location=server.url.replace("127.0.0.1", "localhost") + "named/file.pth"), good]
    rules = Rules(mirrors={"https://whatever.example/": server.url.replace("127.0.0.1", "localhost") + "named/"}, timeout_s=5)
    assert fetch(server, tmp_path, rules=rules).read_bytes() == server.content
