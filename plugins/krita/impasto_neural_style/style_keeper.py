"""Keep as a style: what a picture was refined to for a painting becomes a style of the user's own, painted in seconds."""

from .client import keeping
from .connection import READY
from .qt import QtCore, Signal
from .translation import _


class StyleKeeper(QtCore.QObject):
    """Asks the daemon, and has the new style listed and chosen."""

    changed = Signal()
    """A result can be kept no longer."""
    message = Signal(str)
    """A sentence for the user."""

    def __init__(self, connection, styles, parent=None):
        """``styles``: the :class:`style_list.StyleList`."""
        QtCore.QObject.__init__(self, parent)
        self._connection, self._styles, self._kept = connection, styles, None
        styles.loaded.connect(self._listed)

    def keep(self, entry, name=""):
        """Keep what a result (a :class:`history.ResultEntry`) was refined to. ``name``: the new style's, where it needs one."""

        def lost(_reason):
            self._answered(entry, 0, b"")

        there = self._connection.state == READY  # else it is looked for first, and the connection says what is wrong with it
        self._connection.ask(
            keeping.request(entry.job, name), lambda status, body: self._answered(entry, status, body), lost if there else None
        )

    def _answered(self, entry, status, body):
        refined = keeping.pictures(entry.job, entry.recipe)
        ids, sentence = keeping.outcome(entry.job, status, body, _)
        self.changed.emit()
        if ids:
            self._kept = sentence, refined
        else:
            self.message.emit(sentence)
        if not keeping.can_be_kept(entry.job):  # it is in the list by now, perhaps by another program's doing
            self._styles.ask(ids)

    def _listed(self):
        if self._kept is not None:  # said only now: the choice of the new style takes back what was said before
            (sentence, refined), self._kept = self._kept, None
            for picture in refined:  # the style has taken its place
                self._styles.remove(picture)
            self.message.emit(sentence)
