"""A style that is being learnt: followed until it is there, from whatever session it was asked for."""

import uuid

from .client import errand as errands
from .client import words
from .qt import QtCore, Signal
from .texts import _


class Training(QtCore.QObject):
    """``running``: whether one is; ``name``: the style's; ``sentence``, ``fraction``: how far it is."""

    changed = Signal()
    learnt = Signal(list)
    """The ids of the new styles."""

    def __init__(self, connection, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.running, self.name, self.sentence, self.fraction = False, "", "", 0.0
        self._connection, self._errand = connection, None

    def begin(self, name, picture):
        """Learn ``picture`` (a file's bytes) as a fast style. It goes on when Krita is closed."""
        self._follow(errands.Errand.training(name, picture, uuid.uuid4().hex), name)

    def take_up(self, job):
        """Follow one that is under way, as the daemon lists it."""
        if not self.running:
            names = (job.get("parameters") or {}).get("name") or []
            self._follow(errands.Errand.again(job, picture=False), names if isinstance(names, str) else ", ".join(names))

    def stop(self):
        """Give it up: the style is not learnt."""
        if self.running:
            self._connection.stop(self._errand, keep=False)

    def _follow(self, errand, name):
        self.running, self.name, self._errand, self.fraction = True, name, errand, 0.0
        self._say(_("Waiting for Impasto…"))
        self._connection.carry_out(errand, self._news)

    def _news(self, errand):
        if errand is not self._errand:
            return
        self.fraction = errand.job.get("fraction") or 0.0
        if not errand.ended:
            self._say(words.progress(errand.job, _))
            return
        self.running = False
        if errand.state == errands.DONE:
            self._say(_("Learnt. The new style paints in seconds."))
            self.learnt.emit(list((errand.job.get("result") or {}).get("styles") or []))
        else:
            self._say(errand.error.sentence() if errand.error else _("Discarded."))

    def _say(self, sentence):
        self.sentence = sentence
        self.changed.emit()
