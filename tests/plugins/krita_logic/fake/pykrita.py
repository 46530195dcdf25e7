"""Says which Qt this Krita has, as Krita 6 does."""

import os


def qt_major_version():
    return int(os.environ["FAKE_KRITA_QT"])
