"""Before and after: the preview in the docker, and a window that compares the two with a line to drag."""

from .qt import Qt, QtCore, QtGui, QtWidgets
from .translation import _

MAX_HEIGHT_SHARE = 0.3
"""Of the docker's height, at most, for the preview."""

NARROW_WIDTH, MAX_NARROW_HEIGHT = 110, 72
"""Px: its width, and its height at most, with the buttons beside it."""


def placed(image, area):
    """The rectangle in which an image stands in the middle of ``area``, at most twice as large as it is."""
    factor = min(area.width() / image.width(), area.height() / image.height(), 2.0)
    width, height = max(1, round(image.width() * factor)), max(1, round(image.height() * factor))
    return QtCore.QRect(area.left() + (area.width() - width) // 2, area.top() + (area.height() - height) // 2, width, height)


class PreviewWidget(QtWidgets.QWidget):
    """Shows ``after``; ``before`` while the mouse button is held. A double click asks for the large view."""

    enlarge_requested = QtCore.pyqtSignal()

    def __init__(self, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self.before = self.after = None
        self._busy = self._held = False
        self.describe("")
        self.setAccessibleName(_("Preview"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed)
        self.setVisible(False)

    def put(self, before, after, busy):
        """QImages or None; ``busy``: another is on its way."""
        self.before, self.after, self._busy = before, after, busy
        self.setVisible(after is not None)
        self.update()

    def describe(self, sentence):
        """What it shows, in words."""
        self.setToolTip(
            "\n".join(
                filter(None, [sentence, _("Hold the mouse button to see the original; a double click compares them in a window.")])
            )
        )

    def fit(self, height, low, beside):
        """As large as the picture wants to be, and a docker of that height has room for. ``low``: that is little; ``beside``: the
        buttons are beside it."""
        if self.after is None:
            return
        shape = self.after.height() / max(1, self.after.width())
        self.setMinimumWidth(NARROW_WIDTH if beside else 0)
        self.setMaximumWidth(NARROW_WIDTH if beside else 16777215)
        width = NARROW_WIDTH if beside else self.parentWidget().width()
        self.setFixedHeight(max(48, min(round(shape * width), MAX_NARROW_HEIGHT if low else round(MAX_HEIGHT_SHARE * height))))

    def paintEvent(self, event):
        image = self.before if self._held and self.before is not None else self.after
        if image is None:
            return
        painter, place = QtGui.QPainter(self), placed(image, self.rect())
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(place, QtGui.QBrush(self.palette().color(QtGui.QPalette.ColorRole.Mid), Qt.BrushStyle.Dense6Pattern))
        painter.drawImage(place, image)
        if self._busy or self._held:
            text = _("Original") if self._held else "…"
            room = painter.fontMetrics().boundingRect(text).adjusted(-5, -2, 5, 2)
            room.moveTopRight(place.topRight() + QtCore.QPoint(-3, 3))
            painter.fillRect(room, QtGui.QColor(0, 0, 0, 170))
            painter.setPen(QtGui.QColor(240, 240, 240))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def mousePressEvent(self, event):
        self._held = event.button() == Qt.MouseButton.LeftButton
        self.update()

    def mouseReleaseEvent(self, event):
        self._held = False
        self.update()

    def mouseDoubleClickEvent(self, event):
        self._held = False
        self.enlarge_requested.emit()


class CompareWindow(QtWidgets.QDialog):
    """A window with ``before`` at the left of a line and ``after`` at its right; the line follows the mouse."""

    def __init__(self, parent=None):
        QtWidgets.QDialog.__init__(self, parent)
        self.setWindowTitle(_("Neural Style"))
        self.setObjectName("impasto-compare")
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.before, self.after, self._line = None, None, 0.5
        self.resize(900, 620)

    def put(self, before, after, title):
        """Show these; ``before`` may be None."""
        self.before, self.after, self._line = before, after, 0.5 if before is not None else 0.0
        self.setWindowTitle("%s – %s" % (title, _("Neural Style")) if title else _("Neural Style"))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, event):
        painter, role = QtGui.QPainter(self), QtGui.QPalette.ColorRole
        painter.fillRect(self.rect(), self.palette().color(role.Dark))
        if self.after is None:
            return
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        area = self.rect().adjusted(8, 8, -8, -8)
        place = placed(self.after, area)
        painter.drawImage(place, self.after)
        if self.before is None:
            return
        line = place.left() + round(place.width() * self._line)
        painter.save()
        painter.setClipRect(QtCore.QRect(place.left(), place.top(), line - place.left(), place.height()))
        painter.fillRect(place, self.palette().color(role.Dark))
        painter.drawImage(place, self.before)
        painter.restore()
        painter.fillRect(line - 1, place.top(), 2, place.height(), QtGui.QColor(255, 255, 255, 220))
        for text, flag in ((_("Original"), Qt.AlignmentFlag.AlignLeft), (_("Painting"), Qt.AlignmentFlag.AlignRight)):
            room = place.adjusted(8, 6, -8, -6)
            painter.setPen(QtGui.QColor(0, 0, 0, 200))
            painter.drawText(room.translated(1, 1), flag | Qt.AlignmentFlag.AlignTop, text)
            painter.setPen(QtGui.QColor(255, 255, 255))
            painter.drawText(room, flag | Qt.AlignmentFlag.AlignTop, text)

    def mouseMoveEvent(self, event):
        if self.before is not None:
            place = placed(self.after, self.rect().adjusted(8, 8, -8, -8))
            self._line = min(1.0, max(0.0, (event.pos().x() - place.left()) / max(1, place.width())))
            self.update()
