"""The styles to choose from: the daemon's, and pictures that were added in this session."""

from . import pictures
from .client import messages, wire
from .client import recipe as recipes
from .qt import QtCore, Signal
from .translation import _


class StyleEntry:
    """A style to choose from: ``style`` (a recipe's), ``hint`` for a tooltip, ``fast``: a network has learnt it, ``own``: the user
    has added it, ``image``: a QImage or None."""

    def __init__(self, style, hint="", fast=False, own=False, image=None):
        self.style, self.hint, self.fast, self.own, self.image = style, hint, fast, own, image


class StyleList(QtCore.QObject):
    """``entries``: a list of :class:`StyleEntry`."""

    changed = Signal()
    thumbnail_loaded = Signal(str)
    """A style (its id) has its thumbnail."""
    loaded = Signal()
    """The daemon has told of its styles."""
    added = Signal(list)
    """New styles (their ids) are in the list."""
    failed = Signal(str)
    """A sentence for the user."""

    def __init__(self, connection, parent=None):
        QtCore.QObject.__init__(self, parent)
        self.entries, self._connection, self._new = [], connection, []

    def titles(self):
        """The daemon's: id -> title."""
        return {known.style.id: known.style.title for known in self.entries if known.style.id}

    def ask(self, new=()):
        """Ask the daemon for its list. ``new``: the ids of those that are to be told of by :attr:`added`."""
        self._new += new
        self._connection.ask(wire.styles(), self._received)

    def add_picture(self, style):
        """One more to choose from in this session: a picture. The same again is not added twice."""
        if not any(known.style.picture == style.picture for known in self.entries if not known.style.id):
            hint = style.title + "\n" + messages.speed(False, _)
            self.entries.append(StyleEntry(style, hint, own=True, image=pictures.decoded(style.picture, 256)))
            self.changed.emit()

    def keep(self, style):
        """Keep a picture as a style of the user's own, with the daemon, which refuses what is no picture."""

        def answered(status, body):
            try:
                self.ask([wire.read_json(status, body)["id"]])
            except wire.ApiError as error:
                self.failed.emit(messages.error(error, _))

        self._connection.ask(wire.add_style(style.title[: wire.MAX_NAME_LENGTH], style.picture), answered)

    def rename(self, style, name):
        """Give one of the user's own another name. Its id stays, so layers painted with it know it as before."""

        def answered(status, body):
            try:
                wire.read_json(status, body)
                self.ask()
            except wire.ApiError as error:
                self.failed.emit(messages.error(error, _))

        self._connection.ask(wire.rename_style(style.id, name), answered)

    def remove(self, style):
        """Remove one of the user's own, here and at the daemon. Layers painted with it stay as they are."""

        def answered(status, body):
            if status in (204, 404):
                self.ask()
                return
            try:
                wire.read_json(status, body)
            except wire.ApiError as error:
                self.failed.emit(messages.error(error, _))

        if style.id:
            self._connection.ask(wire.remove_style(style.id), answered)
        else:
            self.entries = [known for known in self.entries if known.style.id or known.style.picture != style.picture]
            self.changed.emit()

    def _received(self, status, body):
        try:
            listed = wire.read_json(status, body)["styles"]
        except wire.ApiError as error:
            self.failed.emit(messages.error(error, _))
            return
        seen = {known.style.id: known.image for known in self.entries}
        pictures_here = [known for known in self.entries if not known.style.id]
        self.entries = [_entry(one, seen.get(one["id"])) for one in listed] + pictures_here
        self.changed.emit()
        if self._new:
            new, self._new = self._new, []
            self.added.emit(new)
        for known in self.entries:
            if known.image is None and known.style.id:
                self._fetch(known)
        self.loaded.emit()

    def _fetch(self, known):
        def answered(status, body):
            known.image = pictures.decoded(body) if status == 200 else None
            self.thumbnail_loaded.emit(known.style.id)

        self._connection.ask(wire.thumbnail(known.style.id), answered)


def _entry(one, image):
    style = recipes.Style(one["id"], title=one["title"])
    return StyleEntry(style, messages.style_hint(one, _), one["fast"], bool(one.get("own")), image)
