"""Replacing a layer is two steps to Krita, a layer more and one less; with this, one Undo takes both back, one Redo both again."""

from .qt import QtCore
from .source import is_idle, is_open, node_of

TRIES, PAUSE_MS = 120, 25
"""Krita undoes a little later than it is told to."""


_instances = []


def of(krita):
    """The one instance for this Krita."""
    if not _instances:
        _instances.append(ReplacementUndo(krita))
    return _instances[0]


class ReplacementUndo(QtCore.QObject):
    """Watches Undo and Redo of the documents in which something was replaced."""

    def __init__(self, krita, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._krita, self._pairs, self._latest = krita, [], 0
        for name in ("edit_undo", "edit_redo"):
            action = krita.action(name)
            if action is not None:
                action.triggered.connect(lambda _checked=False, action=action: self._begin(action))

    def remember(self, document, new, old):
        """``new`` has taken the place of ``old`` (their ids) in a document."""
        self._pairs = [pair for pair in self._pairs if is_open(self._krita, pair[0])] + [(document, new, old)]

    def _begin(self, action):
        self._latest += 1
        self._check(action, self._latest, TRIES)

    def _check(self, action, number, tries, settled=False):
        """``settled``: the last look has found all at rest, too, so that the list of layers knows what has happened."""
        if number != self._latest:  # the other way round by now
            return
        document = self._krita.activeDocument()
        pairs = [pair for pair in self._pairs if document is not None and pair[0] == document]
        if not pairs or not tries:
            return
        # Both there is what neither of the two steps is meant to end with. While Krita is at work, its actions do nothing.
        both = any(node_of(document, new) is not None and node_of(document, old) is not None for _document, new, old in pairs)
        ready = both and action.isEnabled() and is_idle(document)
        if ready and settled:
            action.trigger()
            return
        QtCore.QTimer.singleShot(PAUSE_MS, lambda: self._check(action, number, tries - 1, ready))
