"""Every failure leaves the daemon in one shape: ``{"error": {code, message, hint?, field?}}``."""

from __future__ import annotations

import json
import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from ..disk import disk_errors
from ..errors import (
    Busy,
    DatabaseLocked,
    ImpastoError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    QueueFull,
    RequestTooLarge,
    UnsupportedMediaType,
    quoted,
)

RETRY_AFTER_S = {QueueFull: 10, Busy: 2, DatabaseLocked: 2, ImpastoError: 60}
"""Seconds after which trying again makes sense, where the status is 503: the first that fits."""

INTERNAL = "Something went wrong inside the daemon. Its log says more."

_WERKZEUG = {404: NotFound, 405: MethodNotAllowed, 413: RequestTooLarge, 415: UnsupportedMediaType}

log = logging.getLogger("impasto.api")


def body_of(error: ImpastoError) -> bytes:
    """The JSON text of the error shape."""
    return (json.dumps({"error": error.to_dict()}, ensure_ascii=False) + "\n").encode("utf-8")


def response_of(error: ImpastoError) -> Response:
    """The answer to a request that ended in ``error``."""
    response = Response(body_of(error), status=error.status, mimetype="application/json")
    if error.status == 503:
        response.headers["Retry-After"] = str(next(s for kind, s in RETRY_AFTER_S.items() if isinstance(error, kind)))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.allowed)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="impasto"'
    return response


def translate(error: HTTPException) -> ImpastoError:
    """One of Werkzeug's own exceptions in Impasto's words."""
    status = error.code or 500
    if status == 404:
        return NotFound("There is nothing at this address.", hint="GET /docs lists the routes.")
    if status == 405:
        allowed = sorted(getattr(error, "valid_methods", None) or [])
        converted = MethodNotAllowed(
            f"This address does not take {quoted(request.method, 20)}.", hint=f"It takes {', '.join(allowed)}."
        )
        converted.allowed = tuple(allowed)
        return converted
    if isinstance(error, RequestEntityTooLarge):
        return RequestTooLarge(
            "The request is larger, has more parts, or has longer text fields than the daemon takes.",
            hint="Large pictures are bounded by the setting max_upload_mb.",
        )
    if status in _WERKZEUG:
        return _WERKZEUG[status](str(error.description))
    return MalformedRequest("The request could not be read.") if 400 <= status < 500 else ImpastoError(INTERNAL)


def register(app: Flask) -> None:
    """Let ``app`` answer every exception in the one shape."""

    @app.errorhandler(ImpastoError)
    def known(error: ImpastoError) -> Response:
        if error.status >= 500:
            log.warning("%r %r: %s: %r", request.method, request.path, error.code, error.message)
        return response_of(error)

    @app.errorhandler(HTTPException)
    def werkzeugs(error: HTTPException) -> Response:
        if error.code is not None and 300 <= error.code < 400:
            return error.get_response()  # type: ignore[return-value]  # a redirect is no failure; it is Flask's Response
        return response_of(translate(error))

    @app.errorhandler(OSError)
    def of_the_system(error: OSError) -> Response:
        """A disk or a folder that lets nobody read or write, wherever that shows."""
        try:
            with disk_errors():
                raise error
        except ImpastoError as converted:
            return known(converted)
        except OSError:
            return unexpected(error)

    @app.errorhandler(MemoryError)
    def memory(error: MemoryError) -> Response:
        return known(Busy("There is not enough memory for this just now.", hint="Close other programs, or try again."))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("%r %r failed", request.method, request.path, exc_info=error)
        return response_of(ImpastoError(INTERNAL))
