"""The daemon on this computer: found by its runtime file, started where it does not run, asked without ever blocking."""

import os
import shutil
import subprocess
import sys
import time

from .client import places, wire, words
from .qt import QtCore, Signal
from .texts import _
from .transport import Transport

START_S = 40
"""So long a daemon that was just started may take to answer."""

LOOK_MS, AGAIN_MS = 300, 700
"""Between two looks for a daemon that starts; before a request is sent again."""

COMMAND_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), places.COMMAND_FILE)
"""Written by `impasto plugins install`: how to start the daemon, and where its runtime file lies."""

IDLE, LOOKING, STARTING, READY, CLOSED = "idle", "looking", "starting", "ready", "closed"


class Connection(QtCore.QObject):
    """Finds the daemon when the first question comes, and again when it has gone."""

    ready = Signal()
    troubled = Signal(str)
    """A sentence for the user: what is wrong with the daemon, and what to do."""

    def __init__(self, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.state, self.daemon = IDLE, None
        self._transport, self._waiting, self._process, self._until, self._failed = Transport(self), [], None, 0.0, 0

    def connect_daemon(self):
        """Find or start it; :attr:`ready` or :attr:`troubled` is heard of."""
        if self.state == IDLE:
            self.state, self._process = LOOKING, None
            self._look(self._files())

    def close(self):
        """No news from now on. What was asked and queued goes on without us; jobs that nobody asks about end by themselves."""
        self._waiting, self.state = [], CLOSED
        self._transport.close()

    def ask(self, request, then, lost=None):
        """Send a request; ``then(status, body)``, or ``lost(reason)`` where no answer came."""
        if self.state == CLOSED:
            return
        if self.state == READY:
            self._transport.send(self.daemon, request, then, lambda reason: self._gone(reason, lost))
        else:
            self._waiting.append((request, then, lost))
            self.connect_daemon()

    def carry_out(self, errand, news):
        """Send an errand's requests one after the other; ``news(errand)`` after each, and once it has ended."""
        if errand.request is None:
            news(errand)
            return
        request = errand.request

        def again():
            self.carry_out(errand, news)

        def answered(status, body):
            errand.answered(status, body)
            if errand.request is request:  # turned away for now
                QtCore.QTimer.singleShot(AGAIN_MS, again)
                return
            if not errand.ended:
                news(errand)
            again()

        def lost(reason):
            errand.lost(reason)
            QtCore.QTimer.singleShot(AGAIN_MS, again)
        self.ask(request, answered, lost)

    def stop(self, errand, keep):
        """Stop an errand at once: the daemon may be holding its question until there is news. ``keep``: what there is."""
        (errand.finish if keep else errand.cancel)()
        if errand.job.get("id") and not errand.ended:
            self.ask((wire.finish if keep else wire.cancel)(errand.job["id"]), lambda status, body: None)

    # -- finding and starting ----------------------------------------------------------------------------------------

    def _files(self):
        return places.runtime_files(sys.platform, os.environ, os.path.expanduser("~"), launch())

    def _look(self, files):
        """Ask the daemons that these runtime files tell of, one after the other, whether they are there."""
        if self.state == CLOSED:
            return
        if not files:
            self._nobody()
            return
        told = places.read_runtime(text_of(files[0]))
        if told is None:
            self._look(files[1:])
            return
        self._transport.send(told, wire.health(), lambda status, body: self._met(told, status, body, files[1:]),
                             lambda reason: self._look(files[1:]))

    def _met(self, told, status, body, others):
        try:
            said = wire.read(status, body)
        except wire.Refused:
            said = {}
        if said.get("instance") != told.instance:
            self._look(others)
        elif not str(said.get("version", "")).startswith(("0.", "1.")):
            self._trouble(_(words.OTHER_VERSION).format(version=said.get("version"), editor="krita"))
        else:
            self.daemon, self.state = told, READY
            waiting, self._waiting = self._waiting, []
            self.ready.emit()
            for request, then, lost in waiting:
                self.ask(request, then, lost)

    def _nobody(self):
        if self.state == LOOKING:
            command = start_command()
            if not command:
                self._trouble(_(words.NOT_INSTALLED).format(editor="krita"))
                return
            try:
                self._process = start(command)
            except OSError as error:
                self._trouble(_(words.NOT_INSTALLED).format(editor="krita") + "\n\n" + str(error))
                return
            self.state, self._until, self._failed = STARTING, time.monotonic() + START_S, 0
        # One that failed may have met another that was just starting: look some times more.
        self._failed += self._process.poll() not in (None, 0)
        if time.monotonic() > self._until or self._failed > 5:
            sandboxed_text = _(words.SANDBOXED).format(editor="Krita", app="org.kde.krita")
            self._trouble(sandboxed_text if sandboxed() else _(words.NOT_STARTED))
            return
        QtCore.QTimer.singleShot(LOOK_MS, lambda: self._look(self._files()))

    def _trouble(self, sentence):
        self.state, waiting, self._waiting = IDLE, self._waiting, []
        self.troubled.emit(sentence)
        for _request, _then, lost in waiting:
            if lost is not None:
                lost(sentence)

    def _gone(self, reason, lost):
        if self.state != CLOSED:
            self.state = IDLE  # it may have been started anew, at another address
        if lost is not None:
            lost(reason)


def text_of(file):
    """A small file's text; empty where it cannot be read."""
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read(16384)
    except (OSError, ValueError):
        return ""


def launch():
    """What the installer wrote down, or None: then the plug-in was unpacked by hand."""
    return places.read_launch(text_of(COMMAND_FILE))


def sandboxed():
    """Whether Krita is a Flatpak."""
    return os.path.exists(places.SANDBOX_MARK)


def start_command():
    """How to start the daemon: as the installer wrote it down, else by what is on the path; empty where it is not installed."""
    told = launch()
    if told and sandboxed():  # whether the program is there cannot be seen from inside
        return places.from_a_sandbox(told, os.path.expanduser("~"))
    if told and os.path.exists(told.serve[0]):
        return told.serve
    known = shutil.which("impasto", path=places.program_folders(sys.platform, os.environ, os.path.expanduser("~")))
    return [known, "serve"] if known else []


def start(command):
    """Start the daemon so that it outlives Krita. Answers its process; raises ``OSError``."""
    # A console that nobody sees, which the daemon's workers share: without one each would open a window of its own.
    apart = {"creationflags": 0x08000000 | 0x00000200} if sys.platform == "win32" else {"start_new_session": True}
    told = launch()
    with _log(told) as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, close_fds=True,
                                env=places.daemon_environment(os.environ, told), **apart)


def _log(told):
    try:
        os.makedirs(os.path.dirname(told.log), exist_ok=True)
        return open(told.log, "wb")
    except (OSError, AttributeError):
        return open(os.devnull, "wb")
