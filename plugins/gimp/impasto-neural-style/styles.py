"""The styles in the window: those that the daemon knows, pictures and layers that are added, and what is learnt."""

import learning
import paint_options
import pictures
import questions
import sources
from impasto_client import messages, wire
from impasto_client.recipe import Style
from translation import _

SIDE = 256


class StyleController:
    """Fills the gallery and answers its buttons. ``wanted``: the styles to choose as soon as they are listed."""

    def __init__(self, parts, connection, layer, on_error):
        """``on_error(sentence)``: the daemon does not give what it should."""
        self._parts, self._connection, self._layer, self._show_connection_error = parts, connection, layer, on_error
        self.wanted, self._pictures = [], {}
        parts.from_file.connect("clicked", lambda _button: self._add_file())
        parts.from_layer.connect("clicked", lambda _button: self._use_layer())
        parts.learn.connect("clicked", lambda _button: self._learn())
        parts.gallery.connect("removed", lambda _gallery, style: self._remove(style))
        parts.gallery.connect("renaming", lambda _gallery, style: self._rename(style))
        parts.training_bar.connect("ended", lambda _learning, job_client: self._learnt(job_client))
        for button in (parts.from_file, parts.learn):
            button.set_sensitive(False)

    def list(self):
        """Ask the daemon for its styles, and show them."""
        self._connection.ask(wire.styles(), self._styles_received)

    def _styles_received(self, status, body):
        try:
            known = wire.read_json(status, body)
        except wire.ApiError as error:
            return self._show_connection_error(messages.error(error, _))
        for button in (self._parts.from_file, self._parts.learn):
            button.set_sensitive(True)
        gallery = self._parts.gallery
        gallery.clear()
        for one in known["styles"]:
            self._show(one)
        for style in self.wanted:
            if not style.id:
                self._show_picture(style)
        gallery.choose(self.wanted)
        return None

    def _show(self, one):
        def hint(iterative):
            return messages.style_hint(one, _, iterative) + "\n" + _("Ctrl+click mixes several styles.")

        tile = self._parts.gallery.add_style(Style(one["id"], title=one["title"]), hint, one["fast"], one["own"])

        def thumbnail_received(status, body):
            if status == 200:
                self._pictures[one["id"]] = pictures.decoded(body, SIDE)
                self._parts.gallery.picture(tile, self._pictures[one["id"]])

        if one["id"] in self._pictures:
            self._parts.gallery.picture(tile, self._pictures[one["id"]])
        else:
            self._connection.ask(wire.thumbnail(one["id"]), thumbnail_received, quietly=True)

    def _show_picture(self, style):
        def hint(iterative):
            return "\n".join([style.title, messages.speed(False, _, iterative), _("Ctrl+click mixes several styles.")])

        self._parts.gallery.picture(self._parts.gallery.add_style(style, hint, False), pictures.decoded(style.picture, SIDE))

    def _read(self, status, body):
        try:
            return wire.read_json(status, body)
        except wire.ApiError as error:
            self._parts.message_bar.show_message(messages.error(error, _))
            return None

    def _add_file(self):
        file = sources.ask_for_file(self._parts.dialog, _("A Picture as Style"))
        if file is None:
            return
        style = self._style_from(file)
        if style is not None:
            self._connection.ask(wire.add_style(style.title[: wire.MAX_NAME_LENGTH], style.picture), self._style_added)

    def _style_from(self, file):
        """A picture's file as a style, or None where it cannot be read, which is then said."""
        try:
            return paint_options.picture(file)
        except OSError as error:
            text = _("The picture {file} cannot be read: {reason}.").format(file=file, reason=error.strerror)
            self._parts.message_bar.show_message(text)
            return None

    def _style_added(self, status, body):
        new = self._read(status, body)
        if new is not None:
            self.choose_new([new["id"]])

    def choose_new(self, ids, instead_of=()):
        """List the styles anew, and choose those of the ``ids``. ``instead_of``: pictures in whose place they are."""
        self._parts.gallery.forget(instead_of)
        self.wanted = [Style(id) for id in ids]
        self.list()

    def reload(self):
        """List the styles anew; what is chosen stays so."""
        self.wanted = self._parts.gallery.chosen()
        self.list()

    def _use_layer(self):
        style = sources.ask_for_layer(self._parts.dialog)
        if style is not None:
            self._show_picture(style)
            self._parts.gallery.choose([style])

    def _rename(self, style):
        title = _("Rename '{name}'").format(name=style.title)
        name = questions.name(self._parts.dialog, title, style.title, wire.MAX_NAME_LENGTH, _("_Rename"))
        if name and name != style.title:
            request = wire.rename_style(style.id, name)
            self._connection.ask(request, lambda status, body: self._read(status, body) is None or self.reload())

    def _remove(self, style):
        question = _("Remove '{name}' from your styles?").format(name=style.title)
        if questions.confirmed(self._parts.dialog, question, _("Layers painted with it stay as they are."), _("_Remove")):
            self.wanted = [chosen for chosen in self._parts.gallery.chosen() if chosen.id != style.id]
            self._connection.ask(wire.remove_style(style.id), lambda status, body: self._read(status, body) is None or self.list())

    # -- learning ----------------------------------------------------------------------------------------------------

    def _learn(self):
        if self._parts.training_bar.busy:
            self._parts.message_bar.show_message(
                _("A style is being learnt already. The next one can begin when it has ended."), wrong=False
            )
            return
        slow = self._parts.gallery.untrained()
        here = self._layer.get_name() if self._layer.is_valid() else None
        choices = [(style.title, style.title) for style in slow]
        choices += [(_("The layer '{name}'").format(name=here), here)] if here else []
        choices += [(_("A picture's file…"), "")]
        chosen = learning.ask(self._parts.dialog, choices)
        if chosen is None:
            return
        index, name = chosen
        if index < len(slow):
            self._learn_style(slow[index], name)
        elif here and index == len(slow):
            self._parts.training_bar.begin(name, pictures.file_of_layer(self._layer))
        else:
            file = sources.ask_for_file(self._parts.dialog, _("A Painting to Learn"))
            if file is not None:
                self._learn_file(file, name)

    def _learn_style(self, style, name):
        def fetched(status, body):
            try:
                self._parts.training_bar.begin(name, bytes(wire.read_bytes(status, body)))
            except wire.ApiError as error:
                self._parts.message_bar.show_message(messages.error(error, _))

        if style.id:
            self._connection.ask(wire.style_picture(style.id), fetched)
        else:
            self._parts.training_bar.begin(name, style.picture)

    def _learn_file(self, file, name):
        style = self._style_from(file)
        if style is not None:
            self._parts.training_bar.begin(name or style.title, style.picture)

    def _learnt(self, job_client):
        sentence, wrong, ids = learning.outcome(job_client)
        self._parts.message_bar.show_message(sentence, wrong=wrong)
        if ids:
            self.choose_new(ids)
