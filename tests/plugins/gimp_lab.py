"""One GIMP for a test: a fresh profile in the chroot, the plug-in in it as a user has it, and a daemon outside that it finds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.conftest import SECRET

from .gimp_chroot import CLEAN

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
SCRIPTS = Path(__file__).resolve().parent / "in_gimp"
PLUGIN = "impasto-neural-style"
GIMPRC = '(config-version "{version}")\n(show-welcome-dialog no)\n(check-updates no)\n'
KNOWN = {"3.0": "3.0.4", "3.2": "3.2.6"}
"""A profile of an older version is greeted with a window."""

CONSOLE_S = 240


@dataclass
class Lab:
    """``root``: the chroot; ``inside``: the lab's folder as GIMP sees it. The folder is one of its own, and goes with the test."""

    root: Path
    inside: str

    @classmethod
    def make(cls, root: Path) -> Lab:
        lab = cls(root, f"/lab/{uuid.uuid4().hex[:12]}")
        installed = lab.outside / "profile/plug-ins" / PLUGIN
        compiled = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PLUGINS / "gimp" / PLUGIN, installed, ignore=compiled)
        shutil.copytree(PLUGINS / "client/impasto_client", installed / "impasto_client", ignore=compiled)
        (installed / f"{PLUGIN}.py").chmod(0o755)
        shutil.copytree(SCRIPTS, lab.outside / "scripts", ignore=compiled)
        shutil.copy(SCRIPTS / "observed.py", installed)
        with (installed / "dialog.py").open("a", encoding="utf-8") as dialog:
            dialog.write("\n\nimport observed\n\nobserved.observe(Window)\n")
        (lab.outside / "profile/gimprc").write_text(GIMPRC.format(version=KNOWN[root.name[-3:]]), encoding="utf-8")
        (lab.outside / "run").mkdir()
        if lab._known.exists():
            shutil.copyfile(lab._known, lab.outside / "profile/pluginrc")
        return lab

    @property
    def _known(self) -> Path:
        """What GIMP has learnt of its own plug-ins: with it, a fresh profile starts in a third of the time."""
        return self.root / "lab/pluginrc"

    @property
    def outside(self) -> Path:
        """The lab's folder as the tests see it."""
        return self.root / self.inside[1:]

    @property
    def runtime(self) -> Path:
        """The folder in which the plug-in looks for the daemon's runtime file."""
        return self.outside / "run"

    def introduce(self, url: str, token: str, instance: str, version: str = "0.1") -> None:
        """Write the runtime file of a daemon of :mod:`api.conftest`, or one that knows its secret."""
        info = {"url": url, "token": token, "pid": os.getpid(), "instance": instance, "version": version, "secret": SECRET}
        (self.runtime / "daemon.json").write_text(json.dumps(info), encoding="utf-8")

    def console(self, script: str, timeout: float = CONSOLE_S, **options: object) -> str:
        """Run a script of `in_gimp/` in GIMP's console; what it printed. ``options``: what it reads as ``cases.OPTIONS``."""
        command = self._command("gimp-console", "-ids", "--quit", *self._batch(script, options))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout)
        if not self._known.exists() and (self.outside / "profile/pluginrc").exists():
            shutil.copyfile(self.outside / "profile/pluginrc", self._known)
        return done.stdout.decode("utf-8", "replace")

    def start_console(self, script: str, **options: object) -> subprocess.Popen:
        """The same, going on by itself. Its output is a pipe."""
        return subprocess.Popen(
            self._command("gimp-console", "-ids", "--quit", *self._batch(script, options)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def start_window(
        self, script: str, display: int, files: tuple[str, ...] = (), language: str = "", **options: object
    ) -> subprocess.Popen:
        """Run a script in a GIMP with its window on ``display``, and ``files`` of the lab open; it goes on by itself."""
        spoken = [f"LANGUAGE={language}"] if language else []
        opened = [f"{self.inside}/{file}" for file in files]
        command = self._command(
            "gimp",
            "-nsc" if options.get("text") else "-nsfc",
            "--quit",
            *self._batch(script, options),
            *opened,
            environment=[f"DISPLAY=:{display}", *spoken],
        )
        if self.root.name.endswith("3.2"):
            command = ["unshare", "-m", "sh", "-c", f'mount -t proc proc {self.root}/proc && exec "$@"', "sh", *command]
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )

    def do(self, display: int, *words: str) -> str:
        """What a hand does, in xdotool's words; what that answers."""
        command = self._command("xdotool", *words, environment=[f"DISPLAY=:{display}"])
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, text=True).stdout

    def screenshot(self, display: int, name: str) -> Path:
        """A picture of the whole screen."""
        command = self._command("import", "-window", "root", f"{self.inside}/{name}.png", environment=[f"DISPLAY=:{display}"])
        subprocess.run(command, check=True, timeout=30)
        return self.outside / f"{name}.png"

    def _command(self, *command: str, environment: tuple | list = ()) -> list[str]:
        known = [
            "NO_AT_BRIDGE=1",
            "GSETTINGS_BACKEND=memory",
            f"GIMP3_DIRECTORY={self.inside}/profile",
            f"IMPASTO_RUNTIME_DIR={self.inside}/run",
            f"PYTHONPATH={self.inside}/scripts",
            f"LAB={self.inside}",
        ]
        return ["chroot", str(self.root), *CLEAN, *known, *environment, *command]

    def _batch(self, script: str, options: dict) -> list[str]:
        (self.outside / "options.json").write_text(json.dumps(options), encoding="utf-8")
        return ["--batch-interpreter=python-fu-eval", "-b", f"import {script}"]


@contextmanager
def screen(root: Path, size: str = "1280x900"):
    """A display of its own, with a window manager; its number."""
    reading, writing = os.pipe()
    inside = ["chroot", str(root), *CLEAN]
    server = subprocess.Popen(
        [*inside, "Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    manager = None
    try:
        with os.fdopen(reading) as opened:
            number = int(opened.readline())
        manager = subprocess.Popen([*inside, f"DISPLAY=:{number}", "openbox"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        yield number
    finally:
        for process in filter(None, (manager, server)):
            process.terminate()
            process.wait(10)


def why_not_window(root: Path) -> str:
    """Why no window can be shown from this chroot; empty where it can."""
    if sys.platform.startswith("linux") and root.name.endswith("3.2"):
        tried = subprocess.run(["unshare", "-m", "true"], stderr=subprocess.PIPE)
        if tried.returncode:
            return f"GIMP 3.2's window needs /proc, which cannot be mounted here: {tried.stderr.decode().strip()}"
    return ""
