"""Runs one script of cases in Krita once its window is there, writes what came of them to a log, and ends Krita."""

from krita import Krita

from .driver import Driver

Krita.instance().addExtension(Driver(Krita.instance()))
