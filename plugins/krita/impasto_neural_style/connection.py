"""The daemon on this computer: found by its runtime file, started where it does not run, asked without ever blocking."""

import os
import time

from .client import messages, places, starter, wire
from .qt import QtCore, Signal
from .translation import _
from .transport import Transport

START_S = 40
"""How long a daemon that was just started may take to answer."""

LOOK_MS, AGAIN_MS = 300, 700
"""Between two looks for a daemon that starts; before a request is sent again."""

IDLE, LOOKING, STARTING, READY, CLOSED = "idle", "looking", "starting", "ready", "closed"


class Connection(QtCore.QObject):
    """Finds the daemon when the first question comes, and again when it has gone."""

    ready = Signal()
    failed = Signal(str)
    """A sentence for the user: what is wrong with the daemon, and what to do."""

    def __init__(self, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._starter = starter.Starter(os.path.dirname(os.path.abspath(__file__)))
        self.state, self.daemon = IDLE, None
        self._transport, self._waiting, self._process, self._until, self._failed = Transport(self), [], None, 0.0, 0

    def connect_daemon(self):
        """Find or start it; then :attr:`ready` or :attr:`failed` is emitted."""
        if self.state == IDLE:
            self.state, self._process = LOOKING, None
            self._look(self._starter.runtime_files())

    def close(self):
        """No callbacks from now on. What was queued goes on; a job that no editor asks about is given up by the daemon."""
        self._waiting, self.state = [], CLOSED
        self._transport.close()

    def ask(self, request, then, lost=None):
        """Send a request; ``then(status, body)``, or ``lost(reason)`` where no answer came."""
        if self.state == CLOSED:
            return
        if self.state == READY:
            self._transport.send(self.daemon, request, then, lambda reason: self._request_lost(reason, lost))
        else:
            self._waiting.append((request, then, lost))
            self.connect_daemon()

    def run(self, job_client, changed):
        """Send a job's requests one after the other; ``changed(job_client)`` after each, and once it has ended."""
        if job_client.request is None:
            changed(job_client)
            return
        request = job_client.request

        def again():
            self.run(job_client, changed)

        def answered(status, body):
            job_client.handle_response(status, body)
            if job_client.request is request:  # the daemon was too busy for it
                QtCore.QTimer.singleShot(AGAIN_MS, again)
                return
            if not job_client.ended:
                changed(job_client)
            again()

        def lost(reason):
            job_client.handle_no_response(reason)
            QtCore.QTimer.singleShot(AGAIN_MS, again)

        self.ask(request, answered, lost)

    def stop(self, job_client, keep):
        """Stop a job at once: the daemon may be holding our request until the job changes. ``keep``: what there is."""
        (job_client.finish if keep else job_client.cancel)()
        if job_client.job.get("id") and not job_client.ended:
            self.ask((wire.finish if keep else wire.cancel)(job_client.job["id"]), lambda status, body: None)

    def discard(self, job_client):
        """Stop a job of which nothing is wanted, and have the daemon forget it."""
        job_client.cancel()
        id = job_client.job.get("id")
        if id and not job_client.ended:
            self.ask(wire.cancel(id), lambda status, body: self.forget(id))

    def forget(self, id):
        """Remove a job that has ended, and its pictures."""
        self.ask(wire.remove(id), lambda status, body: None)

    # -- finding and starting ----------------------------------------------------------------------------------------

    def _look(self, files):
        """Ask the daemons that these runtime files tell of, one after the other, whether they are there."""
        if self.state == CLOSED:
            return
        if not files:
            self._none_found()
            return
        candidate = places.read_runtime(starter.text_of(files[0]))
        if candidate is None:
            self._look(files[1:])
            return
        challenge = wire.challenge()
        self._transport.send(
            candidate,
            wire.health(challenge),
            lambda status, body: self._checked(candidate, challenge, status, body, files[1:]),
            lambda reason: self._look(files[1:]),
        )

    def _checked(self, candidate, challenge, status, body, others):
        try:
            health = wire.read_json(status, body)
        except wire.ApiError:
            health = {}
        if not places.is_instance(candidate, challenge, health):
            self._look(others)
        elif not places.is_supported(health):
            self._fail(_(messages.OTHER_VERSION).format(version=health.get("version"), editor="krita"))
        else:
            self.daemon, self.state = candidate, READY
            waiting, self._waiting = self._waiting, []
            self.ready.emit()
            for request, then, lost in waiting:
                self.ask(request, then, lost)

    def _none_found(self):
        if self.state == LOOKING:
            command = self._starter.command()
            if not command:
                self._fail(_(messages.NOT_INSTALLED).format(editor="krita"))
                return
            try:
                self._process = self._starter.start(command)
            except OSError as error:
                self._fail(_(messages.NOT_INSTALLED).format(editor="krita") + "\n\n" + str(error))
                return
            self.state, self._until, self._failed = STARTING, time.monotonic() + START_S, 0
        # One that failed may have met another that was just starting: look some times more.
        self._failed += self._process.poll() not in (None, 0)
        if time.monotonic() > self._until or self._failed > 5:
            sandboxed_text = _(messages.SANDBOXED).format(editor="Krita", app="org.kde.krita")
            self._fail(sandboxed_text if self._starter.sandboxed() else _(messages.NOT_STARTED))
            return
        QtCore.QTimer.singleShot(LOOK_MS, lambda: self._look(self._starter.runtime_files()))

    def _fail(self, sentence):
        self.state, waiting, self._waiting = IDLE, self._waiting, []
        self.failed.emit(sentence)
        for _request, _then, lost in waiting:
            if lost is not None:
                lost(sentence)

    def _request_lost(self, reason, lost):
        if self.state != CLOSED:
            self.state = IDLE  # it may have been started anew, at another address
        if lost is not None:
            lost(reason)
