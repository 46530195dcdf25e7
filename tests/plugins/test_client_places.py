"""How the plug-ins find the daemon, prove that it is the one, and start it where there is none; on every system."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path

import pytest
from api.conftest import SECRET, TOKEN
from api.impostor import INSTANCE as IMPOSTORS_INSTANCE
from api.impostor import impostor
from impasto.api import runtime
from impasto.paths import Paths
from impasto.settings import Settings
from impasto_client import places, wire

from .conftest import PLUGINS


def test_the_runtime_file_is_where_the_daemon_writes_it(tmp_path, monkeypatch):
    home = str(Path.home())
    monkeypatch.delenv("IMPASTO_RUNTIME_DIR", raising=False)
    environment = {"XDG_DATA_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if sys.platform != "win32":  # there the folder comes from the system, not from the environment
        assert places.runtime_file(sys.platform, environment, home) == str(Paths.of(Settings()).runtime_file)
    monkeypatch.setenv("IMPASTO_RUNTIME_DIR", str(tmp_path / "run"))
    environment["IMPASTO_RUNTIME_DIR"] = str(tmp_path / "run")
    paths = Paths.of(Settings())
    assert places.runtime_file(sys.platform, environment, home) == str(paths.runtime_file)
    runtime.write(paths, "http://127.0.0.1:5000", "token", "abc", "secret")
    found = places.read_runtime(paths.runtime_file.read_text(encoding="utf-8"))
    assert found[:3] == ("http://127.0.0.1:5000", "token", "abc") and found.version and found.secret == "secret"


@pytest.mark.parametrize(
    "platform, expected",
    [
        ("win32", "C:\\Users\\é\\AppData\\Local\\impasto\\run\\daemon.json"),
        ("darwin", "/Users/é/Library/Application Support/impasto/run/daemon.json"),
        ("linux", "/Users/é/.local/share/impasto/run/daemon.json"),
    ],
)
def test_the_runtime_file_on_each_system(platform, expected):
    assert places.runtime_file(platform, {}, "C:\\Users\\é" if platform == "win32" else "/Users/é") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({"url": "https://x", "token": "", "instance": "", "version": "", "secret": ""}),
        json.dumps({"url": 1, "token": "", "instance": "", "version": "", "secret": ""}),
        json.dumps({"url": "http://x", "token": "", "instance": "", "version": ""}),
    ],
)
def test_a_runtime_file_that_is_none_is_told(text):
    assert places.read_runtime(text) is None


@pytest.fixture
def gimps_daemon(tmp_path, monkeypatch):
    """GIMP's module that finds the daemon, outside GIMP."""
    monkeypatch.setenv("IMPASTO_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "translation", types.SimpleNamespace(_=str))
    spec = importlib.util.spec_from_file_location("gimps_daemon", PLUGINS / "gimp/impasto-neural-style/daemon.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_editor_finds_the_daemon_of_the_runtime_file(gimps_daemon, daemon):
    runtime.write(Paths.of(Settings()), daemon.url, TOKEN, "instance", SECRET)
    found = gimps_daemon.find()
    assert found.url == daemon.url and found.token == TOKEN
    assert gimps_daemon.send(found, wire.styles())[0] == 200


@pytest.mark.parametrize("more", [{}, {"proof": "0" * 64}, {"proof": ["é"]}, {"proof": "é" * 64}])
def test_an_editor_sends_no_token_to_who_took_the_daemons_place(gimps_daemon, more):
    with impostor(**more) as stranger:
        runtime.write(Paths.of(Settings()), stranger.url, "the-token", IMPOSTORS_INSTANCE, "known to few")
        assert gimps_daemon.find() is None
        assert stranger.heard and "the-token" not in "".join(stranger.heard)


def test_an_editor_in_a_sandbox_looks_where_the_daemon_outside_writes():
    launch = places.read_launch(json.dumps({"serve": ["/venv/bin/python", "serve"], "runtime": "/home/é/own/daemon.json"}))
    inside = {"XDG_DATA_HOME": "/home/é/.var/app/org.gimp.GIMP/data"}
    assert places.runtime_files("linux", inside, "/home/é", launch) == [
        "/home/é/own/daemon.json",
        "/home/é/.var/app/org.gimp.GIMP/data/impasto/run/daemon.json",
        "/home/é/.local/share/impasto/run/daemon.json",
    ]
    assert places.runtime_files("linux", {}, "/home/é") == ["/home/é/.local/share/impasto/run/daemon.json"]
    assert places.runtime_files("linux", {"IMPASTO_RUNTIME_DIR": "/r"}, "/home/é", launch) == ["/r/daemon.json"]


def test_the_daemon_is_started_from_a_flatpak_with_what_the_installer_wrote_down():
    found = {"serve": ["/venv/bin/python", "-m", "x"], "environment": {"IMPASTO_DATA_DIR": "/d é", "PATH": "/evil", "IMPASTO_X": 1}}
    launch = places.read_launch(json.dumps(found))
    assert places.from_a_sandbox(launch, "/home/é") == [
        "flatpak-spawn",
        "--host",
        "--directory=/home/é",
        "--env=IMPASTO_DATA_DIR=/d é",
        "/venv/bin/python",
        "-m",
        "x",
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", '{"serve": []}', '{"serve": "impasto"}', '{"serve": [1]}'])
def test_a_command_file_that_is_none_is_told(text):
    assert places.read_launch(text) is None


def test_the_editors_own_python_and_libraries_do_not_reach_the_daemon():
    editor = {"PATH": "/bin", "PYTHONHOME": "/app", "PYTHONPATH": "/app/lib", "LD_LIBRARY_PATH": "/cuda"}
    assert places.daemon_environment(editor) == {"PATH": "/bin", "LD_LIBRARY_PATH": "/cuda"}
    launch = places.Launch(["x"], "", "", {"IMPASTO_DATA_DIR": "/d"})
    assert places.daemon_environment(dict(editor, APPIMAGE="/k.AppImage"), launch) == {
        "PATH": "/bin",
        "APPIMAGE": "/k.AppImage",
        "IMPASTO_DATA_DIR": "/d",
    }


def test_the_command_is_also_looked_for_where_pip_puts_it():
    assert places.program_folders("darwin", {"PATH": "/usr/bin"}, "/Users/é").split(":")[:2] == ["/usr/bin", "/Users/é/.local/bin"]
