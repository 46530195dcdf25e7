"""Long work in small steps between the events of the interface, so that the canvas never freezes."""

import time

from .qt import QtCore

SLICE_S = 0.02
"""How long steps are taken before the interface has its turn again; a single one takes some milliseconds."""

WAIT = "wait"


class IncrementalTask(QtCore.QObject):
    """Runs a generator whose steps are short. ``done(value)``: it returned; ``failed(error)``: it raised.

    A step that yields :data:`WAIT` wants everybody else to have a turn first.
    """

    def __init__(self, work, done, failed, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._work, self._done, self._failed = work, done, failed
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def stop(self):
        """No further step."""
        self._timer.stop()
        if self._work is not None:
            self._work.close()
            self._work = None

    def _turn(self):
        until = time.monotonic() + SLICE_S
        try:
            while time.monotonic() < until:
                if next(self._work) is WAIT:
                    break
        except StopIteration as end:
            self._end(self._done, end.value)
        except Exception as error:
            self._end(self._failed, error)

    def _end(self, then, value):
        self._timer.stop()
        self._work = None
        then(value)
