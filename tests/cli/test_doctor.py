"""``impasto doctor``: each finding says what is so and what to do; a problem is exit code 1."""

from __future__ import annotations

import json
import socket

import pytest
import requests
from impasto.api import runtime
from impasto.cli import checks
from impasto.paths import Paths
from impasto.settings import Settings


@pytest.fixture
def examine(impasto):
    """The findings, by topic, and the exit code."""

    def run(*arguments):
        reply = impasto(*arguments, "doctor", "--json")
        report = json.loads(reply.out)
        assert report["healthy"] == (reply.code == 0)
        return {f["topic"]: f for f in report["findings"]}, reply.code

    return run


def test_a_healthy_machine(examine, monkeypatch):
    for name in ("MIN_MEMORY", "MIN_DISK"):
        monkeypatch.setattr(checks, name, 0)
    found, code = examine()
    assert {"impasto", "torch", "device", "memory", "data folder", "weights", "drop-in folder", "daemon", "editor"} <= set(found)
    assert code == 0, [f for f in found.values() if f["level"] == "problem"]
    assert found["weights"]["level"] == "note" and "models pull" in found["weights"]["do"]
    assert found["daemon"]["level"] == "note" and "impasto serve" in found["daemon"]["do"]


def test_it_makes_nothing(examine, folders):
    before = sorted(folders.rglob("*"))
    examine()
    assert sorted(folders.rglob("*")) == before


def test_as_text_every_problem_and_note_says_what_to_do(impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_OFFLINE", "true")
    reply = impasto("doctor")
    assert reply.code == 1 and "PROBLEM" in reply.out
    lines = reply.out.splitlines()
    wrong = next(i for i, line in enumerate(lines) if line.startswith("PROBLEM"))
    assert "offline" in lines[wrong] and lines[wrong + 1].strip().startswith("->")


def test_wrong_settings_are_a_problem_and_the_rest_is_still_looked_at(examine, monkeypatch):
    monkeypatch.setenv("IMPASTO_PROT", "1")
    reply, code = examine()
    assert code == 1 and "torch" in reply


def test_a_device_that_is_not_there(examine, monkeypatch):
    monkeypatch.setenv("IMPASTO_DEVICE", "warp9")
    reply, code = examine()
    assert code == 1 and any("warp9" in f["text"] for f in reply.values())


def test_a_folder_that_cannot_be_written(examine, folders, monkeypatch):
    (folders / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("IMPASTO_DATA_DIR", str(folders / "file" / "data"))
    reply, code = examine()
    assert code == 1 and reply["data folder"]["level"] == "problem" and reply["data folder"]["do"]


def test_a_port_that_is_taken(examine, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("IMPASTO_PORT", str(taken.getsockname()[1]))
        reply, code = examine()
    assert code == 1 and reply["port"]["level"] == "problem" and "0" in reply["port"]["do"]


def test_a_stale_runtime_file_is_a_note(examine):
    runtime.write(Paths.of(Settings.load()), "http://127.0.0.1:9", "secret-token", "gone", "secret")
    reply, code = examine()
    assert code == 0 and reply["daemon"]["level"] == "note" and "killed" in reply["daemon"]["text"]
    assert "secret-token" not in json.dumps(reply)


@pytest.mark.slow
def test_a_running_daemon(examine, daemon):
    assert daemon.url in examine()[0]["daemon"]["text"]


@pytest.mark.slow
def test_what_went_wrong_in_the_daemon_is_told(examine, daemon):
    from api import pictures, script

    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {daemon.token}"
        session.post(
            daemon.url + "/v1/stylize",
            files={"content": ("a.png", pictures.png())},
            timeout=60,
            data={"style": "great-wave", "seed": script.FAILS},
        )
    reply, code = examine()
    assert code == 0, [f for f in reply.values() if f["level"] == "problem"]
    assert "out_of_memory" in reply["failed job"]["text"]


def test_nobody_is_named(impasto, folders, monkeypatch):
    monkeypatch.setenv("HOME", str(folders / "home" / "vermeer"))
    monkeypatch.setenv("USERPROFILE", str(folders / "home" / "vermeer"))
    monkeypatch.setattr("getpass.getuser", lambda: "vermeer")
    monkeypatch.setattr("platform.node", lambda: "delft")
    for data in (folders / "home" / "vermeer" / "data", folders / "delft" / "vermeer"):
        monkeypatch.setenv("IMPASTO_DATA_DIR", str(data))
        for reply in (impasto("doctor").out, impasto("doctor", "--json").out):
            assert "vermeer" not in reply and "delft" not in reply
    assert "~" in reply or "<user>" in reply


def test_little_memory_is_said_before_it_runs_out(examine, monkeypatch):
    monkeypatch.setattr(checks, "MIN_MEMORY", 1e18)
    reply, code = examine()
    assert code == 1 and reply["memory"]["level"] == "problem"


def test_damaged_weights(examine, folders):
    folder = folders / "data" / "weights"
    folder.mkdir(parents=True)
    (folder / "vgg16.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      half")
    reply, code = examine()
    assert code == 1


def test_a_check_that_fails_is_a_finding_itself(examine, monkeypatch):
    def broken(machine):
        raise RuntimeError("/secret")

    monkeypatch.setattr(checks, "CHECKS", (broken, *checks.CHECKS))
    reply, code = examine()
    assert code == 1 and "RuntimeError" in reply["broken"]["text"] and "/secret" not in json.dumps(reply["broken"])


@pytest.mark.slow
def test_each_editor_is_told_of_with_what_is_installed_in_it(impasto, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "")
    (tmp_path / "config/GIMP/3.0").mkdir(parents=True)
    before = impasto("doctor").out
    assert "GIMP 3.0" in before and "impasto plugins install gimp" in before
    assert impasto("plugins", "install", "gimp").code == 0
    assert "up to date" in impasto("doctor").out
