"""Qt as Krita brings it: PyQt5 in Krita 5, PyQt6 in Krita 6.

Everything else imports it from here, with fully scoped enumerations.
"""


def major_version():
    """5 or 6, as Krita says; importing PyQt6 to see whether it is there would load the wrong one."""
    try:
        import pykrita
    except ImportError:
        return 5
    version = getattr(pykrita, "qt_major_version", 5)
    return int(version() if callable(version) else version)


if major_version() >= 6:
    from PyQt6 import QtCore, QtGui, QtNetwork, QtWidgets
else:
    from PyQt5 import QtCore, QtGui, QtNetwork, QtWidgets

Qt = QtCore.Qt
Signal = QtCore.pyqtSignal

__all__ = ["Qt", "QtCore", "QtGui", "QtNetwork", "QtWidgets", "Signal", "major_version"]
