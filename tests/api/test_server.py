"""The daemon as a process: starting, being found, stopping."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from impasto import __version__
from impasto.api import runtime, server
from impasto.errors import DaemonRunning, DiskFull, SettingsError
from impasto.jobs import JobManager
from impasto.paths import Paths
from impasto.settings import Settings

from . import pictures
from .conftest import Client, stylize_files
from .raw import poll

PROGRAM = """
import sys
from impasto.api.server import serve
from impasto.errors import ImpastoError
from impasto.paths import Paths
from impasto.settings import Settings
settings = Settings.load()
try:
    serve(settings, Paths.of(settings), work="api.script:table")
except ImpastoError as error:
    sys.exit(f"{error.code}: {error.message}")
"""

WITHIN_S = 15


class Process:
    """A daemon in a process of its own."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.environment = {
            **os.environ,
            "IMPASTO_RUNTIME_DIR": str(folder / "run"),
            "IMPASTO_DATA_DIR": str(folder / "data"),
            **{f"IMPASTO_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.paths = Paths(data=folder / "data", weights=folder / "w", drop_in=folder / "d", runtime=folder / "run")
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=self.environment, stderr=subprocess.PIPE, creationflags=flags
        )

    def ready(self) -> runtime.Daemon:
        def look():
            assert self.process.poll() is None, self.process.stderr.read().decode()
            return runtime.find_daemon(self.paths)

        return poll(look, within=WITHIN_S)

    def ends(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=WITHIN_S)
        return self.process.returncode, said.decode()


@pytest.fixture
def launch(tmp_path):
    started = []

    def launch(folder="one", **settings):
        started.append(Process(tmp_path / folder, **settings))
        return started[-1]

    yield launch
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def ask(url, token="", path="/v1/jobs", **more):
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            more.pop("method", "GET"), url + path, timeout=10, headers={"Authorization": f"Bearer {token}"} if token else {}, **more
        )


# -- weight --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_daemon_is_light():
    """Neither torch nor the picture codecs are loaded with it."""
    code = (
        "import sys, impasto.api.server, impasto.jobs, impasto.models\n"
        "print([name for name in ('torch', 'torchvision', 'numpy', 'imagecodecs', 'tifffile', 'PIL') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


# -- the runtime file ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_runtime_file_lets_its_owner_in_and_nobody_else(launch):
    one = launch()
    found = one.ready()
    reply = json.loads(one.paths.runtime_file.read_text(encoding="utf-8"))
    assert len(reply.pop("secret")) >= 40 and reply.pop("started") > 0
    assert reply == {
        "url": found.url,
        "token": found.token,
        "pid": one.process.pid,
        "instance": found.instance,
        "version": __version__,
    }
    assert ask(found.url, found.token).status_code == 200
    assert ask(found.url).status_code == 401
    assert len(found.token) >= 40
    assert sorted(file.name for file in one.paths.runtime.iterdir()) == ["daemon.json", "daemon.lock"]
    if os.name == "posix":
        assert stat.S_IMODE(one.paths.runtime_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(one.paths.runtime.stat().st_mode) == 0o700
        assert stat.S_IMODE(one.paths.data.stat().st_mode) == 0o700


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows has neither signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_told_daemon_ends_soon_and_tidies_up(launch, number):
    one = launch()
    found = one.ready()
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {found.token}"
        job = session.post(
            found.url + "/v1/jobs", files=stylize_files(), data={"style": "great-wave", "iterations": 1000, "step_size": 0.05}
        ).json()
        with session.get(found.url + job["links"]["events"], stream=True) as stream:
            next(stream.iter_lines())
            began = time.monotonic()
            one.process.send_signal(number)
            assert one.ends()[0] == 0
    assert time.monotonic() - began < 6
    assert not one.paths.runtime_file.exists()
    again = launch()
    found = again.ready()
    assert ask(found.url, found.token, job["links"]["self"]).json()["state"] in ("queued", "running"), (
        "an accepted job outlives the daemon"
    )


@pytest.mark.slow
def test_a_killed_daemons_file_is_known_for_stale_and_replaced(launch):
    one = launch()
    first = one.ready()
    one.process.kill()
    one.process.wait()
    assert one.paths.runtime_file.exists()
    assert runtime.find_daemon(one.paths) is None
    second = launch().ready()
    assert second.instance != first.instance and second.token != first.token


def test_a_file_whose_process_number_now_belongs_to_another_is_stale(tmp_path):
    paths = Paths(tmp_path, tmp_path, tmp_path, tmp_path / "run")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        runtime.write(
            paths, f"http://127.0.0.1:{silent.getsockname()[1]}", "token", "instance", "secret"
        )  # with this process's number
        assert runtime.read(paths) is not None
        assert runtime.find_daemon(paths) is None


def test_a_daemon_removes_no_file_but_its_own(tmp_path):
    paths = Paths(tmp_path, tmp_path, tmp_path, tmp_path / "run")
    runtime.write(paths, "http://127.0.0.1:1", "token", "later", "secret")
    runtime.remove(paths, "earlier")
    assert runtime.read(paths).instance == "later"
    runtime.remove(paths, "later")
    assert runtime.read(paths) is None and not paths.runtime_file.exists()


GOOD = {"url": "http://127.0.0.1:1", "token": "t", "pid": 1, "instance": "i", "version": "v"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        "\x00\x01",
        "x" * 100_000,
        "[" * 10_000,
        *(
            json.dumps({**GOOD, key: value})
            for key, value in (
                ("pid", "1"),
                ("pid", True),
                ("pid", 0),
                ("pid", -5),
                ("url", "file:///etc/passwd"),
                ("url", "http://"),
                ("url", 5),
                ("token", None),
                ("secret", 5),
                ("started", "then"),
                ("url", "http://["),
            )
        ),
    ],
)
def test_a_file_that_is_none_of_ours_is_ignored(tmp_path, content):
    paths = Paths(tmp_path, tmp_path, tmp_path, tmp_path)
    paths.runtime_file.write_text(content, encoding="utf-8")
    assert runtime.read(paths) is None
    assert runtime.find_daemon(paths) is None


def test_a_runtime_folder_that_cannot_be_made_is_a_named_error(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DiskFull) as caught:
        runtime.write(Paths(tmp_path, tmp_path, tmp_path, tmp_path / "file" / "run"), "http://127.0.0.1:1", "t", "i", "s")
    assert "IMPASTO_RUNTIME_DIR" in caught.value.hint and str(tmp_path) not in caught.value.message


# -- refusing to start ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_daemon_on_the_same_data_says_so(launch):
    launch().ready()
    status, said = launch().ends()
    assert status == 1 and said.startswith("daemon_running: ")


@pytest.mark.slow
def test_a_second_daemon_on_other_data_leaves_the_first_ones_file_alone(launch, tmp_path):
    first = launch()
    found, file = first.ready(), first.paths.runtime_file.read_bytes()
    status, said = launch(data_dir=tmp_path / "other data").ends()
    assert status == 1 and said.startswith("daemon_running: ")
    assert first.paths.runtime_file.read_bytes() == file and runtime.find_daemon(first.paths) == found
    beside = launch("two")
    assert beside.ready().url != found.url and runtime.find_daemon(first.paths) == found, "with folders of its own it may"
    first.process.kill()
    first.process.wait()
    assert launch(data_dir=tmp_path / "other data").ready().instance != found.instance, "a killed daemon holds nothing"


def test_a_taken_port_is_a_named_error(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(port=taken.getsockname()[1], data_dir=str(tmp_path))
        with pytest.raises(DaemonRunning) as caught:
            server.serve(settings, Paths.of(settings))
    assert caught.value.field == "port" and "0" in caught.value.hint
    server.bind(Settings()).close()  # and the folder is free again
    with pytest.raises(SettingsError):
        server.serve(Settings(host="203.0.113.1", data_dir=str(tmp_path)), Paths.of(settings))


@pytest.mark.parametrize(("host", "field"), [("no.such.host.invalid", "host"), ("203.0.113.1", "host")])
def test_an_address_that_is_not_ours_is_a_named_error(host, field):
    with pytest.raises(SettingsError) as caught:
        server.bind(Settings(host=host, token="mine"))
    assert caught.value.field == field


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.org", "127.0.0.1.example.org"])
def test_other_machines_are_let_in_only_with_a_token_of_ones_own(host):
    with pytest.raises(SettingsError) as caught:
        server.check_address(Settings(host=host))
    assert "token" in caught.value.message and "token" in caught.value.hint
    server.check_address(Settings(host=host, token="a long one of my own"))
    with pytest.raises(SettingsError) as caught:
        server.check_address(Settings(host=host, token="too short"))
    assert caught.value.field == "token" and "16" in caught.value.message


@pytest.mark.parametrize("token", [" ", "   ", "\t", " mine", "mine ", "mein schlüssel", "two\nlines", "x" * 1025, "\x00"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_token_that_nobody_can_send_is_refused_by_name(host, token):
    with pytest.raises(SettingsError) as caught:
        server.check_address(Settings(host=host, token=token))
    assert caught.value.field == "token" and "token" in caught.value.message and token not in caught.value.message.split("token")


@pytest.mark.parametrize("token", ["x", "mine", "with a blank in it", "x" * 1024])
def test_a_token_for_this_machine_alone_may_be_short(token):
    server.check_address(Settings(token=token))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8", "[::1]"])
def test_this_machine_alone_needs_no_token(host):
    server.check_address(Settings(host=host))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5"),
        ("::1", "http://[::1]:5"),
        ("0.0.0.0", "http://127.0.0.1:5"),
        ("::", "http://[::1]:5"),
        ("localhost", "http://localhost:5"),
    ],
)
def test_clients_are_told_an_address_they_can_use(host, url):
    assert server.url_of(Settings(host=host, port=5)) == url


# -- files that others could read --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows closes the user's folders by itself, and knows no modes")
def test_nobody_else_can_read_what_tells_of_pictures_in_a_data_folder_that_is_open_to_all(launch, tmp_path):
    """Also where an earlier version has made files that all may read."""
    data = tmp_path / "one" / "data"
    for folder in ("jobs", "styles", "refined", "workers"):
        (data / folder).mkdir(parents=True, mode=0o755)
    data.chmod(0o755)
    with contextlib.closing(sqlite3.connect(data / "jobs.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = WAL")
    (data / "jobs.sqlite3").chmod(0o644)
    before = os.umask(0o022)
    try:
        one = launch()
        found = one.ready()
    finally:
        os.umask(before)
    with Client(found.url, found.token) as client:
        assert client.post("/v1/styles", data={"name": "Mine"}, files={"picture": pictures.png()}).status_code == 201
        client.until(client.submit(), "done")
        kept = [path for path in data.rglob("*") if path.is_file()]
    names = {path.relative_to(data).parts[0] for path in kept}
    assert {"jobs", "styles", "jobs.sqlite3"} <= names
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
    assert [path for path in data.iterdir() if path.is_dir() and path.stat().st_mode & 0o077] == []


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_database_that_is_a_link_is_not_written_to(tmp_path):
    other = tmp_path / "somebody's.sqlite3"
    with contextlib.closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE theirs (x)")
    before = other.read_bytes()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "jobs.sqlite3").symlink_to(other)
    settings = Settings(data_dir=str(tmp_path / "data"))
    with pytest.raises(SettingsError, match="link"):
        JobManager(settings, Paths.of(settings)).start()
    assert other.read_bytes() == before
