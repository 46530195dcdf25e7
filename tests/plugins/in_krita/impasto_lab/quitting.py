"""Krita is closed in the middle of a painting and of a preview, as a user closes it."""

from PyQt5.QtWidgets import QSlider

from .cases import KRITA, children
from .driver import say
from .troubles import LONG, opened

CASES = []


def quitting():
    made, one = yield from opened()
    one.settings.show_values(LONG)
    KRITA.action("impasto_apply").trigger()
    yield lambda: one.model.running and one.model.painting.fraction > 0
    one.findChild(QSlider, "impasto-detail").setValue(20)
    assert children(made) == ["content"]
    made.setModified(False)
    say("QUITTING")
    KRITA.activeWindow().qwindow().close()
    yield lambda: False


CASES.append(quitting)
