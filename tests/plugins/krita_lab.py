"""A real Krita for a test: a fresh profile with the plug-in installed in it, a screen of its own, and a second plug-in that drives.
LAB_ONLY=WORDS runs those cases of a script alone whose names have the words in them.

`provide` installs Krita from Debian's packages where it is missing and may be installed (root, apt): half a minute, 310 MB.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.conftest import SECRET
from impasto import editors

SCRIPTS = Path(__file__).resolve().parent / "in_krita"
DRIVER = "impasto_lab"
PACKAGES = ["krita", "python3-pyqt5", "python3-pyqt5.sip", "xvfb", "xauth", "fonts-dejavu-core"]
PATH = "/usr/bin:/bin"
INSTALL_S, RUN_S = 600, 270


class Unavailable(Exception):
    """A sentence: why there can be no Krita here."""


def provide() -> None:
    """Make sure that Krita, its Python and a screen are there. Raises :class:`Unavailable`."""
    if not sys.platform.startswith("linux"):
        raise Unavailable("the real Krita is driven on Linux alone")
    if _there():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"it takes the packages {' '.join(PACKAGES)}, and root and apt to install them")
    apt = ["apt-get", "-qy", "-o", "DPkg::Lock::Timeout=300"]
    for command in ([*apt, "update"], [*apt, "install", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INSTALL_S,
        )
        if done.returncode:
            raise Unavailable(f"{' '.join(command[:2])} failed: {done.stdout.decode('utf-8', 'replace').strip()[-300:]}")
    if not _there():
        raise Unavailable("Krita's packages are installed, and yet it is not there")


def _there() -> bool:
    if not all(shutil.which(program, path=PATH) for program in ("krita", "Xvfb")):
        return False
    return (
        subprocess.run(
            ["/usr/bin/python3", "-c", "import PyQt5.QtNetwork"], env={"PATH": PATH}, stderr=subprocess.DEVNULL
        ).returncode
        == 0
    )


@dataclass
class Lab:
    """``folder``: the profile, the runtime file and what the scripts leave lie in it; ``display``: the screen's number."""

    folder: Path
    display: int

    @classmethod
    def make(cls, folder: Path, display: int, known: Path | None = None, language: str = "") -> Lab:
        """``known``: what an earlier one has kept, if it has."""
        lab = cls(folder, display)
        if known is not None and known.exists():
            shutil.copytree(known, folder / "data/krita")
        pykrita = folder / "data/krita/pykrita"
        editor = editors.Editor("krita", "", "native", pykrita, None, folder / "config/kritarc")
        editors.install(editor, editors.bundle("krita"), {"serve": [], "runtime": "", "log": "", "environment": {}})
        shutil.copytree(SCRIPTS, pykrita, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        kritarc = folder / "config/kritarc"
        kritarc.write_text(kritarc.read_text("utf-8") + f"enable_{DRIVER}=true\n", encoding="utf-8")
        if language:
            (folder / "config/klanguageoverridesrc").write_text(f"[Language]\nkrita={language}\n", encoding="utf-8")
        lab.runtime.mkdir(parents=True)
        return lab

    def keep(self, known: Path) -> None:
        """Keep what Krita has learnt of its own resources: with it, a fresh profile starts in a third of the time."""
        part = known.with_name(known.name + ".part")
        shutil.copytree(self.folder / "data/krita", part, ignore=shutil.ignore_patterns("pykrita", "actions"))
        part.rename(known)

    @property
    def runtime(self) -> Path:
        """The folder in which the plug-in looks for the daemon's runtime file."""
        return self.folder / "run"

    def introduce(self, url: str, token: str, instance: str, version: str = "0.1") -> None:
        """Write the runtime file of a daemon of :mod:`api.conftest`, or one that knows its secret."""
        info = {"url": url, "token": token, "pid": os.getpid(), "instance": instance, "version": version, "secret": SECRET}
        (self.runtime / "daemon.json").write_text(json.dumps(info), encoding="utf-8")

    def start(self, script: str, **options: object) -> subprocess.Popen:
        """Krita with a script of `in_krita/`, going on by itself. ``options``: what it reads as ``OPTIONS``."""
        (self.folder / "options.json").write_text(json.dumps(options), encoding="utf-8")
        environment = {
            "PATH": PATH,
            "HOME": str(self.folder),
            "DISPLAY": f":{self.display}",
            "LANG": "C.UTF-8",
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "IMPASTO_RUNTIME_DIR": str(self.runtime),
            "LAB": str(self.folder),
            "LAB_SCRIPT": script,
            "LAB_ONLY": os.environ.get("LAB_ONLY", ""),
            "QT_LOGGING_RULES": "*.debug=false",
        }
        self.runtime.chmod(0o700)
        with (self.folder / "stderr").open("wb") as errors:
            return subprocess.Popen(
                ["krita", "--nosplash"],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, script: str, timeout: float = RUN_S, **options: object) -> str:
        """The same, until it has ended; what it printed. Whatever keeps it from its end is an error."""
        process = self.start(script, **options)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        said = self.said()
        assert process.returncode == 0, f"exit {process.returncode}\n{said}\n{self.errors()}"
        return said

    def said(self) -> str:
        """What the script has printed so far."""
        log = self.folder / "log"
        return log.read_text("utf-8") if log.exists() else ""

    def errors(self) -> str:
        """The end of what Krita printed."""
        return (self.folder / "stderr").read_text("utf-8", "replace")[-3000:]


@contextmanager
def screen(size: str = "1600x1000") -> Iterator[int]:
    """A display of its own; its number."""
    reading, writing = os.pipe()
    # Krita connects, leaves, and connects again: a server that resets itself in between would turn it away.
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-noreset", "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": PATH},
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as opened:
            yield int(opened.readline())
    finally:
        server.terminate()
        server.wait(10)
