"""Keep as a style: what a picture was refined to for a painting becomes a style of the user's own, painted in seconds."""

import questions
from impasto_client import keeping, messages, wire
from translation import _


class StyleKeeper:
    """Offers it in the message bar, asks for a name where one is needed, and has the gallery show the new style."""

    def __init__(self, parts, connection, styles):
        """``styles``: the :class:`styles.StyleController`."""
        self._parts, self._connection, self._styles = parts, connection, styles

    def offer(self, job, recipe=None, sentence="", wrong=False):
        """Offer it where a finished ``job``, as the daemon tells of it, has something to keep. ``recipe``: what it was painted by,
        as far as known; ``sentence``: what is said, and whether that is ``wrong``; by default, what keeping it is good for."""
        if keeping.can_be_kept(job):
            self._parts.message_bar.show_message(
                sentence or _(messages.CAN_BE_KEPT), wrong, lambda: self._keep(job, recipe), _("_Keep as a Style…")
            )
        elif sentence:
            self._parts.message_bar.show_message(sentence, wrong)

    def _keep(self, job, recipe):
        name = ""
        if keeping.needs_name(job):
            suggested = keeping.suggested_name(job, recipe) or _("My style")
            name = questions.name(self._parts.dialog, _("Keep as a Style"), suggested, wire.MAX_NAME_LENGTH, _("_Keep"))
            if not name:
                self.offer(job, recipe)
                return

        def send():  # to a daemon that has just been found: a request that changes something is not sent twice
            self._connection.ask(
                keeping.request(job, name), lambda status, body: self._answered(job, recipe, status, body), quietly=True
            )

        self._connection.connect(send)

    def _answered(self, job, recipe, status, body):
        refined = keeping.pictures(job, recipe)
        ids, sentence = keeping.outcome(job, status, body, _)
        self.offer(job, recipe, sentence, wrong=not ids)
        if ids:
            self._styles.choose_new(ids, instead_of=refined)
        elif not keeping.can_be_kept(job):
            self._styles.reload()  # it is in the list by now, perhaps by another program's doing
