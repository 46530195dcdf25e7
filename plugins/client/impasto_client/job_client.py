"""Follows one job of the daemon from the first request to its result, as a state machine that does no input or output.

    job_client = JobClient.stylize(content, recipe, key)
    while job_client.request is not None:
        status, body = transport(job_client.request)   # or: job_client.handle_no_response("connection error")
        job_client.handle_response(status, body)

Between two steps it may be asked to :meth:`finish` or :meth:`cancel`.
"""

from . import wire

SENDING, WAITING, FETCHING, DONE, FAILED, CANCELLED = "sending", "waiting", "fetching", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)

RETRIES = 5
"""How often a request is sent again that got no response, or that the daemon was too busy for."""


class JobClient:
    """``state``: one of the above. ``request``: the one to send next, or None at the end. ``job``: what the daemon last said of the
    job. ``preview``: the newest, as a PNG's bytes. ``result``: the picture's bytes, once ``state`` is done (of a training: None).
    ``error``: a :class:`wire.ApiError`."""

    def __init__(self, request, has_picture=True):
        self.request = request
        self.state, self.job, self.preview, self.result, self.error = SENDING, {}, None, None, None
        self._has_picture, self._stop_request, self._preview_number = has_picture, "", 0
        self._no_responses = self._busy_responses = 0
        self._taken_preview = None

    @classmethod
    def stylize(cls, content, recipe, key):
        """A client of a new stylization, whose result is a picture."""
        return cls(wire.stylize(content, recipe, key))

    @classmethod
    def train(cls, name, picture, key):
        """A client of a new training, whose result is a style."""
        return cls(wire.train(name, picture, key), has_picture=False)

    @classmethod
    def resume(cls, job, has_picture=True):
        """A client of a job that exists already: ``job`` as the daemon lists it."""
        job_client = cls(wire.job(job["id"]), has_picture)
        job_client.job, job_client.state = dict(job), WAITING
        return job_client

    @property
    def ended(self):
        """Whether there is nothing left to do."""
        return self.state in ENDED

    def finish(self):
        """Stop and keep what there is, as soon as the daemon can be told."""
        if not self.ended:
            self._stop_request = self._stop_request or "finish"

    def cancel(self):
        """Stop and discard."""
        if not self.ended:
            self._stop_request = "cancel"

    def take_preview(self):
        """The newest preview, or None where there is none or it has been taken before."""
        preview = self.preview
        if preview is self._taken_preview:
            return None
        self._taken_preview = preview
        return preview

    def handle_response(self, status, body):
        """Take the response to :attr:`request`, and set the next one, or None at the end."""
        self._no_responses = 0
        try:
            {
                "create": self._job_created,
                "job": self._job_received,
                "stop": self._job_received,
                "preview": self._preview_received,
                "result": self._result_received,
            }[self._request_kind()](status, body)
        except wire.ApiError as error:
            self._error_received(error)

    def handle_no_response(self, reason):
        """No response came to :attr:`request`. It is sent again a few times; a request to queue carries a key, so that is safe."""
        self._no_responses += 1
        if self._no_responses > RETRIES:
            self._end(
                FAILED,
                wire.ApiError(
                    "unreachable",
                    "The daemon does not answer any more (%s)." % reason,
                    "Start it again; a job that it has accepted goes on, and its result is kept.",
                ),
            )

    def fail(self, reason):
        """The editor cannot go on; ``reason``: a sentence."""
        if not self.ended:
            self._end(FAILED, wire.ApiError("given_up", reason))

    def _request_kind(self):
        path = self.request.path
        if self.state == SENDING:
            return "create"
        for tail in ("preview", "result"):
            if path.endswith("/" + tail):
                return tail
        return "stop" if self.request.method == "POST" else "job"

    def _job_created(self, status, body):
        self.job = wire.read_json(status, body)
        self.state = WAITING
        self._set_next_request()

    def _job_received(self, status, body):
        self.job = wire.read_json(status, body)
        self._set_next_request()

    def _preview_received(self, status, body):
        if 200 <= status < 300:  # it may just have ended: then there is none, and no harm
            self.preview = bytes(body)
        self.request = wire.job(self.job["id"], self.job["version"])
        self._send_stop_request()

    def _result_received(self, status, body):
        self.result = wire.read_bytes(status, body)
        self._end(DONE)

    def _set_next_request(self):
        state = self.job.get("state")
        if state == "done" and self._stop_request != "cancel":
            if not self._has_picture:
                return self._end(DONE)
            self.state, self.request = FETCHING, wire.result(self.job["id"])
        elif state == "failed":
            error = self.job.get("error") or {}
            self._end(
                FAILED,
                wire.ApiError(str(error.get("code", "")), str(error.get("message", "The job failed.")), str(error.get("hint", ""))),
            )
        elif state in ("cancelled", "done"):
            self._end(CANCELLED)
        else:
            number = self.job.get("preview") or 0
            if number > self._preview_number:
                self._preview_number, self.request = number, wire.preview(self.job["id"])
            else:
                self.request = wire.job(self.job["id"], self.job["version"])
            self._send_stop_request()
        return None

    def _send_stop_request(self):
        # This goes first. The daemon's response to it is the job, after which everything goes on as usual.
        if self._stop_request:
            self.request = (wire.finish if self._stop_request == "finish" else wire.cancel)(self.job["id"])
            if self._stop_request == "finish":
                self._stop_request = ""

    def _error_received(self, error):
        if self._request_kind() == "stop" and error.code == "conflict" and not self.ended:
            self.request = wire.cancel(self.job["id"])  # nothing to keep yet: to stop is to discard
            self._stop_request = "cancel"
            return
        if error.code in ("queue_full", "busy") and self._busy_responses < RETRIES:
            self._busy_responses += 1
            return
        self._end(CANCELLED if self._stop_request == "cancel" else FAILED, error)

    def _end(self, state, error=None):
        self.state, self.error, self.request = state, error, None
