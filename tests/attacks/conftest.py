"""A daemon as `impasto serve` starts it, in a process of its own, with nothing set but its folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from api.raw import poll
from impasto.api import runtime
from impasto.paths import Paths

from .target import Target

STARTS_WITHIN_S = 30


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    """The daemon that every test of this folder attacks; it has to outlive them all."""
    folder = tmp_path_factory.mktemp("target")
    environment = {**os.environ, "IMPASTO_RUNTIME_DIR": str(folder / "run"), "IMPASTO_DATA_DIR": str(folder / "data")}
    paths = Paths(data=folder / "data", weights=folder / "w", drop_in=folder / "d", runtime=folder / "run")
    log = (folder / "log").open("wb")
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    process = subprocess.Popen([sys.executable, "-m", "impasto.cli", "serve"], env=environment, stderr=log, creationflags=flags)
    try:
        def found():
            assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
            return runtime.find_daemon(paths)

        daemon = poll(found, within=STARTS_WITHIN_S)
        yield Target(daemon.url, daemon.token, process.pid, folder)
        assert process.poll() is None, "the daemon did not live through the attacks"
    finally:
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
    said = (folder / "log").read_text(encoding="utf-8", errors="replace")
    assert daemon.token not in said, "the token stands in the log"
    assert "Traceback" not in said, said[-4000:]


@pytest.fixture(autouse=True)
def still_there(target):
    """Whatever was done to it, the daemon answers afterwards."""
    yield
    with target.client(token="") as session:
        assert session.get("/health", timeout=10).status_code == 200
