"""A style that is being learnt: followed until it is there, from whatever session it was asked for."""

import uuid

from .client import job_client as jobs
from .client import messages
from .qt import QtCore, Signal
from .translation import _


class Training(QtCore.QObject):
    """``running``: whether one is; ``name``: the style's; ``sentence``, ``fraction``: how far it is."""

    changed = Signal()
    learnt = Signal(list)
    """The ids of the new styles."""

    def __init__(self, connection, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.running, self.name, self.sentence, self.fraction = False, "", "", 0.0
        self._connection, self._job_client = connection, None

    def begin(self, name, picture):
        """Learn ``picture`` (a file's bytes) as a fast style. It goes on when Krita is closed."""
        self._follow(jobs.JobClient.train(name, picture, uuid.uuid4().hex), name)

    def resume(self, job):
        """Follow one that is under way, as the daemon lists it."""
        if not self.running:
            names = (job.get("parameters") or {}).get("name") or []
            self._follow(jobs.JobClient.resume(job, has_picture=False), names if isinstance(names, str) else ", ".join(names))

    def stop(self):
        """Give it up: the style is not learnt."""
        if self.running:
            self._connection.stop(self._job_client, keep=False)

    def _follow(self, job_client, name):
        self.running, self.name, self._job_client, self.fraction = True, name, job_client, 0.0
        self._say(_("Waiting for Impasto…"))
        self._connection.run(job_client, self._news)

    def _news(self, job_client):
        if job_client is not self._job_client:
            return
        self.fraction = job_client.job.get("fraction") or 0.0
        if not job_client.ended:
            self._say(messages.progress(job_client.job, _))
            return
        self.running = False
        if job_client.state == jobs.DONE:
            self._say(_("Learnt. The new style paints in seconds."))
            self.learnt.emit(list((job_client.job.get("result") or {}).get("styles") or []))
        else:
            self._say(messages.error(job_client.error, _) if job_client.error else _("Discarded."))

    def _say(self, sentence):
        self.sentence = sentence
        self.changed.emit()
