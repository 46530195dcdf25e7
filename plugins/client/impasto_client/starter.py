"""Starting the daemon, and reading what tells of it, in just the same way from every editor.

The one part of the client that touches this computer: files and a process, never a socket.
"""

import os
import shutil
import subprocess
import sys

from . import places


def text_of(file):
    """A small file's text; empty where it cannot be read."""
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read(16384)
    except (OSError, ValueError):
        return ""


class Starter:
    """``folder``: the plug-in's own, where `impasto plugins install` writes down how to start the daemon."""

    def __init__(self, folder):
        self._file = os.path.join(folder, places.COMMAND_FILE)

    def launch(self):
        """What the installer wrote down, or None: then the plug-in was unpacked by hand."""
        return places.read_launch(text_of(self._file))

    def runtime_files(self):
        """Where a running daemon may have written down its address."""
        return places.runtime_files(sys.platform, os.environ, os.path.expanduser("~"), self.launch())

    def sandboxed(self):
        """Whether the editor is a Flatpak."""
        return os.path.exists(places.SANDBOX_MARK)

    def command(self):
        """How to start the daemon: as the installer wrote it down, else by what is on the path; empty where it is not installed."""
        launch, home = self.launch(), os.path.expanduser("~")
        if launch and self.sandboxed():  # whether the program is there cannot be seen from inside
            return places.from_a_sandbox(launch, home)
        if launch and os.path.exists(launch.serve[0]):
            return launch.serve
        known = shutil.which("impasto", path=places.program_folders(sys.platform, os.environ, home))
        return [known, "serve"] if known else []

    def start(self, command):
        """Start the daemon so that it outlives the editor. Returns its process; raises ``OSError``."""
        # A hidden console, which the daemon's workers share: without one each would open a window of its own.
        apart = {"creationflags": 0x08000000 | 0x00000200} if sys.platform == "win32" else {"start_new_session": True}
        launch = self.launch()
        with _log(launch) as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                close_fds=True,
                env=places.daemon_environment(os.environ, launch),
                **apart,
            )


def _log(launch):
    """An open file for what the daemon says: the one that the installer named, or none."""
    try:
        os.makedirs(os.path.dirname(launch.log), exist_ok=True)
        return open(launch.log, "wb")
    except (OSError, AttributeError):
        return open(os.devnull, "wb")
