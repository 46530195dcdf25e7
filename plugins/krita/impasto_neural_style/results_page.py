"""The docker's third page: results, to be inserted again, compared, painted again with other settings, or removed."""

from .client import keeping, messages
from .gallery import Gallery
from .qt import QtCore, QtWidgets, Signal
from .translation import _


class ResultsPage(QtWidgets.QWidget):
    """``edit_requested`` (an entry): its settings are wanted back; ``compare_requested`` (an entry): it is to be looked at;
    ``keep_requested`` (an entry): what it was refined to is to be kept as a style."""

    edit_requested = Signal(object)
    compare_requested = Signal(object)
    keep_requested = Signal(object)

    def __init__(self, model, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self._model = model
        self._list = Gallery(several=False, parent=self)
        self._list.setObjectName("impasto-results")
        self._none = QtWidgets.QLabel(_("What you paint is kept here, for some days."), self)
        self._none.setWordWrap(True)
        self._insert = self._button("impasto-insert", _("Insert"), _("Insert it once more, as a new layer."), self._inserted)
        self._compare = self._button("impasto-compare-button", _("Compare"), _("See it beside the original."), self._to_compare)
        self._edit = self._button(
            "impasto-edit", _("Edit"), _("Take its settings back, to change them and paint again."), self._to_edit
        )
        self._remove = self._button(
            "impasto-remove", _("Remove"), _("Remove it from this list and from Impasto's memory."), self._removed
        )
        self._keep = self._button("impasto-keep-result", _("Keep style…"), _(messages.CAN_BE_KEPT), self._to_keep)
        grid = QtWidgets.QGridLayout()
        grid.setSpacing(3)
        for number, button in enumerate((self._insert, self._compare, self._edit, self._remove)):
            grid.addWidget(button, number // 2, number % 2)
        grid.addWidget(self._keep, 2, 0, 1, 2)
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(2, 4, 2, 0)
        box.setSpacing(4)
        box.addWidget(self._none, 1, QtCore.Qt.AlignmentFlag.AlignTop)
        box.addWidget(self._list, 1)
        box.addLayout(grid)
        self._list.itemSelectionChanged.connect(self._enable)
        self._list.itemDoubleClicked.connect(lambda _item: self._to_compare())
        model.history.changed.connect(self.refresh)
        model.history.thumbnail_loaded.connect(self._thumbnail_loaded)
        model.painting_changed.connect(self._enable)
        self.refresh()

    def refresh(self):
        """Show what there is now."""
        chosen = self._list.chosen()
        self._list.empty()
        for entry in self._model.history.entries:
            self._list.put(entry.id, entry.title or _("Neural Style"), self._hint(entry), entry.thumbnail)
        self._list.choose(chosen)
        self._none.setVisible(not self._model.history.entries)
        self._list.setVisible(bool(self._model.history.entries))
        self._enable()

    def entry(self):
        """The chosen one, or None."""
        chosen = self._list.chosen()
        return self._model.history.entry(chosen[0]) if chosen else None

    def _hint(self, entry):
        lines = [entry.title or _("Neural Style"), "%d x %d px" % (entry.width, entry.height) if entry.width else ""]
        if entry.job.get("created"):
            when = QtCore.QDateTime.fromSecsSinceEpoch(int(entry.job["created"]))
            lines.append(QtCore.QLocale().toString(when, QtCore.QLocale.FormatType.ShortFormat))
        return "\n".join(filter(None, lines))

    def _button(self, name, text, hint, action):
        button = QtWidgets.QPushButton(text, self)
        button.setObjectName(name)
        button.setToolTip(hint)
        button.setMinimumWidth(40)
        button.clicked.connect(lambda _checked=False: action())
        return button

    def _thumbnail_loaded(self, id):
        entry = self._model.history.entry(id)
        self._list.picture(id, entry.thumbnail if entry else None)

    def _enable(self):
        entry = self.entry()
        self._insert.setEnabled(entry is not None and not self._model.running)
        self._compare.setEnabled(entry is not None and entry.thumbnail is not None)
        self._edit.setEnabled(entry is not None and entry.recipe is not None)
        self._remove.setEnabled(entry is not None)
        self._keep.setVisible(entry is not None and keeping.can_be_kept(entry.job))

    def _inserted(self):
        if self.entry() is not None:
            self._model.insert(self.entry().id)

    def _to_compare(self):
        if self.entry() is not None:
            self.compare_requested.emit(self.entry())

    def _to_edit(self):
        if self.entry() is not None and self.entry().recipe is not None:
            self.edit_requested.emit(self.entry())

    def _to_keep(self):
        if self.entry() is not None:
            self.keep_requested.emit(self.entry())

    def _removed(self):
        if self.entry() is not None:
            self._model.history.remove(self.entry().id)
