"""The menu of the docker that brings more styles: from a file, from a layer, or learnt."""

import contextlib

from . import learning
from .qt import Qt, QtWidgets, Signal
from .translation import _


class StyleMenu(QtWidgets.QToolButton):
    """``style_added``: a style (a recipe's) was chosen; ``layer_settings_requested``: those of the active layer are wanted."""

    style_added = Signal(object)
    layer_settings_requested = Signal()
    message = Signal(str)
    """A sentence for the user."""

    def __init__(self, model, chosen_styles, parent=None):
        """``model``: the :class:`docker_model.DockerModel`; ``chosen_styles()``: those that are chosen now."""
        QtWidgets.QToolButton.__init__(self, parent)
        self._model, self._chosen_styles = model, chosen_styles
        self.setObjectName("impasto-menu")
        self.setText("+")
        self.setAutoRaise(True)
        self.setToolTip(_("More styles: from a file, from a layer, or learnt."))
        self.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QtWidgets.QMenu(self)
        menu.addAction(_("A picture as style…"), lambda: self.keep(lambda: learning.from_file(self)))
        menu.addAction(_("This layer as style"), lambda: self.add(lambda: learning.from_layer(model.layer())))
        menu.addSeparator()
        menu.addAction(_("Learn a style…"), self.learn)
        menu.addSeparator()
        menu.addAction(_("Settings of this layer"), lambda: self.layer_settings_requested.emit())
        self.setMenu(menu)

    def add(self, make, take=None):
        """``make()`` returns a style or None, or raises ``ValueError`` with a sentence. ``take`` gets it; without, it is chosen."""
        try:
            style = make()
        except ValueError as error:
            self.message.emit(str(error))
            return
        if style is not None:
            (take or self.style_added.emit)(style)

    def keep(self, make):
        """The same, for a style that is kept: it is there in the next session, too, and in every program."""
        self.add(make, self._model.styles.keep)

    def learn(self):
        """Ask what is to be learnt, and begin."""
        if self._model.training.running:
            self.message.emit(_("One style is being learnt; another can follow it."))
            return
        choices = [style for style in self._chosen_styles() if style.picture]
        with contextlib.suppress(ValueError):  # without a layer, there is still a file to choose
            choices.append(learning.from_layer(self._model.layer()))
        dialog = learning.Learn(choices, self.parentWidget())
        dialog.accepted.connect(lambda: self._model.training.begin(dialog.chosen.title, dialog.chosen.picture))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
