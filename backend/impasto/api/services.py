"""What every route works with, carried by the app instead of by globals."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import current_app

from ..paths import Paths
from ..settings import Settings
from .recent_log import RecentLogHandler
from .sessions import Sessions
from .tickets import Tickets
from .wait_slots import WaitSlots

if TYPE_CHECKING:
    from ..jobs import JobManager
    from ..models import ModelStore, StyleLibrary

EXTENSION = "impasto"


@dataclass(frozen=True)
class Services:
    """The daemon's parts, as :func:`impasto.api.app.create_app` was given them.

    ``settings.port`` is the port that is really bound. ``stopping`` is set when the daemon shuts down: whoever waits, ends.
    """

    settings: Settings
    paths: Paths
    manager: JobManager
    store: ModelStore
    styles: StyleLibrary
    token: str
    instance: str
    secret: str
    wait_slots: WaitSlots
    stopping: threading.Event
    tickets: Tickets = field(default_factory=Tickets)
    sessions: Sessions = field(default_factory=Sessions)
    recent_log: RecentLogHandler = field(default_factory=RecentLogHandler)


def services() -> Services:
    """The services of the app that handles the present request."""
    return current_app.extensions[EXTENSION]
