"""Replacing a layer is two steps to Krita, a layer more and one less; with this, one Undo takes both back, one Redo both again."""

from .qt import QtCore
from .source import id_of, is_idle, is_open, node_of

PAUSE_MS = 25
"""Between two looks: Krita undoes a little later than it is told to."""

ACTIONS = ("edit_undo", "edit_redo")
"""Each of Krita's windows has its own, in one of its menus."""

_instances = []


def of(krita):
    """The one instance for this Krita."""
    if not _instances:
        _instances.append(ReplacementUndo(krita))
    return _instances[0]


class ReplacementUndo(QtCore.QObject):
    """Watches Undo and Redo, in each of Krita's windows, of the documents in which something was replaced."""

    def __init__(self, krita, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._krita, self._pairs, self._latest = krita, [], 0
        # Held for as long as they are watched: Python's collector takes the handlers away with a wrapper that nobody holds.
        self._actions, self._notifier = [], krita.notifier()
        self._notifier.windowCreated.connect(lambda *_window: QtCore.QTimer.singleShot(0, self._watch))
        self._notifier.setActive(True)

    def remember(self, document, new, old):
        """``new`` has taken the place of ``old`` (their ids) in a document."""
        self._watch()
        self._pairs = [pair for pair in self._pairs if is_open(self._krita, pair[0])] + [(document, new, old)]

    def _watch(self):
        for window in self._krita.windows():
            for menu in (entry.menu() for entry in window.qwindow().menuBar().actions()):
                for action in menu.actions() if menu is not None else ():
                    if action.objectName() in ACTIONS and action not in self._actions:
                        self._actions.append(action)
                        action.triggered.connect(lambda _checked=False, action=action: self._begin(action))

    def _begin(self, action):
        self._latest += 1
        document = self._krita.activeDocument()
        pairs = [pair[1:] for pair in self._pairs if document is not None and pair[0] == document]
        if pairs:
            self._check(action, document, pairs, _state(action, document, pairs), self._latest)

    def _check(self, action, document, pairs, state, number, settled=False):
        """``state``: how it was when this began. ``settled``: the last look has found Krita at rest, too, so that the list of
        layers knows what has happened."""
        # Another undo, or a step of the user's by now: what this action would do next is not the second half any more.
        if number != self._latest or not is_open(self._krita, document) or state != _state(action, document, pairs):
            return
        idle = is_idle(document)
        if idle and settled:
            # Both there is what neither of the two steps is meant to end with.
            if action.isEnabled() and any(node_of(document, new) and node_of(document, old) for new, old in pairs):
                action.trigger()  # which begins anew, and ends once there is one of the two
            return
        QtCore.QTimer.singleShot(PAUSE_MS, lambda: self._check(action, document, pairs, state, number, idle))


def _state(action, document, pairs):
    """What an action would do next, in Krita's words; and the layers (their ids), but for those of ``pairs``."""
    ours, others, waiting = {identity for pair in pairs for identity in pair}, set(), [document.rootNode()]
    while waiting:
        node = waiting.pop()
        if id_of(node) not in ours:
            others.add(id_of(node))
            waiting += node.childNodes()
    return action.text(), others
