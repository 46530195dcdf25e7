from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from .daemon import Daemon


@pytest.fixture
def started(tmp_path):
    """Start daemons on a folder of their own; none outlives the test."""
    daemons = []

    def start(folder=None, wrapper=(), **settings):
        named = {f"IMPASTO_{name.upper()}": str(value) for name, value in settings.items()}
        daemons.append(Daemon(folder or tmp_path / f"daemon-{len(daemons)}", named, list(wrapper)))
        return daemons[-1].start()

    yield start
    for daemon in daemons:
        daemon.stop()


@pytest.fixture
def humble():
    """What starts a program that permissions stop, whoever runs the tests."""
    if sys.platform == "win32":
        pytest.skip("needs permissions as Unix knows them")
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("the administrator is stopped by no permissions, and there is no setpriv to give that up")
    return ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


@pytest.fixture
def disk(tmp_path):
    """A file system of 8 MB that can be filled, emptied and made read-only."""
    small = Disk(tmp_path / "disk")
    try:
        small.mount()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here, which takes Linux and its administrator: {error}")
    yield small
    small.writable(True)
    subprocess.run(["umount", "-l", small.folder], check=True)


class Disk:
    """A tmpfs at ``folder``."""

    def __init__(self, folder):
        self.folder = folder

    def mount(self):
        if sys.platform != "linux":
            raise OSError(sys.platform)
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", self.folder], check=True, capture_output=True)

    def writable(self, is_it):
        # "-f" would be refused while files are open; a bind-less remount of a tmpfs is not.
        subprocess.run(["mount", "-o", "remount,rw" if is_it else "remount,ro", self.folder], check=is_it, capture_output=True)

    def fill(self):
        with (self.folder / "filling").open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def empty(self):
        (self.folder / "filling").unlink()
