"""Questions that the docker asks; none of them stops Krita."""

from .client import wire
from .qt import QtCore, QtWidgets
from .translation import _


def ask_to_remove(parent, style, remove):
    """Whether one of the user's own styles (a recipe's) is to be removed: then ``remove(style)`` is called."""
    button = QtWidgets.QMessageBox.StandardButton
    box = QtWidgets.QMessageBox(parent)
    box.setObjectName("impasto-remove-style")
    box.setText(_("Remove '{name}' from your styles?").format(name=style.title))
    box.setInformativeText(_("Layers painted with it stay as they are."))
    box.setStandardButtons(button.Ok | button.Cancel)
    box.button(button.Ok).setText(_("Remove"))
    box.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    box.accepted.connect(lambda: remove(style))
    box.open()


def ask_name(parent, suggested, take):
    """What a style that is kept is to be called: ``take(name)`` is called where one is given."""
    _ask(parent, "impasto-keep-name", _("Keep as a style"), suggested or _("My style"), _("Keep"), take)


def ask_new_name(parent, style, rename):
    """What one of the user's own styles (a recipe's) is to be called from now on: then ``rename(style, name)`` is called."""
    title = _("Rename '{name}'").format(name=style.title)
    _ask(parent, "impasto-new-name", title, style.title, _("Rename"), lambda name: rename(style, name))


def _ask(parent, object_name, title, suggested, yes, take):
    ask = QtWidgets.QInputDialog(parent)
    ask.setObjectName(object_name)
    ask.setWindowTitle(title)
    ask.setLabelText(_("Name of the style"))
    ask.setTextValue(suggested)
    ask.setOkButtonText(yes)
    ask.findChild(QtWidgets.QLineEdit).setMaxLength(wire.MAX_NAME_LENGTH)
    ask.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    ask.textValueSelected.connect(lambda name: take(name.strip()))
    ask.open()
