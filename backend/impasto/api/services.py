"""What every route works with, carried by the app instead of by globals."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import current_app

from ..paths import Paths
from ..settings import Settings
from .recent import Recent
from .tickets import Tickets
from .waiting import WaitingRoom

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
    room: WaitingRoom
    stopping: threading.Event
    tickets: Tickets = field(default_factory=Tickets)
    recent: Recent = field(default_factory=Recent)


def services() -> Services:
    """The services of the app that handles the present request."""
    return current_app.extensions[EXTENSION]
