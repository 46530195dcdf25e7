"""The Flask app factory."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from ..paths import Paths
from ..settings import Settings
from . import errors, query, routes, security
from .services import EXTENSION, Services
from .wait_slots import WaitSlots

if TYPE_CHECKING:
    from ..jobs import JobManager
    from ..models import ModelStore, StyleLibrary

log = logging.getLogger("impasto.api")


def create_app(
    settings: Settings,
    paths: Paths,
    manager: JobManager,
    store: ModelStore,
    styles: StyleLibrary,
    token: str,
    instance_id: str,
    *,
    secret: str = "",
    stopping: threading.Event | None = None,
) -> Flask:
    """The WSGI app. ``settings.port`` must be the port that is really bound, since requests must name it.

    ``secret``: what it proves itself by to who has read the runtime file; without one it proves nothing.
    ``stopping`` is set when the daemon shuts down: what waits for jobs then ends.
    The app keeps no state of its own but the count of waiting connections; two apps in one process do not meet.
    """
    app = Flask("impasto.api", static_folder=None, template_folder="templates")
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1_000_000,
        MAX_FORM_PARTS=settings.max_form_parts,
        MAX_FORM_MEMORY_SIZE=settings.max_form_field_kb * 1024,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider; parameters come in display order
    app.url_map.strict_slashes = app.url_map.merge_slashes = False  # an address is there or not; nobody is sent elsewhere
    app.extensions[EXTENSION] = Services(
        settings=settings,
        paths=paths,
        manager=manager,
        store=store,
        styles=styles,
        token=token,
        instance=instance_id,
        secret=secret,
        wait_slots=WaitSlots(settings.threads),
        stopping=stopping or threading.Event(),
    )
    security.install(app)
    query.install(app)
    app.after_request(_noted)
    errors.register(app)
    routes.register(app)
    return app


def _noted(response: Response) -> Response:
    # without the query string, and no line of the log is the client's to write
    log.debug("%r %r %d", request.method, request.path, response.status_code)
    return response
