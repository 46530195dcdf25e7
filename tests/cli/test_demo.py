"""What ``make run`` runs, and the script that makes its environment."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from impasto import images
from impasto.api.runtime import find_daemon
from impasto.cli.client import Client
from impasto.cli.demo import example
from impasto.paths import Paths
from impasto.settings import Settings

from .conftest import command, until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 120


def test_the_example_is_there_small_and_free():
    assert example().stat().st_size < 250_000
    listed = (example().parent / "SOURCES.tsv").read_text(encoding="utf-8")
    assert example().name in listed and "Public domain" in listed


def test_it_uses_the_daemon_that_runs_and_leaves_it_running(impasto, daemon, photo, style, folders):
    reply = impasto("demo", photo, "--style", style, "--no-stay")
    assert reply.code == 0, reply.err
    assert "out" in reply.out and images.decode((folders / "out" / "photo-style.png").read_bytes()).width == 64
    assert find_daemon(Paths.of(Settings.load())) == daemon


def test_a_daemon_that_does_not_start_is_explained(impasto, photo, monkeypatch):
    monkeypatch.setenv("IMPASTO_HOST", "0.0.0.0")
    reply = impasto("demo", photo)
    assert reply.code == 1 and "needs a token" in reply.err and "daemon.log" in reply.err


@pytest.fixture
def small(weights_dir, folders, monkeypatch):
    """Settings with which the real thing takes seconds."""
    for name, value in {"WEIGHTS_DIR": weights_dir, "OFFLINE": "true", "AUTO_RESOLUTION_CPU": "64", "CPU_THREADS": "1"}.items():
        monkeypatch.setenv(f"IMPASTO_{name}", str(value))
    return Paths.of(Settings.load())


def test_the_whole_way_with_the_real_engine(impasto, small, photo, folders):
    """A daemon of its own, a picture over HTTP through the real worker, and nothing left running."""
    reply = impasto("demo", photo)
    assert reply.code == 0, reply.err + (folders / "out" / "daemon.log").read_text(encoding="utf-8")
    before, fast, after = (
        images.decode(f.read_bytes())
        for f in (photo, folders / "out" / "photo-starry-night-fast.png", folders / "out" / "photo-starry-night.png")
    )
    for painted in (fast, after):
        assert painted.rgb.shape == before.rgb.shape and np.abs(painted.rgb - before.rgb).mean() > 0.02
    assert not np.array_equal(fast.rgb, after.rgb) and reply.out.index("-fast.png") < reply.out.index("takes a minute")
    assert find_daemon(small) is None and not small.runtime_file.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs signals to another process")
def test_a_demo_that_is_ended_takes_its_job_along(daemon, photo, style):
    with Client(daemon) as client:
        blocker = client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02})
        process = command("demo", photo, "--style", style)
        assert any("in the queue" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=WITHIN_S)
        assert client.jobs(1, None)[0]["state"] == "cancelled" and client.job(blocker["id"])["state"] == "running"
        client.cancel(blocker["id"])


@pytest.mark.skipif(os.name != "posix", reason="needs signals to another process")
def test_the_daemon_goes_when_the_demo_is_ended(small, photo):
    process = command("demo", photo, "--stay")
    until(lambda: find_daemon(small), "the start of a daemon")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=WITHIN_S)
    assert find_daemon(small) is None and not small.runtime_file.exists()


# -- tools/environment.py ---------------------------------------------------------------------------------------------


@pytest.fixture
def tool():
    return runpy.run_path(str(ROOT / "tools" / "environment.py"), run_name="tool")


def test_the_stamp_changes_with_what_is_installed(tool, tmp_path, monkeypatch):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("one", encoding="utf-8")
    fingerprint = tool["fingerprint"]
    monkeypatch.setitem(fingerprint.__globals__, "ROOT", tmp_path)
    first = fingerprint(["test"])
    assert first == fingerprint(["test"]) and first != fingerprint([])
    (tmp_path / "constraints.txt").write_text("two", encoding="utf-8")
    assert fingerprint(["test"]) != first


def test_what_an_ordinary_user_without_venv_is_told(tool, monkeypatch):
    install = tool["install_venv_module"]
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(SystemExit) as ended:
        install()
    assert "apt-get install python3." in str(ended.value) and "PYTHON=" in str(ended.value)


def test_the_tool_needs_the_standard_library_only():
    script = str(ROOT / "tools" / "environment.py")
    reply = subprocess.run([sys.executable, "-I", "-S", script, "--help"], capture_output=True, timeout=60)
    assert reply.returncode == 0


def test_every_dependency_is_pinned_and_fits():
    tomllib = pytest.importorskip("tomllib")  # Python 3.11
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    pins = dict(
        line.split(" ;")[0].split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line and not line.startswith("#")
    )
    for requirement in wanted:
        name, _, least = requirement.partition(">=")
        assert name in pins, f"{name} is not pinned; run: make pins"
        assert [int(n) for n in pins[name].split(".")[:2]] >= [int(n) for n in least.split(".")[:2]]
    assert pins["torch"] == "2.13.0" and pins["torchvision"] == "0.28.0"
    assert not any("+" in version for version in pins.values()), "a local tag would force one build of torch"
