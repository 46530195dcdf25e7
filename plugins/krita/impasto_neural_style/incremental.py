"""Long work in small steps between the events of the interface, so that the canvas never freezes."""

import time

from .qt import QtCore

SLICE_S = 0.02
"""How long steps are taken before the interface has its turn again; a single one takes some milliseconds."""

WAIT = "wait"


class IncrementalTask(QtCore.QObject):
    """Runs a generator whose steps are short. ``done(value)``: it returned; ``failed(error)``: it raised.

    A step that yields :data:`WAIT` wants everybody else to have a turn first. Krita lets its interface have turns in the middle of
    what it is asked to do, and so in the middle of a step: until that is through, no step of any task begins, and a task that is
    stopped there ends with it.
    """

    _in_step = False

    def __init__(self, work, done, failed, parent=None):
        QtCore.QObject.__init__(self, parent)
        self._work, self._done, self._failed, self._stopped, self._own_step = work, done, failed, False, False
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def stop(self):
        """No further step, and neither ``done`` nor ``failed``."""
        self._timer.stop()
        self._stopped = True
        if not self._own_step:
            self._work.close()

    def _turn(self):
        if IncrementalTask._in_step or self._stopped:
            return
        until = time.monotonic() + SLICE_S
        IncrementalTask._in_step = self._own_step = True
        then = value = None
        try:
            while time.monotonic() < until and not self._stopped:
                if next(self._work) is WAIT:
                    break
        except StopIteration as end:
            then, value = self._done, end.value
        except Exception as error:
            then, value = self._failed, error
        finally:
            IncrementalTask._in_step = self._own_step = False
        if self._stopped:  # the object itself may be gone by now
            self._work.close()
        elif then is not None:
            self.stop()
            then(value)
