"""Pictures to choose from, two or more in a row: the styles, and the results."""

from . import pictures
from .qt import Qt, QtCore, QtGui, QtWidgets
from .translation import _
from .widgets import WheelGuard, Slider

MAX_CELL_WIDTH = 128
"""Px: a cell is no wider, and there are two in a row at least."""

MIN_CELL_WIDTH = 76
"""Px: a cell is no narrower, unless there are two in a row only; it is made as narrow where only so two rows are in sight."""

SHAPE = 0.72
"""A picture's height, of the cell's width."""

MARGIN, KEY = 3, int(Qt.ItemDataRole.UserRole) if not hasattr(Qt.ItemDataRole.UserRole, "value") else Qt.ItemDataRole.UserRole.value


class Gallery(QtWidgets.QListWidget):
    """A list of pictures with titles. Each item has a key: see :meth:`keys` and :meth:`chosen`."""

    def __init__(self, several, parent=None):
        QtWidgets.QListWidget.__init__(self, parent)
        self.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.setMovement(QtWidgets.QListView.Movement.Static)
        self.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # or the width would change with the number
        self.setVerticalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        mode = QtWidgets.QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        self.setItemDelegate(TileDelegate(self))
        self._images = {}

    def put(self, key, title, hint, image, badge=""):
        """One more at the end. ``badge``: a word on the picture."""
        item = QtWidgets.QListWidgetItem(title, self)
        item.setData(KEY, key)
        item.setData(KEY + 1, badge)
        item.setToolTip(hint)
        self.picture(key, image)

    def picture(self, key, image):
        """Set an item's picture (a QImage, or None)."""
        self._images[key] = (image, {})
        self.viewport().update()

    def empty(self):
        """Take all out."""
        self.clear()
        self._images = {}

    def keys(self):
        """Of all items."""
        return [self.item(row).data(KEY) for row in range(self.count())]

    def chosen(self):
        """The keys of the chosen, in the list's order."""
        return [self.item(row).data(KEY) for row in range(self.count()) if self.item(row).isSelected()]

    def choose(self, keys):
        """Choose these, without a signal."""
        blocked = self.blockSignals(True)
        for row in range(self.count()):
            item = self.item(row)
            item.setSelected(item.data(KEY) in keys)
            if item.data(KEY) in keys[:1]:
                self.setCurrentItem(item, QtCore.QItemSelectionModel.SelectionFlag.NoUpdate)
                self.scrollToItem(item)
        self.blockSignals(blocked)
        self.viewport().update()

    def fitted(self, key, width, height):
        """An item's picture, filling so many px of the widget, sharp on a screen that has more px than that; or None."""
        image, known = self._images.get(key, (None, {}))
        if image is None:
            return None
        ratio = self.devicePixelRatioF()
        if (width, height, ratio) not in known:
            known.clear()
            fitted = pictures.covering(image, round(width * ratio), round(height * ratio))
            fitted.setDevicePixelRatio(ratio)
            known[width, height, ratio] = fitted
        return known[width, height, ratio]

    def cell(self):
        """The size of one, so that the row is filled."""
        room, line = max(120, self.viewport().width() - 1), self.fontMetrics().height() + 4
        widest = max(MIN_CELL_WIDTH, min(MAX_CELL_WIDTH, int((self.viewport().height() / 2 - line) / SHAPE)))
        width = room // max(2, min(room // MIN_CELL_WIDTH, -(-room // widest)))
        return QtCore.QSize(width, round(width * SHAPE) + line)

    def resizeEvent(self, event):
        self.setGridSize(self.cell())
        QtWidgets.QListWidget.resizeEvent(self, event)

    def minimumSizeHint(self):
        return QtCore.QSize(130, 50)

    def sizeHint(self):
        return QtCore.QSize(240, 2 * self.cell().height() + 4)


class TileDelegate(QtWidgets.QStyledItemDelegate):
    """Draws one: the picture, its title below, a frame around the chosen."""

    def sizeHint(self, option, index):
        return self.parent().cell()

    def paint(self, painter, option, index):
        role, palette = QtGui.QPalette.ColorRole, option.palette
        state = QtWidgets.QStyle.StateFlag
        chosen, over = bool(option.state & state.State_Selected), bool(option.state & state.State_MouseOver)
        box = option.rect.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        line = option.fontMetrics.height()
        frame = box.adjusted(0, 0, 0, -line)
        painter.save()
        painter.setClipRect(option.rect)
        image = self.parent().fitted(index.data(KEY), frame.width(), frame.height())
        if image is None:
            painter.fillRect(frame, palette.color(role.AlternateBase))
        else:
            painter.drawImage(frame.topLeft(), image)
        if chosen or over:
            painter.setPen(QtGui.QPen(palette.color(role.Highlight), 3 if chosen else 1))
            painter.drawRect(frame.adjusted(1, 1, -2, -2) if chosen else frame.adjusted(0, 0, -1, -1))
        badge = index.data(KEY + 1)
        if badge:
            self._badge(painter, option, frame, badge)
        title = option.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, box.width())
        painter.setPen(palette.color(role.Text))
        painter.drawText(QtCore.QRect(box.left(), frame.bottom() + 1, box.width(), line + 1), Qt.AlignmentFlag.AlignCenter, title)
        painter.restore()

    @staticmethod
    def _badge(painter, option, frame, text):
        width, height = min(frame.width(), option.fontMetrics.horizontalAdvance(text) + 8), option.fontMetrics.height()
        text = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, width - 4)
        pill = QtCore.QRectF(max(frame.left(), frame.right() - width - 3), frame.top() + 4, width, height)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(0, 0, 0, 170))
        painter.drawRoundedRect(pill, 3, 3)
        painter.setPen(QtGui.QColor(240, 240, 240))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


class Weights(QtWidgets.QWidget):
    """A slider for each of several styles: how much it counts in the mix."""

    def __init__(self, changed, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self._box, self._changed, self._sliders, self._known_weights = QtWidgets.QVBoxLayout(self), changed, {}, {}
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(3)
        self.setVisible(False)

    def show_for(self, titles):
        """``titles``: key -> title of the chosen; one alone needs no slider."""
        for slider in self._sliders.values():
            slider.setParent(None)
            slider.deleteLater()
        self._sliders, self._wheel_guard = {}, WheelGuard(self)
        for key, title in titles.items() if len(titles) > 1 else ():
            slider = Slider(title, 1.0, self)
            slider.setMinimum(5)
            slider.set_number(self._known_weights.get(key, 1.0))
            slider.setToolTip(_("How much this style counts in the mix."))
            slider.setObjectName("impasto-weight-%s" % key)
            slider.valueChanged.connect(lambda _value, key=key: self._moved(key))
            self._wheel_guard.guard(slider)
            self._box.addWidget(slider)
            self._sliders[key] = slider
        self.setVisible(bool(self._sliders))

    def weight(self, key):
        """0.05 to 1; 1 of a style that is alone."""
        return self._sliders[key].number() if key in self._sliders else 1.0

    def remember(self, key, weight):
        """The weight that a style will have."""
        self._known_weights[key] = min(1.0, max(0.05, weight))

    def _moved(self, key):
        self._known_weights[key] = self._sliders[key].number()
        self._changed()
