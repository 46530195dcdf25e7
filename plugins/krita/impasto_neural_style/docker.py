"""The docker: styles, settings and results on three pages, and what runs, with its buttons, always in sight below."""

from krita import DockWidget, Krita

from . import questions, saved_settings
from .client import keeping
from .client import recipe as recipes
from .action_bar import ActionBar
from .pages import SettingsPage, StylesPage
from .qt import QtCore, QtWidgets
from .results_page import ResultsPage
from .style_menu import StyleMenu
from .docker_model import DockerModel
from .translation import _
from .preview_widgets import CompareWindow
from .widgets import NarrowTabBar


LOOK_MS = 250
"""Between two looks at what the preview is of."""


class _Closer:
    """Calls ``close`` when the docker is destroyed. It is no lambda: where Python's collector destroys the docker, it may have
    emptied a lambda of it before, and calling that ends the editor. Of this it empties the slot alone."""

    __slots__ = ("_close",)

    def __init__(self, close):
        self._close = close

    def __call__(self, *_destroyed):
        close = getattr(self, "_close", None)
        if close is not None:
            close()


class NeuralStyle(DockWidget):
    """One in each window of Krita. ``model``: what it does."""

    def __init__(self):
        DockWidget.__init__(self)
        self.setWindowTitle(_("Neural Style"))
        self.model = DockerModel(Krita.instance(), self)
        self._compare, self._quiet, self._document_there = None, False, False
        self._build()
        self._connect()
        self._update_buttons()
        # Krita tells no plug-in of another active layer, a stroke, or a selection.
        self._looks = QtCore.QTimer(self)
        self._looks.setInterval(LOOK_MS)
        self._looks.timeout.connect(self._look)
        self._looks.start()
        # Krita may quit, or this window be closed, in the middle of whatever is going on.
        close = self.model.close
        self.destroyed.connect(_Closer(close))
        QtWidgets.QApplication.instance().aboutToQuit.connect(close)

    # -- what Krita and Qt call --------------------------------------------------------------------------------------

    def canvasChanged(self, canvas):
        """Another document, or none."""
        if self.isVisible() and canvas is not None:
            self.model.open()
        if not self.model.running:
            self.model.preview.clear(wanted=True)
        self._update_buttons()

    def showEvent(self, event):
        DockWidget.showEvent(self, event)
        QtCore.QTimer.singleShot(0, self.model.open)

    def resizeEvent(self, event):
        DockWidget.resizeEvent(self, event)
        self.action_bar.fit(self.width(), self.height())

    # -- the widgets -------------------------------------------------------------------------------------------------

    def _build(self):
        whole = QtWidgets.QWidget(self)
        self.pages = QtWidgets.QTabWidget(whole)
        self.pages.setObjectName("impasto-pages")
        self.pages.setDocumentMode(True)
        self.pages.setTabBar(NarrowTabBar(self.pages))
        self.styles, self.settings, self.results = StylesPage(), SettingsPage(), ResultsPage(self.model)
        for page, title in ((self.styles, _("Styles")), (self.settings, _("Settings")), (self.results, _("Results"))):
            self.pages.setTabToolTip(self.pages.addTab(page, title), title)
        self.style_menu = StyleMenu(self.model, self.styles.chosen, self)
        self.pages.setCornerWidget(self.style_menu)
        self.action_bar = ActionBar(whole)
        box = QtWidgets.QVBoxLayout(whole)
        box.setContentsMargins(3, 3, 3, 3)
        box.setSpacing(4)
        box.addWidget(self.pages, 1)
        box.addWidget(self.action_bar)
        self.setWidget(whole)

    def _connect(self):
        model, action_bar = self.model, self.action_bar
        model.message.connect(action_bar.show_message)
        model.styles.changed.connect(self._styles_received)
        model.styles.thumbnail_loaded.connect(self.styles.picture)
        model.painting_changed.connect(self._update_buttons)
        model.styles.added.connect(lambda ids: self._choose([recipes.Style(id) for id in ids]))
        model.preview.changed.connect(self._preview_changed)
        model.training.changed.connect(self._training_changed)
        self.style_menu.style_added.connect(lambda style: self._choose([style]))
        self.style_menu.layer_settings_requested.connect(self._load_layer_settings)
        self.style_menu.message.connect(action_bar.show_message)
        self.styles.removal_requested.connect(lambda style: questions.ask_to_remove(self, style, model.styles.remove))
        self.styles.new_name_requested.connect(lambda style: questions.ask_new_name(self, style, model.styles.rename))
        for page in (self.styles, self.settings):
            page.changed.connect(self._moved)
        self.styles.gallery.itemClicked.connect(lambda _item: model.refresh_preview())
        self.pages.currentChanged.connect(lambda _index: self._update_buttons())
        self.results.edit_requested.connect(self._edit)
        self.results.compare_requested.connect(
            lambda entry: self._compare_images(entry.before, entry.after or entry.thumbnail, entry.title)
        )
        action_bar.preview.enlarge_requested.connect(
            lambda: self._compare_images(action_bar.preview.before, action_bar.preview.after, model.recipe.title())
        )
        action_bar.applied.connect(self.apply)
        action_bar.kept.connect(self.keep)
        action_bar.discarded.connect(self.discard)
        action_bar.style_kept.connect(lambda: self._keep_style(model.to_keep()))
        self.results.keep_requested.connect(self._keep_style)
        action_bar.training_stopped.connect(model.training.stop)

    # -- what the user does ------------------------------------------------------------------------------------------

    def apply(self):
        """Paint the active layer."""
        self.model.apply()

    def repeat(self):
        """Paint the active layer as the last one was."""
        self.model.repeat()

    def keep(self):
        """Stop and keep."""
        self.model.stop()

    def discard(self):
        """Stop and discard."""
        self.model.discard()

    def recipe(self):
        """What the widgets say."""
        return recipes.Recipe(self.styles.chosen(), dict(self.styles.sliders.values(), **self.settings.values()))

    def _moved(self):
        if not self._quiet:
            self.model.choose(self.recipe(), self.settings.output(), self.settings.blend.isChecked())
            self._update_buttons()

    def _choose(self, styles):
        for style in styles:
            if not style.id:
                self.model.styles.add_picture(style)
        self.styles.choose(styles)

    def _keep_style(self, entry):
        """Keep what a result was refined to as a style; of one that is new, its name is asked first."""
        if entry is not None and keeping.needs_name(entry.job):
            suggested = keeping.suggested_name(entry.job, entry.recipe)
            questions.ask_name(self, suggested, lambda name: self.model.keeper.keep(entry, name))
        elif entry is not None:
            self.model.keeper.keep(entry)

    def _edit(self, entry):
        """An earlier result's settings."""
        self._show_recipe(entry.recipe)
        self._moved()
        self.pages.setCurrentWidget(self.styles)

    def _load_layer_settings(self):
        """The settings that the active layer was painted with."""
        layer = self.model.layer()
        recipe = saved_settings.layer_recipe(self.model.krita.activeDocument(), layer) if layer is not None else None
        if recipe is None:
            self.action_bar.show_message(_("This layer was not painted by Neural Style."))
            return
        self._show_recipe(recipe)
        self._moved()

    def _show_recipe(self, recipe):
        self._quiet = True
        self.styles.sliders.show_values(recipe.values)
        self.settings.show_values(recipe.values)
        self._choose(recipe.styles)
        self._quiet = False

    def _compare_images(self, before, after, title):
        if after is not None:
            self._compare = self._compare or CompareWindow(self)
            self._compare.put(before, after, title)

    # -- what the model tells ---------------------------------------------------------------------------------------

    def _styles_received(self):
        first = not self.styles.gallery.count()
        self.styles.put(self.model.styles.entries)
        if first and self.model.last is not None:  # as it was left, without painting anything
            recipe, output, blend = self.model.last
            self._show_recipe(recipe)
            self._quiet = True
            self.settings.show_output(output)
            self.settings.blend.setChecked(blend)
            self._quiet = False
            self.model.recipe, self.model.output, self.model.blend = self.recipe(), output, blend

    def _preview_changed(self):
        preview = self.model.preview
        self.action_bar.preview.put(preview.before, preview.image, preview.busy)
        self.action_bar.fit(self.width(), self.height())
        self.action_bar.set_caption(self.model.recipe.title(), preview.sentence, preview.plan, preview.reason)

    def _training_changed(self):
        training = self.model.training
        self.action_bar.show_training("%s: %s" % (training.name, training.sentence) if training.running else "")
        if not training.running:
            self.action_bar.show_message(training.sentence)

    def _look(self):
        if self.isVisible():
            self.model.look()
            if self._document_there != (Krita.instance().activeDocument() is not None):
                self._update_buttons()

    def _update_buttons(self):
        wanted = self.pages.currentWidget() is not self.results
        self._document_there = Krita.instance().activeDocument() is not None
        fraction = self.model.painting.fraction if self.model.running else None
        keep_style = wanted and self.model.to_keep() is not None
        self.action_bar.show_progress(fraction, self._document_there if wanted else None, keep_style)
