"""Pictures as styles: from a file or a layer; and the question what a fast style shall be learnt from."""

import os

from . import pictures
from .client import formats
from .client import recipe as recipes
from .client import wire
from .qt import QtWidgets
from .translation import _

MAX_FILE_MB = 64
FILE_PATTERNS = " ".join("*" + extension for _label, extensions, _starts in formats.FORMATS for extension in extensions)


def from_file(parent):
    """A style from a picture that the user chooses; None where she does not. Raises ``ValueError`` with a sentence."""
    filter = "%s (%s)" % (_("Pictures"), FILE_PATTERNS)
    file = QtWidgets.QFileDialog.getOpenFileName(parent, _("A picture as style"), "", filter)[0]
    return read(file) if file else None


def read(file):
    """A style from a file. Raises ``ValueError`` with a sentence."""
    try:
        if os.path.getsize(file) > MAX_FILE_MB << 20:
            raise ValueError(_("{file} is larger than {most} MB; save a smaller copy of it.").format(file=file, most=MAX_FILE_MB))
        with open(file, "rb") as opened:
            picture = opened.read()
    except OSError as error:
        raise ValueError(_("The picture {file} cannot be read: {reason}.").format(file=file, reason=error.strerror))
    return recipes.Style(picture=picture, title=os.path.splitext(os.path.basename(file))[0])


def from_layer(layer):
    """A style from a layer as it looks. Raises ``ValueError`` with a sentence."""
    picture = pictures.style_of(layer) if layer is not None else b""
    if not picture:
        raise ValueError(_("Select a layer with something on it: its picture is to be the style."))
    return recipes.Style(picture=picture, title=layer.name())


class Learn(QtWidgets.QDialog):
    """Asks for a name and for one of ``choices``: styles with pictures. ``chosen``: the answer, or None."""

    def __init__(self, choices, parent=None):
        QtWidgets.QDialog.__init__(self, parent)
        self.setWindowTitle(_("Learn a style"))
        self.setObjectName("impasto-learn")
        self.choices, self.chosen = list(choices), None
        explanation = QtWidgets.QLabel(
            _(
                "A network learns the picture, so that it is painted in seconds afterwards. That takes some "
                "minutes up to an hour, and goes on when Krita is closed."
            ),
            self,
        )
        explanation.setWordWrap(True)
        self._from = QtWidgets.QComboBox(self)
        self._from.addItems([style.title for style in self.choices])
        file = QtWidgets.QPushButton(_("From a File…").replace("_", ""), self)
        file.clicked.connect(lambda _checked=False: self._file())
        self._name = QtWidgets.QLineEdit(self.choices[0].title if self.choices else "", self)
        self._name.setMaxLength(wire.MAX_NAME_LENGTH)
        self._from.currentTextChanged.connect(self._name.setText)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self._from, 1)
        row.addWidget(file)
        form = QtWidgets.QFormLayout()
        form.addRow(_("Picture"), row)
        form.addRow(_("Name"), self._name)
        button = QtWidgets.QDialogButtonBox.StandardButton
        self._buttons = QtWidgets.QDialogButtonBox(button.Ok | button.Cancel, self)
        self._buttons.button(button.Ok).setText(_("Learn"))
        self._buttons.accepted.connect(self._answer)
        self._buttons.rejected.connect(self.reject)
        box = QtWidgets.QVBoxLayout(self)
        box.addWidget(explanation)
        box.addLayout(form)
        box.addWidget(self._buttons)
        self._trouble = QtWidgets.QLabel("", self)
        self._trouble.setWordWrap(True)
        box.insertWidget(2, self._trouble)
        self.setMinimumWidth(420)

    def _file(self):
        try:
            style = from_file(self)
        except ValueError as error:
            self._trouble.setText(str(error))
            return
        if style is not None:
            self.choices.append(style)
            self._from.addItem(style.title)
            self._from.setCurrentIndex(self._from.count() - 1)

    def _answer(self):
        if not self.choices or not self._name.text().strip():
            self._trouble.setText(_("Choose a picture, and give the style a name."))
            return
        picture = self.choices[self._from.currentIndex()].picture
        self.chosen = recipes.Style(picture=picture, title=self._name.text().strip())
        self.accept()
