"""A real daemon, as `impasto serve` starts it, that can be killed and started again on the same folders."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from impasto.api import runtime
from impasto.paths import Paths

START_TIMEOUT_S = 60
"""On a machine that does other things as well."""


@dataclass
class Daemon:
    """Where it keeps its things, what is set beyond that (``IMPASTO_`` names and values), and what starts it, such as `nice`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    wrapper: list[str] = field(default_factory=list)
    process: subprocess.Popen | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        return {**plain, "IMPASTO_RUNTIME_DIR": str(self.folder / "run"), "IMPASTO_DATA_DIR": str(self.data), **self.settings}

    @property
    def paths(self) -> Paths:
        weights = Path(self.settings.get("IMPASTO_WEIGHTS_DIR", self.data / "weights"))
        return Paths(data=self.data, weights=weights, drop_in=weights / "drop-in", runtime=self.folder / "run")

    @property
    def log(self) -> str:
        """What all its runs have said."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def spawn(self) -> None:
        """Start it, and do not wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, sys.executable, "-m", "impasto.cli", "serve"],
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def start(self) -> Daemon:
        """Start it, and wait until it answers."""
        self.spawn()
        self.found()
        return self

    def found(self) -> runtime.Daemon:
        """Its address and token, once it answers. Fails where it has ended."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            found = runtime.find_daemon(self.paths)
            if found and runtime.read(self.paths).pid == self.process.pid:
                return found
            assert self.process.poll() is None, f"the daemon did not start:\n{self.log[-4000:]}"
            time.sleep(0.05)
        raise AssertionError(f"the daemon did not answer within {START_TIMEOUT_S} s:\n{self.log[-4000:]}")

    def client(self) -> requests.Session:
        """A session with its token; ask for ``session.url + route``."""
        found = self.found()
        session = requests.Session()
        session.trust_env = False
        session.url = found.url
        session.headers["Authorization"] = f"Bearer {found.token}"
        return session

    def children(self) -> list[psutil.Process]:
        """Its workers, and what they have started."""
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def workers(self) -> list[psutil.Process]:
        """Its workers alone."""
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.process.pid).children()
        return []

    def kill(self, *, with_children: bool = False) -> None:
        """``kill -9``: the daemon, or everything at once as when the power goes."""
        children = self.children() if with_children else []
        self.process.kill()
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it as a user does."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill(with_children=True)
