"""What is always in sight, below the pages: what is being learnt, what is going on, the preview, and the buttons."""

from .client import messages
from .qt import Qt, QtWidgets, Signal
from .translation import _
from .preview_widgets import PreviewWidget
from .widgets import ElidedLabel

LOW, NARROW = 520, 220
"""Px: in a docker lower than this, preview and buttons stand side by side; in a narrower one, one below the other."""


class ActionBar(QtWidgets.QWidget):
    """``applied``, ``kept``, ``discarded``, ``style_kept``, ``training_stopped``: a button was clicked."""

    applied = Signal()
    kept = Signal()
    discarded = Signal()
    style_kept = Signal()
    training_stopped = Signal()

    def __init__(self, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self._low, self._narrow, self._title, self._caption, self._running = None, None, "", "", False
        self._status = QtWidgets.QLabel("", self)
        self._status.setObjectName("impasto-status")
        self._status.setWordWrap(True)
        self._status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._status.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Minimum)
        self._bar = QtWidgets.QProgressBar(self)
        self._bar.setObjectName("impasto-progress")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self.preview = PreviewWidget(self)
        self.preview.setObjectName("impasto-preview")
        self.apply = self._button(
            "impasto-apply", _("Apply"), _("Paint the active layer, or what is selected of it."), self.applied
        )
        self.keep = self._button("impasto-keep", _("Stop and keep"), _("Stop, and keep the picture as it is by now."), self.kept)
        self.discard = self._button("impasto-discard", _("Discard"), _("Stop, and change nothing."), self.discarded)
        self.keep_style = self._button("impasto-keep-style", _("Keep style…"), _(messages.CAN_BE_KEPT), self.style_kept)
        self._plan = QtWidgets.QLabel("", self)
        self._plan.setObjectName("impasto-plan")
        self._plan.setWordWrap(True)
        self._plan.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Minimum)
        self._buttons = QtWidgets.QBoxLayout(QtWidgets.QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(3)
        self._buttons.addWidget(self._plan)
        for button in (self.keep, self.discard, self.keep_style, self.apply):
            self._buttons.addWidget(button)
        self._row = QtWidgets.QBoxLayout(QtWidgets.QBoxLayout.Direction.TopToBottom)
        self._row.setSpacing(4)
        self._row.addWidget(self.preview)
        self._row.addLayout(self._buttons, 1)
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        for widget in (self._learning(), self._status, self._bar):
            box.addWidget(widget)
        box.addLayout(self._row)
        self.show_message("")

    def show_message(self, sentence):
        """What is going on, or went wrong; empty: nothing to tell."""
        self._message = sentence
        self._write()

    def set_caption(self, title, sentence, plan="", reason=""):
        """What the preview shows: written where there is room, and nothing more important. ``title``: the styles, in words;
        ``plan``: how it is painted; both, in a low docker, beside the preview. ``reason``: why so, for the tooltip."""
        self._title = title
        self._caption = "\n".join(filter(None, [title if plan or self.preview.after is not None else "", sentence, plan]))
        self._plan.setText("\n".join(filter(None, [title, plan])))
        for label in (self._status, self._plan):
            label.setToolTip(reason)
        self.preview.describe(self._caption)
        self._write()

    def show_training(self, sentence):
        """What is being learnt, and how far; empty: nothing."""
        self._learning_line.say(sentence)
        self._learning_row.setVisible(bool(sentence))

    def show_progress(self, fraction, apply, keep_style=False):
        """``fraction``: how far a painting is, or None where nothing is painted. ``apply``: whether there is something to paint,
        None where that is not shown. ``keep_style``: whether the last painting's style can be kept."""
        self._running = running = fraction is not None
        self._write()
        self._bar.setVisible(running)
        self.keep.setVisible(running)
        self.discard.setVisible(running)
        self.apply.setVisible(not running and apply is not None)
        self.apply.setEnabled(bool(apply))
        self.keep_style.setVisible(not running and keep_style)
        if running:
            # Until the daemon knows how far it is, the bar says that something is going on.
            self._bar.setRange(0, 1000 if fraction else 0)
            self._bar.setValue(round(1000 * fraction))

    def fit(self, width, height):
        """The docker has this size now, in px."""
        low, narrow, direction = height < LOW, width < NARROW, QtWidgets.QBoxLayout.Direction
        if (low, narrow) != (self._low, self._narrow):
            self._low, self._narrow = low, narrow
            self._row.setDirection(direction.LeftToRight if low and not narrow else direction.TopToBottom)
            self._buttons.setDirection(direction.TopToBottom if low or narrow else direction.LeftToRight)
            self._write()
        self.preview.fit(height, low, low and not narrow)

    def _write(self):
        little = self._low and self.preview.after is not None
        text = self._message or ((self._title if self._narrow else "") if little else self._caption)
        self._status.setText(text)
        self._status.setVisible(bool(text))
        self._plan.setVisible(bool(little and not self._narrow and not self._running and self._plan.text()))

    def _learning(self):
        self._learning_row = QtWidgets.QWidget(self)
        self._learning_line = ElidedLabel(self._learning_row)
        stop = QtWidgets.QToolButton(self._learning_row)
        stop.setObjectName("impasto-stop-learning")
        stop.setText(_("Give up"))
        stop.setAutoRaise(True)
        stop.clicked.connect(lambda _checked=False: self.training_stopped.emit())
        row = QtWidgets.QHBoxLayout(self._learning_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._learning_line, 1)
        row.addWidget(stop)
        self._learning_row.setVisible(False)
        return self._learning_row

    def _button(self, name, text, hint, signal):
        button = QtWidgets.QPushButton(text, self)
        button.setObjectName(name)
        button.setToolTip(hint)
        button.setMinimumWidth(40)
        button.clicked.connect(lambda _checked=False: signal.emit())
        return button
