"""Steps the cases, which are generators: ``yield`` lets Krita go on, ``yield condition`` waits until ``condition()`` is true."""

import faulthandler
import importlib
import os
import sys
import threading
import time
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QTimer

LAB = os.environ["LAB"]
PATIENCE_S = 40
LOG = open(os.path.join(LAB, "log"), "w", encoding="utf-8")  # noqa: SIM115  (until Krita ends)


def say(*words):
    print(*words, file=LOG, flush=True)


class Driver(Extension):
    def setup(self):
        faulthandler.enable(open(os.path.join(LAB, "crash"), "w"))  # noqa: SIM115
        # Krita's own shows a dialog, and nobody is there to close it.
        sys.excepthook = lambda *what: self.end(2, "".join(traceback.format_exception(*what)))
        threading.excepthook = lambda what: self.end(
            2, "".join(traceback.format_exception(what.exc_type, what.exc_value, what.exc_traceback))
        )
        self.cases, self.case, self.name, self.condition, self.failed = None, None, "", None, 0
        self.timer = QTimer(self)
        self.timer.setInterval(5)
        self.timer.timeout.connect(self.step)
        self.timer.start()

    def createActions(self, window):
        pass

    def step(self):
        if self.cases is None:
            window = Krita.instance().activeWindow()
            if window is None or not window.qwindow().isVisible():
                return
            module = importlib.import_module("impasto_lab." + os.environ["LAB_SCRIPT"])
            only = os.environ.get("LAB_ONLY", "")
            self.cases = [case for case in module.CASES if only in case.__name__]
        if self.case is None:
            self.begin()
            return
        if self.condition is not None:
            if time.monotonic() > self.until:
                self.case.close()
                self.over(f"waited {PATIENCE_S} s in vain\n")
                return
            if not self.condition():
                return
        try:
            self.condition = next(self.case)
            self.until = time.monotonic() + PATIENCE_S
        except StopIteration:
            self.over("")
        except Exception:
            self.over(traceback.format_exc())

    def begin(self):
        if not self.cases:
            self.end(1 if self.failed else 0, "ALL CASES HAVE RUN")
            return
        function = self.cases.pop(0)
        self.name, self.condition, self.case, self.began = function.__name__, None, function(), time.monotonic()

    def over(self, trouble):
        self.case = None
        self.failed += bool(trouble)
        words = ("CASE FAILED", self.name, repr(trouble)) if trouble else ("CASE OK", self.name)
        say(*words, f"{time.monotonic() - self.began:.2f} s")
        for document in Krita.instance().documents():
            document.setBatchmode(True)
            document.setModified(False)
            document.close()

    def end(self, code, words):
        say(words)
        os._exit(code)
