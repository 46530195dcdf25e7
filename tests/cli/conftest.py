"""The command line as a user has it: `main` in this process, and a real daemon (with a scripted worker) in another."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from impasto import images
from impasto.api.runtime import find_daemon
from impasto.cli import main
from impasto.paths import Paths
from impasto.settings import Settings

TESTS = Path(__file__).resolve().parents[1]
DAEMON = (
    "from impasto.api.server import serve\nfrom impasto.settings import Settings\nfrom impasto.paths import Paths\n"
    "settings = Settings.load()\nserve(settings, Paths.of(settings), work='api.script:table')"
)
START_WITHIN_S = 60


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Nothing of the user's own is read or written."""
    monkeypatch.setenv("IMPASTO_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("IMPASTO_DATA_DIR", str(tmp_path / "data"))
    for module in ("configuration", "config"):
        monkeypatch.setattr(f"impasto.cli.{module}.user_config", lambda: tmp_path / "own" / "config.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def impasto(capsys):
    """``impasto("config", "show")`` in this process."""

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        reply = capsys.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else int(code is not None), reply.out, reply.err)

    return run


def command(*arguments: object, **more) -> subprocess.Popen:
    """``impasto`` in a process of its own, which can be interrupted."""
    return subprocess.Popen(
        [sys.executable, "-m", "impasto.cli", *map(str, arguments)],
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        **more,
    )


def until(condition, what: str, within: float = 60) -> None:
    """Wait for ``condition``."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


def paint(path: Path, colour=(40, 90, 200), side: int = 32, alpha: bool = False) -> Path:
    """A small picture with something on it, in the format of its name."""
    rgb = np.full((side, side * 2, 3), colour, np.uint8)
    rgb[side // 4 : side // 2] = 255 - rgb[side // 4 : side // 2]
    opacity = np.linspace(0, 255, side * side * 2).reshape(side, side * 2).astype(np.uint8) if alpha else None
    picture = images.Picture(rgb=rgb.astype(np.float32) / 255, alpha=opacity, dtype=np.dtype(np.uint8), format="png")
    path.write_bytes(images.encode(picture, {".jpg": "jpeg"}.get(path.suffix, path.suffix[1:])))
    return path


@pytest.fixture
def photo(tmp_path):
    return paint(tmp_path / "photo.png", alpha=True)


@pytest.fixture
def style(tmp_path):
    return paint(tmp_path / "style.png", (200, 60, 20))


@pytest.fixture(scope="module")
def daemon_process(tmp_path_factory):
    """One daemon for a module, in a process of its own. Answers the environment in which it is found."""
    folder = tmp_path_factory.mktemp("daemon")
    environment = {"IMPASTO_RUNTIME_DIR": str(folder / "run"), "IMPASTO_DATA_DIR": str(folder / "data")}
    process, _ = start_daemon(environment)
    yield environment
    process.terminate()
    process.wait(30)


@pytest.fixture
def daemon(daemon_process, monkeypatch):
    """The module's daemon is the one that commands find."""
    for name, value in daemon_process.items():
        monkeypatch.setenv(name, value)
    return find_daemon(Paths.of(Settings.load()))


def start_daemon(environment: dict[str, str]):
    """A daemon with a scripted worker, as soon as it answers."""
    whole = {**os.environ, **environment, "PYTHONPATH": str(TESTS)}
    process = subprocess.Popen([sys.executable, "-c", DAEMON], env=whole)
    runtime = Path(environment["IMPASTO_RUNTIME_DIR"])
    paths = Paths(data=runtime, weights=runtime, drop_in=runtime, runtime=runtime)
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        if find_daemon(paths):
            return process, paths
        time.sleep(0.05)
    process.kill()
    raise AssertionError("the daemon did not start")
