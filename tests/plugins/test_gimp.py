"""The plug-in in a real GIMP, driven through GIMP's own procedure database, with a real daemon outside.

GIMP 3.0 is tried wherever a chroot can be built (see gimp_chroot.py); 3.2 where its chroot is already there, or with
TEST_GIMP=3.0,3.2. TEST_GIMP=none leaves this out.
"""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from api.conftest import INSTANCE, SECRET, TOKEN, Client
from api.script import DIES, FAILS
from impasto.api import runtime
from impasto.paths import Paths
from impasto_client.parameters import PARAMETERS

from .cases import SCRIPTED, all_well
from .gimp_lab import Lab

TESTS = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # the first of them may build a chroot


@pytest.fixture
def lab(gimp):
    made = Lab.make(gimp)
    yield made
    shutil.rmtree(made.outside, ignore_errors=True)


@pytest.mark.parametrize("script, at_least", [("pixels", 76), ("places", 19), ("arguments", 12), ("again", 12)])
def test_through_the_procedure_database(lab, painter, script, at_least):
    lab.introduce(painter.url, TOKEN, INSTANCE)
    all_well(lab.console(script), at_least)
    if script == "arguments":
        documented((lab.outside / "arguments.txt").read_text(encoding="utf-8").splitlines())


def documented(arguments: list[str]) -> None:
    """What the procedure takes is every parameter there is, and what the docs list."""
    assert {p["name"].replace("_", "-") for p in PARAMETERS} < set(arguments)


def test_the_documented_script(lab, painter):
    lab.introduce(painter.url, TOKEN, INSTANCE)
    text = (TESTS.parent / "docs/gimp.md").read_text(encoding="utf-8")
    (lab.outside / "paint.py").write_text(re.search(r"```python\n(.+?)```", text, re.DOTALL).group(1))
    (lab.outside / "documented.scm").write_text(re.search(r"```scheme\n(.+?)```", text, re.DOTALL).group(1))
    shutil.copyfile(TESTS.parent / "examples/moraine-lake.jpg", lab.outside / "photo.jpg")
    output = lab.console("documented")
    assert "photo.jpg has the layer The Great Wave off Kanagawa" in output and (lab.outside / "photo.jpg.xcf").exists(), output[
        -2000:
    ]
    assert "SCHEME PAINTED The Great Wave off Kanagawa" in output, output[-2000:]


@pytest.mark.skipif("TEST_GIMP_SPEED" not in os.environ, reason="it measures time: set TEST_GIMP_SPEED on an idle machine")
def test_twelve_megapixels_cost_little_more_than_the_painting(lab, painter):
    lab.introduce(painter.url, TOKEN, INSTANCE)
    before = {job.id for job in painter.manager.jobs()}
    output = lab.console("speed", size=[4000, 3000], times=3)
    calls = [[float(when) for when in line.split()[1:]] for line in output.splitlines() if line.startswith("TOOK")]
    jobs = sorted((job for job in painter.manager.jobs() if job.id not in before), key=lambda job: job.created)
    for (began, over), job in zip(calls, jobs, strict=True):
        painting = job.ended - job.started
        print(f"{over - began:.2f} s from the call to the layer, {painting:.2f} s of them painting")
        assert over - began - painting <= 1.5


class Outside:
    """Does what a script in GIMP asks for by files, with a daemon whose work is scripted."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder, self.process, self.pretender, self.over = lab, folder, None, None, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        while not self.over.wait(0.02):
            for request in self.lab.outside.glob("request-*"):
                getattr(self, request.name.removeprefix("request-"))()
                request.unlink()

    def start(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(TESTS),
            "IMPASTO_RUNTIME_DIR": str(self.lab.runtime),
            "IMPASTO_DATA_DIR": str(self.folder / "data"),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPTED], env=environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def falsify(self) -> None:
        file = self.lab.runtime / "daemon.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "token": "wrong"}))

    def impostor(self) -> None:
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                said = {"name": "impasto", "version": "9.0.0", "instance": "i"}
                said["proof"] = runtime.proof(SECRET, self.headers["Impasto-Challenge"])
                self.wfile.write(json.dumps(said).encode())

            def log_message(self, *_words):
                pass

        self.pretender = http.server.HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.pretender.serve_forever, daemon=True).start()
        self.lab.introduce(f"http://127.0.0.1:{self.pretender.server_port}", "t", "i", "9.0.0")

    def depose(self) -> None:
        self.pretender.shutdown()
        self.pretender.server_close()

    def client(self) -> Client:
        info = runtime.read(Paths(self.folder, self.folder, self.folder, self.lab.runtime))
        return Client(info.url, info.token)

    def close(self) -> None:
        self.over.set()
        self.thread.join(10)
        self.kill()


@pytest.fixture
def outside(lab, tmp_path):
    made = Outside(lab, tmp_path)
    yield made
    made.close()


def test_the_daemons_troubles(lab, outside):
    all_well(lab.console("faults", fails=FAILS, dies=DIES), 13)
    with outside.client() as client:
        orphan = client.get(f"/v1/jobs/{(lab.outside / 'orphan').read_text()}").json()
        assert orphan["state"] == "done" and client.get(orphan["links"]["result"]).status_code == 200


def test_a_gimp_that_is_killed_leaves_no_job_behind(lab, outside):
    outside.start()
    while not (lab.runtime / "daemon.json").exists():
        time.sleep(0.05)
    process = lab.start_console("endless")
    job = lab.outside / "job"
    deadline = time.monotonic() + 60
    while not (job.exists() and job.read_text()):
        assert time.monotonic() < deadline and process.poll() is None, process.stdout.read().decode()[-2000:]
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    with outside.client() as client:
        asked = job.read_text()
        time.sleep(8)  # asking would be to say that somebody is there
        assert client.get(f"/v1/jobs/{asked}").json()["state"] == "cancelled"
