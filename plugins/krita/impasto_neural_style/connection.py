"""The daemon on this computer: found by its runtime file, started where it does not run, asked without ever blocking."""

import os
import time

from .client import places, starter, wire, words
from .qt import QtCore, Signal
from .texts import _
from .transport import Transport

START_S = 40
"""So long a daemon that was just started may take to answer."""

LOOK_MS, AGAIN_MS = 300, 700
"""Between two looks for a daemon that starts; before a request is sent again."""

IDLE, LOOKING, STARTING, READY, CLOSED = "idle", "looking", "starting", "ready", "closed"


class Connection(QtCore.QObject):
    """Finds the daemon when the first question comes, and again when it has gone."""

    ready = Signal()
    troubled = Signal(str)
    """A sentence for the user: what is wrong with the daemon, and what to do."""

    def __init__(self, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._starter = starter.Starter(os.path.dirname(os.path.abspath(__file__)))
        self.state, self.daemon = IDLE, None
        self._transport, self._waiting, self._process, self._until, self._failed = Transport(self), [], None, 0.0, 0

    def connect_daemon(self):
        """Find or start it; :attr:`ready` or :attr:`troubled` is heard of."""
        if self.state == IDLE:
            self.state, self._process = LOOKING, None
            self._look(self._starter.runtime_files())

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

    def _look(self, files):
        """Ask the daemons that these runtime files tell of, one after the other, whether they are there."""
        if self.state == CLOSED:
            return
        if not files:
            self._nobody()
            return
        told = places.read_runtime(starter.text_of(files[0]))
        if told is None:
            self._look(files[1:])
            return
        self._transport.send(
            told, wire.health(), lambda status, body: self._met(told, status, body, files[1:]), lambda reason: self._look(files[1:])
        )

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
            command = self._starter.command()
            if not command:
                self._trouble(_(words.NOT_INSTALLED).format(editor="krita"))
                return
            try:
                self._process = self._starter.start(command)
            except OSError as error:
                self._trouble(_(words.NOT_INSTALLED).format(editor="krita") + "\n\n" + str(error))
                return
            self.state, self._until, self._failed = STARTING, time.monotonic() + START_S, 0
        # One that failed may have met another that was just starting: look some times more.
        self._failed += self._process.poll() not in (None, 0)
        if time.monotonic() > self._until or self._failed > 5:
            sandboxed_text = _(words.SANDBOXED).format(editor="Krita", app="org.kde.krita")
            self._trouble(sandboxed_text if self._starter.sandboxed() else _(words.NOT_STARTED))
            return
        QtCore.QTimer.singleShot(LOOK_MS, lambda: self._look(self._starter.runtime_files()))

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
