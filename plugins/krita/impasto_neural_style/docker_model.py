"""What the docker shows and does, without a widget: styles, preview, the painting under way, results, what is learnt."""

from . import pictures, saved_settings
from .client import keeping, outputs
from .client import recipe as recipes
from .client import wire
from .connection import Connection
from .history import History
from .paint_task import DONE, PaintTask
from .preview import Preview
from .qt import QtCore, Signal
from .source import layer_of
from .style_keeper import StyleKeeper
from .style_list import StyleList
from .translation import _
from .training import Training


class DockerModel(QtCore.QObject):
    """``recipe``, ``output``, ``blend``: what would be painted now; ``painting``: the last :class:`PaintTask`, or None."""

    painting_changed = Signal()
    message = Signal(str)
    """A sentence for the user."""

    def __init__(self, krita, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.krita, self.painting, self._closed = krita, None, False
        self.recipe, self.output, self.blend = recipes.Recipe(), outputs.MASKED, False
        self.last = saved_settings.load_last(krita)
        self.connection = Connection(self)
        self.connection.ready.connect(self._ready)
        self.connection.failed.connect(self.message)
        self.styles = StyleList(self.connection, self)
        self.styles.loaded.connect(self._styles_loaded)
        self.styles.failed.connect(self.message)
        self.preview = Preview(krita, self.connection, self)
        self.preview.outdated.connect(self.refresh_preview)
        self.history = History(self.connection, self)
        self.keeper = StyleKeeper(self.connection, self.styles, self)
        self.keeper.message.connect(self.message)
        self.keeper.changed.connect(self.history.changed)
        self.keeper.changed.connect(self.painting_changed)
        self.training = Training(self.connection, self)
        self.training.learnt.connect(self.styles.ask)

    def open(self):
        """Find the daemon, or start it, and ask what there is."""
        if not self.styles.entries:
            self.message.emit(_("Looking for Impasto…"))
            self.connection.connect_daemon()

    def close(self):
        """Krita quits: no more requests. The daemon gives up a painting that no editor asks about; a training goes on."""
        if self._closed:
            return
        self._closed = True
        self.preview.stop()
        if self.painting is not None:
            self.painting.abandon()
        self.connection.close()

    def _ready(self):
        self.message.emit("")
        self.styles.ask()

    def _styles_loaded(self):
        self.history.load(self.styles.titles())
        self.connection.ask(wire.jobs(), self._look_for_training)

    # -- painting ----------------------------------------------------------------------------------------------------

    @property
    def running(self):
        """Whether something is being painted."""
        return self.painting is not None and not self.painting.over

    def choose(self, recipe, output, blend):
        """What would be painted now has changed: the daemon's plan for it is wanted, and a preview where that is quick."""
        before, self.recipe, self.output, self.blend = self.recipe, recipe, output, blend
        if recipe == before or self.running:
            return
        self._forget_message()
        if recipe.styles:
            self.preview.request(recipe)
        else:
            self.preview.clear()

    def refresh_preview(self):
        """The layer may have changed: another preview of the same recipe."""
        if self.recipe.styles and not self.running:
            self._forget_message()
            self.preview.request(self.recipe)

    def look(self):
        """Called now and then while the docker is seen: the preview follows what the user does to the picture."""
        if not self.running:
            self.preview.look()

    def _forget_message(self):
        """What was said of the last painting is not about what is chosen now."""
        if self.painting is not None:
            self.message.emit("")

    def apply(self):
        """Paint the active layer; or look for the daemon once more, where there was none."""
        if not self.styles.entries:
            self.open()
        elif not self.recipe.styles:
            self.message.emit(_("Choose a style."))
        else:
            self._paint(self.recipe, self.output, self.blend)

    def repeat(self):
        """Paint the active layer as the last one was."""
        if self.last is None:
            self.apply()
        else:
            self._paint(*self.last)

    def insert(self, id):
        """Insert a result of the history once more."""
        entry = self.history.entry(id)
        if entry is None or self.running:
            return
        self._begin(PaintTask(self.krita, self.connection, entry.recipe or recipes.Recipe(), outputs.MASKED, self))
        self.painting.name = entry.title or _("Neural Style")
        self.painting.insert_result(entry.job, entry.place)

    def to_keep(self):
        """The last painting's :class:`history.ResultEntry` where its style can be kept and is still the chosen one, else None."""
        painting = self.painting
        if painting is None or not painting.over or painting.recipe != self.recipe:
            return None
        entry = self.history.entry(painting.job.get("id"))
        return entry if entry is not None and keeping.can_be_kept(entry.job) else None

    def stop(self):
        """Stop, and keep what there is."""
        if self.running:
            self.painting.stop()

    def discard(self):
        """Stop, and insert nothing."""
        if self.running:
            self.painting.discard()

    def _paint(self, recipe, output, blend):
        if self.running:
            return
        self.last = (recipe, output, blend)
        saved_settings.save_last(self.krita, recipe, output, blend)
        self._begin(PaintTask(self.krita, self.connection, recipe, output, self, blend))
        document = self.krita.activeDocument()
        self.painting.start(document, document.activeNode() if document is not None else None)

    def _begin(self, painting):
        self.preview.stop()
        if self.painting is not None:
            self.painting.deleteLater()
        self.painting = painting
        painting.changed.connect(self._painting_news)
        painting.painted.connect(lambda: self.history.add(painting))
        painting.ended.connect(self._ended)

    def _painting_news(self):
        painting = self.painting
        self.message.emit(painting.sentence)
        image = pictures.decoded(painting.take_preview())
        if image is not None:
            self.preview.show(image, painting.before)
        self.painting_changed.emit()

    def _ended(self):
        if self.painting.state == DONE and self.painting.after is not None:
            self.preview.show(self.painting.after, self.painting.before)
            self.preview.adopt()
        self.painting_changed.emit()

    # -- learning ----------------------------------------------------------------------------------------------------

    def layer(self):
        """The layer that would be painted, or None."""
        document = self.krita.activeDocument()
        return layer_of(document.activeNode()) if document is not None else None

    def _look_for_training(self, status, body):
        try:
            jobs = wire.read_json(status, body)["jobs"]
        except wire.ApiError:
            return
        for job in jobs:
            if job["kind"] == "train" and job["state"] in ("queued", "running"):
                self.training.resume(job)
                return
