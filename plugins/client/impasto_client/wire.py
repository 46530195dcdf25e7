"""The HTTP requests of the daemon's API as values, and its responses as dictionaries or errors."""

import json
import uuid
from collections import namedtuple
from urllib.parse import urlencode

Request = namedtuple("Request", "method path headers body timeout")
"""``path`` from the daemon's address on; ``headers``: a dictionary, without the token; ``body``: bytes, or a list of them to be
sent one after the other; ``timeout``: seconds."""

SHORT_TIMEOUT_S, LONG_TIMEOUT_S = 10.0, 120.0
"""Timeouts of a request; one that sends or fetches a picture gets the long one."""

LONG_POLL_S = 20.0
"""How long the daemon may hold a request for a job until the job changes (long polling)."""

LEASE_S = 45
"""The daemon gives up a job that was not asked about for so long: the editor that started it is gone."""

NPY = "application/x-npy"

MAX_NAME_LENGTH = 100
"""Characters of a style's name at most."""


class ApiError(Exception):
    """An error response: ``code`` for programs, ``message`` and ``hint`` for people, ``status`` of HTTP."""

    def __init__(self, code, message, hint="", status=0):
        Exception.__init__(self, message)
        self.code, self.message, self.hint, self.status = code, message, hint, status

    def sentence(self):
        """Message and hint in one line."""
        return " ".join(filter(None, [self.message, self.hint]))


def read_json(status, body):
    """The JSON of a response. Raises :class:`ApiError` for an error, in whatever shape it comes."""
    try:
        payload = json.loads(bytes(body).decode("utf-8")) if body else {}
    except ValueError:
        payload = None
    if 200 <= status < 300 and payload is not None:
        return payload
    error = payload.get("error") if isinstance(payload, dict) else None
    if not isinstance(error, dict):
        error = {}
    raise ApiError(
        str(error.get("code") or "unreadable_answer"),
        str(error.get("message") or "The daemon's answer cannot be read."),
        str(error.get("hint") or ""),
        status,
    )


def read_bytes(status, body):
    """The body of a response that is no JSON. Raises :class:`ApiError`."""
    if not 200 <= status < 300:
        read_json(status, body)
    return body


def form(fields, files):
    """Body and Content-Type of a form. ``fields``: (name, text); ``files``: (name, bytes).

    A file may be a list of bytes as well: then the body is one too, and nothing large has been copied.
    """
    boundary = uuid.uuid4().hex
    parts, pieces = [], any(isinstance(data, list) for _name, data in files)
    for name, text in fields:
        parts.append(('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name, text)).encode("utf-8"))
    for name, data in files:
        head = '--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: application/octet-stream\r\n\r\n'
        parts += [(head % (boundary, name, name)).encode("utf-8")] + (data if isinstance(data, list) else [data]) + [b"\r\n"]
    parts.append(("--%s--\r\n" % boundary).encode("ascii"))
    return parts if pieces else b"".join(parts), "multipart/form-data; boundary=" + boundary


def challenge():
    """A text that nobody can have foreseen, for :func:`health`."""
    return uuid.uuid4().hex


def health(challenge):
    """Whether a daemon is there, and which. :func:`places.is_instance` reads the response, and it goes without the token:
    whoever answers has not proven yet that the token is meant for them."""
    return Request("GET", "/health", {"Impasto-Challenge": challenge}, b"", SHORT_TIMEOUT_S)


def headers(request, daemon):
    """What a transport sends with ``request``, the token included where it is due."""
    return dict(request.headers) if request.path == "/health" else dict(request.headers, Authorization="Bearer " + daemon.token)


def styles():
    """The list of styles."""
    return Request("GET", "/v1/styles", {}, b"", SHORT_TIMEOUT_S)


def thumbnail(style):
    """A style's picture, a PNG of at most 256 px a side."""
    return Request("GET", "/v1/styles/%s/thumbnail" % style, {}, b"", SHORT_TIMEOUT_S)


def style_picture(style):
    """A style's picture as it was added."""
    return Request("GET", "/v1/styles/%s/picture" % style, {}, b"", LONG_TIMEOUT_S)


def remove_style(style):
    """Remove one of the user's own styles."""
    return Request("DELETE", "/v1/styles/" + style, {}, b"", SHORT_TIMEOUT_S)


def rename_style(style, name):
    """Give one of the user's own styles (its id) another name; the id stays."""
    body, kind = form([("name", name)], [])
    return Request("PATCH", "/v1/styles/" + style, {"Content-Type": kind}, body, SHORT_TIMEOUT_S)


def add_style(name, picture):
    """Keep a picture (a file's bytes) as a style of the user's own."""
    body, kind = form([("name", name)], [("picture", picture)])
    return Request("POST", "/v1/styles", {"Content-Type": kind}, body, LONG_TIMEOUT_S)


def plan(recipe, width, height):
    """What painting ``width`` x ``height`` px by a :class:`recipe.Recipe` will mean; :func:`plan.read` reads the response."""
    fields = [("style", ",".join(style.id for style in recipe.ordered() if style.id))]
    fields += [pair for pair in recipe.fields() if pair[0] != "style"]
    fields += [("pictures", str(len(recipe.pictures()))), ("width", str(width)), ("height", str(height))]
    return Request("GET", "/v1/plan?" + urlencode(fields), {}, b"", SHORT_TIMEOUT_S)


def stylize(content, recipe, key, lease=LEASE_S):
    """Queue a painting of ``content`` by a :class:`recipe.Recipe`. ``key``: the same again is the same job.

    ``content``: a file's bytes, or a list of its pieces.
    """
    body, kind = form(recipe.fields() + [("format", "npy")], [("content", content)] + [("style", one) for one in recipe.pictures()])
    return Request(
        "POST", "/v1/jobs", {"Content-Type": kind, "Idempotency-Key": key, "Impasto-Lease": str(lease)}, body, LONG_TIMEOUT_S
    )


def train(name, picture, key):
    """Queue a training: ``picture`` (a file's bytes) becomes a fast style called ``name``. It outlives the editor."""
    body, kind = form([("name", name)], [("picture", picture)])
    return Request("POST", "/v1/styles/train", {"Content-Type": kind, "Idempotency-Key": key}, body, LONG_TIMEOUT_S)


def job(id, since=None):
    """A job; with ``since``, as soon as its version is greater."""
    path = "/v1/jobs/" + id
    return Request(
        "GET",
        path if since is None else "%s?since=%d&timeout=%g" % (path, since, LONG_POLL_S),
        {},
        b"",
        LONG_POLL_S + SHORT_TIMEOUT_S,
    )


def jobs(limit=20):
    """The newest jobs."""
    return Request("GET", "/v1/jobs?limit=%d" % limit, {}, b"", SHORT_TIMEOUT_S)


def preview(id):
    """A running job's newest preview, a PNG."""
    return Request("GET", "/v1/jobs/%s/preview" % id, {}, b"", SHORT_TIMEOUT_S)


def job_thumbnail(id):
    """A job's result, small: a PNG."""
    return Request("GET", "/v1/jobs/%s/thumbnail" % id, {}, b"", LONG_TIMEOUT_S)


def result(id):
    """The picture."""
    return Request("GET", "/v1/jobs/%s/result" % id, {"Accept": NPY}, b"", LONG_TIMEOUT_S)


def remove(id):
    """Remove a job that has ended, with its pictures."""
    return Request("DELETE", "/v1/jobs/" + id, {}, b"", SHORT_TIMEOUT_S)


def keep(id, name):
    """Keep what a finished job has refined as a style called ``name``."""
    body, kind = form([("name", name)], [])
    return Request("POST", "/v1/jobs/%s/keep" % id, {"Content-Type": kind}, body, LONG_TIMEOUT_S)


def finish(id):
    """Stop and keep."""
    return _post("/v1/jobs/%s/finish" % id)


def cancel(id):
    """Stop and discard."""
    return _post("/v1/jobs/%s/cancel" % id)


def _post(path):
    # An empty JSON: transports call a body without a type a form, even one without a byte, and the daemon wants none here.
    return Request("POST", path, {"Content-Type": "application/json"}, b"{}", SHORT_TIMEOUT_S)
