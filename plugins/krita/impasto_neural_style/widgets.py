"""Small widgets: a slider as Krita has them, with its label inside; a section that unfolds; no value that the wheel changes."""

from .qt import Qt, QtCore, QtGui, QtWidgets


class Slider(QtWidgets.QSlider):
    """A number from 0 to 1 in steps of a hundredth; its label and value stand in the bar. A double click takes the default back."""

    def __init__(self, label, default=0.5, parent=None):
        QtWidgets.QSlider.__init__(self, Qt.Orientation.Horizontal, parent)
        self._label, self._default = label, round(100 * default)
        self.setRange(0, 100)
        self.setPageStep(10)
        self.setValue(self._default)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def number(self):
        """0 to 1."""
        return round(self.value() / 100.0, 2)

    def set_number(self, number):
        """0 to 1."""
        self.setValue(round(100 * float(number)))

    def sizeHint(self):
        return QtCore.QSize(160, self.fontMetrics().height() + 8)

    def minimumSizeHint(self):
        return QtCore.QSize(60, self.fontMetrics().height() + 8)

    def paintEvent(self, event):
        painter, palette = QtGui.QPainter(self), self.palette()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        frame = QtCore.QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        role = QtGui.QPalette.ColorRole
        share = self.value() / 100.0
        outline = QtGui.QPainterPath()
        outline.addRoundedRect(frame, 2, 2)
        painter.fillPath(outline, palette.color(role.Base))
        painter.save()
        painter.setClipRect(QtCore.QRectF(0, 0, frame.width() * share, self.height()))
        colour = palette.color(role.Highlight)
        painter.fillPath(outline, colour if self.isEnabled() else palette.color(role.Mid))
        painter.restore()
        edge = palette.color(role.Highlight) if self.hasFocus() else palette.color(role.Mid)
        painter.setPen(QtGui.QPen(edge, 1))
        painter.drawPath(outline)
        inner, value = self.rect().adjusted(6, 0, -6, 0), "%d %%" % self.value()
        room = inner.width() - self.fontMetrics().horizontalAdvance(value) - 8
        label = self.fontMetrics().elidedText(self._label, Qt.TextElideMode.ElideRight, room)
        filled = QtCore.QRectF(0, 0, frame.width() * share, self.height())
        empty = QtCore.QRectF(filled.right(), 0, self.width(), self.height())
        for clip, text in ((filled, role.HighlightedText), (empty, role.Text)):
            painter.setClipRect(clip)
            painter.setPen(palette.color(text))
            painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
            painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, value)

    def mousePressEvent(self, event):
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._to(event)

    def mouseMoveEvent(self, event):
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._to(event)

    def mouseReleaseEvent(self, event):
        self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event):
        self.setValue(self._default)

    def _to(self, event):
        self.setValue(round(100 * min(1.0, max(0.0, event.pos().x() / max(1, self.width() - 1)))))


class WheelGuard(QtCore.QObject):
    """Keeps the wheel from changing a widget's value unless it has been clicked: it is meant for the page below."""

    def guard(self, widget):
        """Guard one."""
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)

    def eventFilter(self, widget, event):
        if event.type() == QtCore.QEvent.Type.Wheel and not widget.hasFocus():
            event.ignore()
            return True
        return False


class CollapsibleSection(QtWidgets.QWidget):
    """A heading that shows and hides what is below it."""

    def __init__(self, title, content, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self.button = QtWidgets.QToolButton(self)
        self.button.setText(title)
        self.button.setAutoRaise(True)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)
        self._content = content
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(self.button)
        box.addWidget(content)
        self.button.toggled.connect(self._toggled)
        self._toggled(False)

    def _toggled(self, open):
        self.button.setArrowType(Qt.ArrowType.DownArrow if open else Qt.ArrowType.RightArrow)
        self._content.setVisible(open)


class NarrowTabBar(QtWidgets.QTabBar):
    """Tabs that are all in sight in a narrow docker, with less of their names, where others would hide behind arrows."""

    MARGIN, MIN_TAB_PX = 5, 28
    """Px on each side of a name; of a tab at least. Styles that leave room for icons take much more."""

    def __init__(self, parent=None):
        QtWidgets.QTabBar.__init__(self, parent)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)

    def tabSizeHint(self, index):
        wide = self.fontMetrics().horizontalAdvance(self.tabText(index)) + 2 * self.MARGIN + 2
        return QtCore.QSize(wide, QtWidgets.QTabBar.tabSizeHint(self, index).height())

    def minimumTabSizeHint(self, index):
        return QtCore.QSize(self.MIN_TAB_PX, QtWidgets.QTabBar.minimumTabSizeHint(self, index).height())

    def paintEvent(self, event):
        painter, option = QtWidgets.QStylePainter(self), QtWidgets.QStyleOptionTab()
        for index in range(self.count()):
            self.initStyleOption(option, index)
            text, option.text = self.tabText(index), ""
            painter.drawControl(QtWidgets.QStyle.ControlElement.CE_TabBarTab, option)
            room = self.tabRect(index).adjusted(self.MARGIN, 0, -self.MARGIN, 0)
            text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.WindowText))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)


class ElidedLabel(QtWidgets.QLabel):
    """A text in one line, as much of it as there is room for; all of it as a tooltip."""

    def __init__(self, parent=None):
        QtWidgets.QLabel.__init__(self, parent)
        self._whole = ""
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)

    def say(self, text):
        """Show a text."""
        self._whole = text
        self._fit()

    def resizeEvent(self, event):
        QtWidgets.QLabel.resizeEvent(self, event)
        self._fit()

    def _fit(self):
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))
        self.setToolTip(self._whole if self.text() != self._whole else "")
