"""The daemon under attack, and what every one of its answers has to be."""

from __future__ import annotations

import getpass
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import impasto
import psutil
from api.conftest import Client
from api.raw import exchange, poll
from impasto.api import runtime
from impasto.errors import all_errors
from impasto.paths import Paths

CODES = {kind.code for kind in all_errors()}

START_TIMEOUT_S = 30

LEAKS = re.compile(r"Traceback|File \\?\"|site-packages|\.py\b|0x[0-9a-f]{8,}")
"""Signs of a program that talks about itself."""


@dataclass
class Target:
    """Where it is, what opens it, and the process to watch."""

    url: str
    token: str
    pid: int
    folder: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.pid)

    def client(self, token: str | None = None) -> Client:
        return Client(self.url, self.token if token is None else token)

    def send(self, request: bytes, **options):
        """Bytes as they are; the answer, which must be a sound one."""
        status, headers, body = exchange(self.port, request, **options)
        self.check(status, headers, body)
        return status, headers, body

    def check(self, status: int, headers, body: bytes) -> None:
        """No failure of the daemon's own, one error shape, no word about its inside."""
        headers = {name.lower(): value for name, value in headers.items()}
        assert 200 <= status < 500 or (status == 503 and int(headers["retry-after"]) > 0), (status, body[:500])
        text = body.decode("utf-8", "replace")
        if status >= 400 and body and not headers["content-type"].startswith("text/html"):
            error = json.loads(body)["error"]
            assert set(json.loads(body)) == {"error"} and set(error) <= {"code", "message", "hint", "field"}
            assert error["code"] in CODES and error["message"].strip()
            assert not LEAKS.search(text), text
        for secret in self.secrets():
            assert secret not in text, f"{secret!r} in {text[:500]}"

    def secrets(self) -> list[str]:
        """What no answer may name: the token, folders of this machine, who uses it."""
        folders = [self.folder, Path.home(), Path(impasto.__file__).parent, Path(tempfile.gettempdir()) / "pytest"]
        user = getpass.getuser()
        return [self.token, *map(str, folders), *([f"/{user}", f"\\{user}"] if len(user) > 2 else []), os.getcwd()]


@contextmanager
def default_start(folder: Path, *before: str) -> Iterator[Target]:
    """A daemon as `impasto serve` starts it, with nothing set but its folders. It has to live until the end, and to say nothing
    in its log that it should not. ``before``: words that start it in another way, before its command."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
    environment = {**inherited, "IMPASTO_RUNTIME_DIR": str(folder / "run"), "IMPASTO_DATA_DIR": str(folder / "data")}
    paths = Paths(data=folder / "data", weights=folder / "w", drop_in=folder / "d", runtime=folder / "run")
    log = (folder / "log").open("wb")
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    command = [*before, sys.executable, "-m", "impasto.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, creationflags=flags)

    def find() -> runtime.Daemon | None:
        assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
        return runtime.find_daemon(paths)

    try:
        daemon = poll(find, within=START_TIMEOUT_S)
        yield Target(daemon.url, daemon.token, process.pid, folder)
        assert process.poll() is None, "the daemon did not live through the attacks"
    finally:
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
    log_text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    assert daemon.token not in log_text, "the token stands in the log"
    assert "Traceback" not in log_text, log_text[-4000:]
