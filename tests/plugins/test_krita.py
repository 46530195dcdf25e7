"""The plug-in in a real Krita under Xvfb, driven by a second plug-in in `in_krita/`, with a real daemon outside.

Tried wherever Krita is there or can be installed (see krita_lab.py). TEST_KRITA=none leaves it out.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from api.conftest import INSTANCE, TOKEN, start
from api.script import DIES, FAILS

from . import krita_lab
from .cases import SCRIPTED, all_well

pytestmark = pytest.mark.slow

TESTS = Path(__file__).resolve().parents[1]
PHOTO = TESTS.parent / "examples/moraine-lake.jpg"
CASES = {"pixels": 22, "layer_types": 20, "replacing": 6, "troubles": 13}
ROUNDS = 12
"""So often a replacement is taken back and taken back again."""

GAP_MS = 250
"""So long the interface may stand still at most, whatever the size of the layer."""


@pytest.fixture(scope="module")
def display():
    """The number of a screen, on a machine with Krita."""
    if os.environ.get("TEST_KRITA") == "none":
        pytest.skip("TEST_KRITA says that no Krita is to be tried")
    try:
        krita_lab.provide()
    except krita_lab.Unavailable as error:
        pytest.skip(f"no Krita here: {error}")
    with krita_lab.screen() as number:
        yield number


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Where the first Krita leaves what takes it long to find out."""
    return tmp_path_factory.mktemp("krita") / "known"


@pytest.fixture
def lab(display, tmp_path, known):
    made = krita_lab.Lab.make(tmp_path / "krita", display, known)
    yield made
    if not known.exists():
        made.keep(known)
    shutil.rmtree(made.folder / "data")


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """A daemon whose work is scripted, step by step."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))  # where its workers find the script
    running, stop = start(tmp_path / "daemon")
    yield running
    stop()


@pytest.mark.parametrize("script", ["pixels", "layer_types"])
def test_pixels_there_and_back(lab, painter, script):
    lab.introduce(painter.url, TOKEN, INSTANCE)
    all_well(lab.run(script), CASES[script])


def test_a_painting_in_the_layers_place(lab, scripted):
    lab.introduce(scripted.url, TOKEN, INSTANCE)
    all_well(lab.run("replacing", rounds=ROUNDS), CASES["replacing"])


def test_troubles_and_the_docker(lab, scripted):
    lab.introduce(scripted.url, TOKEN, INSTANCE)
    all_well(lab.run("troubles", url=scripted.url, token=TOKEN, fails=FAILS, dies=DIES), CASES["troubles"])


def test_a_daemon_that_is_not_there(lab, tmp_path):
    environment = {"PYTHONPATH": str(TESTS), "IMPASTO_RUNTIME_DIR": str(lab.runtime), "IMPASTO_DATA_DIR": str(tmp_path / "data")}
    words = " ".join(f"{name}={value}" for name, value in environment.items())
    serve = ["/bin/sh", "-c", f'exec env {words} "$0" -c "$1"', sys.executable, SCRIPTED]
    try:
        all_well(lab.run("starting", serve=serve, environment={}), 4)
    finally:
        runtime_file = lab.runtime / "daemon.json"
        if runtime_file.exists():
            os.kill(json.loads(runtime_file.read_text("utf-8"))["pid"], signal.SIGTERM)


def test_krita_is_closed_in_the_middle(lab, scripted):
    lab.introduce(scripted.url, TOKEN, INSTANCE)
    said = lab.run("quitting", url=scripted.url, token=TOKEN)
    assert "QUITTING" in said and "Error" not in said and "Traceback" not in lab.errors(), said + lab.errors()


def test_the_interface_never_stands_still(lab, painter):
    """By the processor's time of its own; by the clock as well with TEST_KRITA_SPEED, on an idle machine."""
    lab.introduce(painter.url, TOKEN, INSTANCE)
    all_well(lab.run("large", most=GAP_MS, by_the_clock="TEST_KRITA_SPEED" in os.environ), 2)


def test_the_docker_is_seen_at_work(lab, painter):
    """What docs/pictures shows: TEST_KRITA_PICTURES names a folder for it."""
    lab.introduce(painter.url, TOKEN, INSTANCE)
    all_well(lab.run("looks", photo=str(PHOTO)), 1)
    pictures = sorted(lab.folder.glob("*.png"))
    assert len(pictures) >= 9
    if os.environ.get("TEST_KRITA_PICTURES"):
        for picture in pictures:
            shutil.copy(picture, os.environ["TEST_KRITA_PICTURES"])


def test_a_krita_that_is_killed_leaves_no_job_behind(lab, scripted):
    lab.introduce(scripted.url, TOKEN, INSTANCE)
    process = lab.start("endless", lease=2)
    job, deadline = lab.folder / "job", time.monotonic() + 90
    try:
        while not (job.exists() and job.read_text()):
            assert time.monotonic() < deadline and process.poll() is None, lab.said() + lab.errors()
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    time.sleep(8)  # asking would be to say that somebody is there
    with scripted.client() as client:
        assert client.get(f"/v1/jobs/{job.read_text()}").json()["state"] == "cancelled"
