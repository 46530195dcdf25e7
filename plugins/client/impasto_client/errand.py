"""One job from the first request to the picture, as a machine that is told what came back and says what to send next.

    errand = Errand.painting(content, recipe, key)
    while errand.request is not None:
        status, body = transport(errand.request)       # or: errand.lost("connection refused")
        errand.answered(status, body)

Between two steps it may be asked to :meth:`finish` or :meth:`cancel`; ``changed`` tells an interface that there is news.
"""

from . import wire

SENDING, WAITING, FETCHING, DONE, FAILED, CANCELLED = "sending", "waiting", "fetching", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)

RETRIES = 5
"""So often a question is asked again that got no answer, or was told to come back later."""


class Errand:
    """``state``: one of the above. ``job``: what the daemon last said of it. ``preview``: the newest, as a PNG's bytes.
    ``result``: the picture's bytes, once ``state`` is done (of a training: None). ``error``: a :class:`wire.Refused`."""

    def __init__(self, request, picture=True):
        self.request = request
        self.state, self.job, self.preview, self.result, self.error = SENDING, {}, None, None, None
        self._picture, self._asked, self._seen, self._lost, self._turned_away = picture, "", 0, 0, 0

    @classmethod
    def painting(cls, content, recipe, key):
        """An errand that comes back with a picture."""
        return cls(wire.stylize(content, recipe, key))

    @classmethod
    def training(cls, name, picture, key):
        """An errand that comes back with a style."""
        return cls(wire.train(name, picture, key), picture=False)

    @classmethod
    def again(cls, job, picture=True):
        """Take up a job that is already there: ``job`` as the daemon lists it."""
        errand = cls(wire.job(job["id"]), picture)
        errand.job, errand.state = dict(job), WAITING
        return errand

    @property
    def ended(self):
        """Whether there is nothing left to do."""
        return self.state in ENDED

    def finish(self):
        """Stop and keep what there is, as soon as the daemon can be told."""
        if not self.ended:
            self._asked = self._asked or "finish"

    def cancel(self):
        """Stop and discard."""
        if not self.ended:
            self._asked = "cancel"

    def answered(self, status, body):
        """The answer to :attr:`request`. Sets the next one, or None at the end."""
        self._lost = 0
        try:
            {"sent": self._sent, "job": self._heard, "told": self._heard, "preview": self._shown, "result": self._fetched}[
                self._kind()
            ](status, body)
        except wire.Refused as refused:
            self._refused(refused)

    def lost(self, reason):
        """No answer came to :attr:`request`. It is sent again a few times; a request to queue carries a key, so that is safe."""
        self._lost += 1
        if self._lost > RETRIES:
            self._end(
                FAILED,
                wire.Refused(
                    "unreachable",
                    "The daemon does not answer any more (%s)." % reason,
                    "Start it again; a job that it has accepted goes on, and its result is kept.",
                ),
            )

    def give_up(self, reason):
        """The editor cannot go on; ``reason``: a sentence."""
        if not self.ended:
            self._end(FAILED, wire.Refused("given_up", reason))

    def _kind(self):
        path = self.request.path
        if self.state == SENDING:
            return "sent"
        for tail in ("preview", "result"):
            if path.endswith("/" + tail):
                return tail
        return "told" if self.request.method == "POST" else "job"

    def _sent(self, status, body):
        self.job = wire.read(status, body)
        self.state = WAITING
        self._next()

    def _heard(self, status, body):
        self.job = wire.read(status, body)
        self._next()

    def _shown(self, status, body):
        if 200 <= status < 300:  # it may just have ended: then there is none, and no harm
            self.preview = bytes(body)
        self.request = wire.job(self.job["id"], self.job["version"])
        self._wish()

    def _fetched(self, status, body):
        self.result = wire.checked(status, body)
        self._end(DONE)

    def _next(self):
        state = self.job.get("state")
        if state == "done" and self._asked != "cancel":
            if not self._picture:
                return self._end(DONE)
            self.state, self.request = FETCHING, wire.result(self.job["id"])
        elif state == "failed":
            error = self.job.get("error") or {}
            self._end(
                FAILED,
                wire.Refused(str(error.get("code", "")), str(error.get("message", "The job failed.")), str(error.get("hint", ""))),
            )
        elif state in ("cancelled", "done"):
            self._end(CANCELLED)
        else:
            number = self.job.get("preview") or 0
            if number > self._seen:
                self._seen, self.request = number, wire.preview(self.job["id"])
            else:
                self.request = wire.job(self.job["id"], self.job["version"])
            self._wish()
        return None

    def _wish(self):
        # The wish goes first; what the daemon answers to it is the job, after which everything goes on as usual.
        if self._asked:
            self.request = (wire.finish if self._asked == "finish" else wire.cancel)(self.job["id"])
            if self._asked == "finish":
                self._asked = ""

    def _refused(self, refused):
        if self._kind() == "told" and refused.code == "conflict" and not self.ended:
            self.request = wire.cancel(self.job["id"])  # nothing to keep yet: to stop is to discard
            self._asked = "cancel"
            return
        if refused.code in ("queue_full", "busy") and self._turned_away < RETRIES:
            self._turned_away += 1
            return
        self._end(CANCELLED if self._asked == "cancel" else FAILED, refused)

    def _end(self, state, error=None):
        self.state, self.error, self.request = state, error, None
