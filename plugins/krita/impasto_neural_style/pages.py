"""The docker's first two pages: which styles and how strong; and how exactly."""

from .client import labels, outputs, parameters
from .client import recipe as recipes
from .controls import Controls, choice
from .gallery import KEY, Gallery, Weights
from .qt import Qt, QtWidgets, Signal
from .translation import _
from .widgets import CollapsibleSection

SLIDERS = tuple(p["name"] for p in parameters.PARAMETERS if p["front"] and p["widget"] == "slider")
IN_FRONT = tuple(p["name"] for p in parameters.PARAMETERS if p["front"] and p["widget"] != "slider")
"""What an artist sees at once, on the first page and on the second; the other parameters are folded away."""


def key_of(style):
    """A style's key in the gallery: its id, or what tells its picture from others."""
    return style.id or "picture-%08x" % (hash(style.picture) & 0xFFFFFFFF)


class StylesPage(QtWidgets.QWidget):
    """The styles as pictures, how much each counts, and the two sliders. ``changed``: what is chosen, or a slider."""

    changed = Signal()
    removal_requested = Signal(object)
    """One of the user's own styles (a recipe's) is to be removed."""
    new_name_requested = Signal(object)
    """One of them is to be called otherwise."""

    def __init__(self, parent=None):
        QtWidgets.QWidget.__init__(self, parent)
        self._known = {}
        self.gallery = Gallery(several=True, parent=self)
        self.gallery.setObjectName("impasto-styles")
        self.gallery.setAccessibleName(_("Styles"))
        self.gallery.setToolTip(_("Click one; with Ctrl, several are mixed."))
        self.weights = Weights(self.changed.emit, self)
        self.sliders = Controls(SLIDERS, self.changed.emit, self)
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(2, 4, 2, 0)
        box.setSpacing(3)
        box.addWidget(self.gallery, 1)
        box.addWidget(self.weights)
        box.addWidget(self.sliders)
        self.gallery.itemSelectionChanged.connect(self._selected)
        self.gallery.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.gallery.customContextMenuRequested.connect(self._open_menu)

    def put(self, known):
        """Show these (a list of :class:`style_list.StyleEntry`)."""
        chosen = self.gallery.chosen()
        titles = [self._known[key].style.title for key in chosen]
        self._known = {key_of(one.style): one for one in known}
        blocked = self.gallery.blockSignals(True)
        self.gallery.empty()
        for key, one in self._known.items():
            self.gallery.put(key, one.style.title, one.hint, one.image, "" if one.fast else _("20 s"))
        self.gallery.blockSignals(blocked)
        self.gallery.choose(chosen)
        if titles != [self._known[key].style.title for key in self.gallery.chosen()]:  # one of them is gone, or renamed
            self._selected()

    def menu_of(self, key):
        """What can be done with a style, or None where that is nothing: it ships with Impasto."""
        one = self._known.get(key)
        if one is None or not one.own:
            return None
        menu = QtWidgets.QMenu(self)
        menu.setObjectName("impasto-style-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if one.style.id:  # a picture of this session is called after its file
            menu.addAction(_("Rename…"), lambda: self.new_name_requested.emit(one.style))
        menu.addAction(_("Remove"), lambda: self.removal_requested.emit(one.style))
        return menu

    def _open_menu(self, place):
        item = self.gallery.itemAt(place)
        menu = self.menu_of(item.data(KEY)) if item is not None else None
        if menu is not None:
            menu.popup(self.gallery.viewport().mapToGlobal(place))

    def picture(self, id):
        """A style has its thumbnail."""
        if id in self._known:
            self.gallery.picture(id, self._known[id].image)

    def chosen(self):
        """The chosen styles with their weights."""
        styles = [self._known[key].style for key in self.gallery.chosen()[: parameters.MAX_STYLES]]
        return [recipes.Style(one.id, one.picture, one.title, self.weights.weight(key_of(one))) for one in styles]

    def choose(self, styles):
        """Choose these."""
        for style in styles:
            self.weights.remember(key_of(style), style.weight)
        self.gallery.choose([key_of(style) for style in styles])
        self._selected()

    def _selected(self):
        self.weights.show_for({key: self._known[key].style.title for key in self.gallery.chosen()[: parameters.MAX_STYLES]})
        self.changed.emit()


class SettingsPage(QtWidgets.QScrollArea):
    """The other parameters, and what becomes of the painting. ``blend``: the box that says whether a new layer blends alike."""

    changed = Signal()

    def __init__(self, parent=None):
        QtWidgets.QScrollArea.__init__(self, parent)
        page = QtWidgets.QWidget()
        self.basic = Controls(IN_FRONT, self.changed.emit, page)
        self._output = choice(outputs.labels(_), page)
        self._output.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.basic.add(_("Result"), self._output, "output", _("What becomes of the painting."))
        self.blend = QtWidgets.QCheckBox(_("Blend as the layer does"), page)
        self.blend.toggled.connect(lambda _on: self.changed.emit())
        self.basic.add(
            "", self.blend, "blend", _("A new layer gets the blending mode and the opacity of the layer that was painted.")
        )
        names = [p["name"] for p in parameters.PARAMETERS if p["name"] not in SLIDERS + IN_FRONT]
        self.advanced = Controls(names, self.changed.emit, page)
        fold = CollapsibleSection(_("Advanced"), self.advanced, page)
        fold.button.setObjectName("impasto-advanced")
        fold.button.setToolTip(labels.hints(_)["method"])
        box = QtWidgets.QVBoxLayout(page)
        box.setContentsMargins(2, 4, 2, 2)
        box.setSpacing(4)
        box.addWidget(self.basic)
        box.addWidget(fold)
        box.addStretch(1)
        self.setObjectName("impasto-settings")
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)

    def output(self):
        """One of :data:`outputs.OUTPUTS`."""
        return self._output.currentData()

    def show_output(self, output):
        """Choose what becomes of the painting."""
        self._output.setCurrentIndex(max(0, self._output.findData(output)))

    def values(self):
        """The parameters that differ from their defaults."""
        return dict(self.basic.values(), **self.advanced.values())

    def show_values(self, values):
        """Set every widget."""
        self.basic.show_values(values)
        self.advanced.show_values(values)
