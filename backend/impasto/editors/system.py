"""The machine as the search for editors sees it: which system, whose home, what is on the path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

VERSION_TIMEOUT_S = 10
"""Seconds that a program may take to tell its version."""


@dataclass(frozen=True)
class System:
    """``platform``: as sys.platform; ``home``: the user's; ``root``: what absolute places are under, another one only in tests."""

    platform: str = field(default_factory=lambda: sys.platform)
    home: Path = field(default_factory=Path.home)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    root: Path = field(default_factory=lambda: Path("/"))

    @property
    def windows(self) -> bool:
        """Whether this is Windows."""
        return self.platform == "win32"

    @property
    def mac(self) -> bool:
        """Whether this is macOS."""
        return self.platform == "darwin"

    @property
    def linux(self) -> bool:
        """Whether this is Linux, or another Unix that keeps to its conventions."""
        return not (self.windows or self.mac)

    def place(self, variable: str, otherwise: str) -> Path:
        """The folder that an environment variable names, else ``otherwise``, which is under the home folder."""
        return Path(self.environment.get(variable) or self.home / otherwise)

    def user_folder(self, windows: tuple[str, str], mac: str, linux: tuple[str, str]) -> Path:
        """One of the user's folders, by each system's rule: variable and what is under the home folder without it."""
        if self.mac:
            return self.home / mac
        return self.place(*(windows if self.windows else linux))

    def on_path(self, pattern: str) -> Iterator[Path]:
        """The programs on the path whose whole name matches a regular expression."""
        for folder in self.environment.get("PATH", "").split(os.pathsep):
            try:
                names = sorted(entry.name for entry in Path(folder).iterdir()) if folder else []
            except OSError:  # a path often names folders that are not there
                continue
            for name in names:
                if re.fullmatch(pattern, name) and shutil.which(name, path=folder):
                    yield Path(folder) / name


def text_of(file: Path) -> str:
    """A file's text; empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def first_release(folder: Path, names: Iterable[str]) -> str:
    """The newest version that one of the metainfo files called ``names`` in ``folder`` tells of; empty where none does."""
    for file in (file for name in names for file in sorted(folder.glob(name))):
        releases = re.findall(r"<release\b[^>]*?\bversion=[\"']([^\"']+)", text_of(file))
        if releases:
            return max(releases, key=version_key)
    return ""


def version_key(version: str) -> tuple[int, ...]:
    """``3.0.4`` as a tuple, for comparing."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def reported_version(program: Path) -> str:
    """The version that ``program --version`` prints; empty where it does not."""
    try:
        completed = subprocess.run([program, "--version"], capture_output=True, timeout=VERSION_TIMEOUT_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"\d+\.\d+(\.\d+)*", completed.stdout.decode("utf-8", "replace"))
    return found.group() if found else ""
