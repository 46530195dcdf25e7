"""The docker as it looks: pictures of it for somebody to look at."""

import os
import time

from PyQt5.QtWidgets import QDockWidget, QListWidget, QPushButton, QToolButton

from .cases import KRITA, LAB, TOLD
from .driver import say

CASES = []


def case(function):
    CASES.append(function)
    return function


def docker():
    return KRITA.activeWindow().qwindow().findChild(QDockWidget, "impasto_neural_style")


def wait(seconds):
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def shot(name, widget=None):
    (widget or KRITA.activeWindow().qwindow()).grab().save(os.path.join(LAB, name + ".png"))


def opened():
    made = KRITA.openDocument(TOLD["photo"])
    made.setBatchmode(True)
    KRITA.activeWindow().addView(made)
    return made


@case
def the_docker():
    opened()
    yield lambda: KRITA.activeDocument() is not None and KRITA.activeDocument().activeNode() is not None
    one = docker()
    say("visible", one.isVisible(), one.size(), one.isFloating())
    KRITA.action("impasto_show").trigger()
    yield wait(1)
    say("visible", one.isVisible(), one.size(), one.isFloating())
    styles = one.findChild(QListWidget, "impasto-styles")
    yield lambda: styles.count() >= 4
    yield wait(1.5)
    shot("1-empty")
    shot("1-docker", one)
    styles.item(1).setSelected(True)
    yield lambda: one.studio.preview.image is not None
    yield wait(0.3)
    shot("2-preview")
    shot("2-docker", one)
    for row in (0, 2):
        styles.item(row).setSelected(True)
    yield wait(2.5)
    shot("3-mixed", one)
    for row in (0, 2):
        styles.item(row).setSelected(False)
    one.findChild(QPushButton, "impasto-apply").click()
    yield wait(0.2)
    shot("4-running", one)
    yield lambda: not one.studio.running
    yield wait(0.7)
    shot("5-applied")
    shot("5-docker", one)
    one.pages.setCurrentIndex(2)
    yield wait(0.7)
    shot("6-results", one)
    results = one.findChild(QListWidget, "impasto-results")
    results.item(0).setSelected(True)
    one.findChild(QPushButton, "impasto-compare-button").click()
    yield wait(0.5)
    shot("7-compare", one._compare)
    one._compare.close()
    one.pages.setCurrentIndex(1)
    one.findChild(QToolButton, "impasto-advanced").click()
    yield wait(0.5)
    shot("8-advanced", one)
    one.setFloating(True)
    one.resize(300, 900)
    yield wait(0.5)
    shot("9-tall", one)
