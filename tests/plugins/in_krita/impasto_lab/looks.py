"""The docker as it looks: pictures of it for somebody to look at."""

import os
import time

from PyQt5.QtWidgets import QDialog, QDockWidget, QListWidget, QPushButton, QToolButton

from .cases import KRITA, LAB, OPTIONS
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
    made = KRITA.openDocument(OPTIONS["photo"])
    made.setBatchmode(True)
    KRITA.activeWindow().addView(made)
    return made


@case
def the_docker():
    opened()
    KRITA.activeWindow().qwindow().setGeometry(0, 0, 1440, 900)
    yield lambda: KRITA.activeDocument() is not None and KRITA.activeDocument().activeNode() is not None
    KRITA.activeWindow().activeView().canvas().setZoomLevel(0.7)
    one = docker()
    say("at first", one.width(), one.height())
    styles = one.findChild(QListWidget, "impasto-styles")
    yield lambda: styles.count() >= 4
    yield wait(1.5)
    shot("krita-at-first")
    styles.item(1).setSelected(True)
    yield lambda: one.model.preview.image is not None
    yield wait(0.3)
    shot("krita-preview")
    styles.item(0).setSelected(True)
    yield wait(2.5)
    shot("docker-mixed", one)
    styles.item(0).setSelected(False)
    yield wait(1.5)
    one.findChild(QPushButton, "impasto-apply").click()
    yield lambda: one.model.painting.job.get("state") == "running"
    yield wait(0.1)
    shot("docker-running", one)
    yield lambda: not one.model.running
    yield wait(1.2)
    shot("krita-applied")
    one.pages.setCurrentIndex(2)
    one.findChild(QListWidget, "impasto-results").item(0).setSelected(True)
    yield wait(0.7)
    shot("docker-results", one)
    one.findChild(QPushButton, "impasto-compare-button").click()
    yield wait(0.5)
    shot("krita-compare", one._compare)
    one._compare.close()
    one.pages.setCurrentIndex(1)
    one.findChild(QToolButton, "impasto-advanced").click()
    one.setFloating(True)
    one.resize(300, 760)
    yield wait(0.5)
    shot("docker-settings", one)
    one.pages.setCurrentIndex(0)
    yield wait(0.5)
    shot("docker-tall", one)
    one.style_menu.learn()
    yield wait(0.5)
    asked = one.findChild(QDialog, "impasto-learn")
    shot("learn", asked)
    asked.reject()
