"""The one error tree.

Every failure a user can meet is an :class:`ImpastoError`: a stable ``code`` for programs, a sentence for people, an
optional ``hint`` that says what to do next. It is raised where the cause is known and put into words once; the API,
the worker's messages and the command line all carry the same shape (:meth:`ImpastoError.to_dict`).

A new kind of failure is a new subclass here; `docs/api.md` lists every code and a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any


class ImpastoError(Exception):
    """Base of all errors. ``status`` is the HTTP status the API answers with."""

    code = "internal_error"
    status = 500

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        """``message``: one sentence, no traceback, no path of the daemon's own folders. ``field``: the parameter at fault."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field

    def to_dict(self) -> dict[str, Any]:
        """The error shape: ``code``, ``message`` and, where they apply, ``hint`` and ``field``."""
        shape = {"code": self.code, "message": self.message, "hint": self.hint, "field": self.field}
        return {key: value for key, value in shape.items() if value}

    @staticmethod
    def from_dict(shape: dict[str, Any]) -> ImpastoError:
        """Rebuild an error that crossed a process boundary. An unknown code becomes the base class."""
        kind = next((k for k in all_errors() if k.code == shape.get("code")), ImpastoError)
        return kind(shape.get("message", "Something went wrong."), hint=shape.get("hint", ""), field=shape.get("field", ""))


# -- what the caller got wrong -------------------------------------------------------------------------------------


class InvalidParameter(ImpastoError):
    """A parameter has a value outside its type, range or choices."""

    code, status = "invalid_parameter", 400


class UnknownParameter(ImpastoError):
    """A parameter that does not exist."""

    code, status = "unknown_parameter", 400


class MalformedRequest(ImpastoError):
    """The body is not what the route takes (not multipart, not JSON, a part missing)."""

    code, status = "malformed_request", 400


class SettingsError(ImpastoError):
    """A key or value in the configuration is wrong."""

    code, status = "invalid_settings", 400


class BadPicture(ImpastoError):
    """The bytes are empty, truncated or damaged, or are no picture at all."""

    code, status = "bad_picture", 400


class UnsupportedPicture(ImpastoError):
    """A picture, but of a format or kind that is not taken (PSD, SVG, several pages...)."""

    code, status = "unsupported_picture", 415


class PictureTooLarge(ImpastoError):
    """More pixels or bytes than the limits allow."""

    code, status = "picture_too_large", 413


class PictureTooSmall(ImpastoError):
    """Less than 16 pixels on a side."""

    code, status = "picture_too_small", 400


class StyleMissing(ImpastoError):
    """A request without a style."""

    code, status = "style_missing", 400


class StyleNotLearnt(ImpastoError):
    """The fast method was asked for with a style, or a mix of styles, that no network has learnt."""

    code, status = "style_not_learnt", 400


# -- who may ask -----------------------------------------------------------------------------------------------------


class Unauthorised(ImpastoError):
    """No token, or a wrong one."""

    code, status = "unauthorised", 401


class Forbidden(ImpastoError):
    """A host or origin that may not talk to the daemon."""

    code, status = "forbidden", 403


class NotFound(ImpastoError):
    """No such route."""

    code, status = "not_found", 404


class UnknownJob(NotFound):
    """No job with this id (it never was, or it has expired)."""

    code = "unknown_job"


class UnknownStyle(NotFound):
    """No style with this id."""

    code = "unknown_style"


class UnknownModel(NotFound):
    """No model with this id in the catalogue."""

    code = "unknown_model"


class MethodNotAllowed(ImpastoError):
    """The route exists but not for this HTTP method; ``allowed`` are those that it takes."""

    code, status = "method_not_allowed", 405
    allowed: tuple[str, ...] = ()


class NotAcceptable(ImpastoError):
    """``Accept`` names no format that the daemon writes."""

    code, status = "not_acceptable", 406


class NotReady(ImpastoError):
    """The preview or result does not exist yet."""

    code, status = "not_ready", 409


class Conflict(ImpastoError):
    """The request does not fit the state of things (finishing a job that never started, a style id that is taken)."""

    code, status = "conflict", 409


class Gone(ImpastoError):
    """The result has expired, or the job was cancelled or failed and has none."""

    code, status = "gone", 410


class Cancelled(ImpastoError):
    """Whoever asked took it back before it was done."""

    code, status = "cancelled", 409


class RequestTooLarge(ImpastoError):
    """The request body is over the limit."""

    code, status = "request_too_large", 413


class RequestTimeout(ImpastoError):
    """The request's headers or body came too slowly."""

    code, status = "request_timeout", 408


class ExpectationFailed(ImpastoError):
    """An ``Expect`` header with anything but 100-continue."""

    code, status = "expectation_failed", 417


class UnsupportedMediaType(ImpastoError):
    """A route that takes a form was sent something else, or one that takes none was sent a form or a text."""

    code, status = "unsupported_media_type", 415


# -- what the daemon cannot do now ---------------------------------------------------------------------------------


class QueueFull(ImpastoError):
    """As many jobs wait as the limit allows."""

    code, status = "queue_full", 503


class Busy(ImpastoError):
    """Too many clients wait on open connections."""

    code, status = "busy", 503


class WeightsUnavailable(ImpastoError):
    """An encoder's weights are not here and could not be fetched."""

    code, status = "weights_unavailable", 503


class DownloadFailed(WeightsUnavailable):
    """A download broke off or was refused."""

    code = "download_failed"


class DigestMismatch(WeightsUnavailable):
    """Bytes arrived or lie on disk that are not what the catalogue names."""

    code = "digest_mismatch"


class BadStyleFile(DigestMismatch):
    """A file that holds no fast style, or one that is damaged or does not fit its network."""

    code, status = "bad_style_file", 400


class OutOfMemory(ImpastoError):
    """The device has too little memory for the picture at this size."""

    code, status = "out_of_memory", 413


class DiskFull(ImpastoError):
    """No room to write, or the data folder cannot be written."""

    code, status = "disk_full", 507


class DatabaseLocked(DiskFull):
    """Another program holds the job database, so nothing can be written to it for now."""

    code, status = "database_locked", 503


class QuotaExceeded(ImpastoError):
    """Jobs' pictures take all the room that the setting disk_quota_mb gives them."""

    code, status = "quota_exceeded", 507


class DeviceUnavailable(ImpastoError):
    """The device named in the settings is not on this machine."""

    code, status = "device_unavailable", 503


class WorkerDied(ImpastoError):
    """The worker process ended in the middle of a job."""

    code, status = "worker_died", 503


class WorkerHung(ImpastoError):
    """The worker process gave no sign of life in the middle of a job, twice."""

    code, status = "worker_hung", 503


class NumericalFailure(ImpastoError):
    """Too many steps in a row gave non-finite numbers, as with a step size that is far too large."""

    code, status = "numerical_failure", 422


class DaemonNotRunning(ImpastoError):
    """The command line found no daemon to talk to."""

    code, status = "daemon_not_running", 503


class DaemonRunning(ImpastoError):
    """Another daemon already uses this data folder or port."""

    code, status = "daemon_running", 409


def all_errors(base: type[ImpastoError] = ImpastoError) -> Iterator[type[ImpastoError]]:
    """Every class of the tree, the base first."""
    yield base
    for child in base.__subclasses__():
        yield from all_errors(child)


_ODD = re.compile(r"[^\w .,:;+=%()\[\]*#!&-]+")


def harmless(text: object, most: int = 60) -> str:
    """What somebody sent, as it may be said back: short, with no path, markup or control character."""
    plain = _ODD.sub("…", str(text)[: most + 1])
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def quoted(text: object, most: int = 60) -> str:
    """The same in quotes, for a sentence."""
    return f"'{harmless(text, most)}'"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint such as ``Did you mean 'strength'?``, or an empty string where nothing is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""
