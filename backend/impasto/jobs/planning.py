"""What jobs will mean on this machine, by what it has taken before."""

from __future__ import annotations

import contextlib
from typing import Any

from ..errors import ImpastoError
from ..methods.choice import Plan, plan
from ..models import FastLibrary
from ..settings import Settings
from ..sizes import Size
from ..stylization import Stylization
from ..task import CONTENT
from . import pace
from .admission import known_machine, plan_what_fits, refuse_training_that_cannot_fit
from .job import Submission
from .store import JobStore


class Planner:
    """Plans, and learns from what is done."""

    def __init__(self, settings: Settings, store: JobStore, library: FastLibrary) -> None:
        self._settings, self._store, self._library = settings, store, library

    def plan(self, stylization: Stylization, size: Size) -> Plan:
        """What ``stylization`` will mean for a picture of ``size`` (height, width). Raises as :func:`plan` does."""
        machine = known_machine(self._settings, self._store.fact("device") or {})
        return plan(stylization, size, self._library, self._settings, machine, pace.known(self._store))

    def plan_of(self, submission: Submission) -> Plan | None:
        """Of a stylization. Raises :class:`OutOfMemory` for what can never fit."""
        device = self._store.fact("device") or {}
        if submission.kind == "train":
            refuse_training_that_cannot_fit(submission.parameters, self._settings, device)
        if submission.kind != "stylize":
            return None
        content, rates = submission.inputs.get(CONTENT, b""), pace.known(self._store)
        return plan_what_fits(submission.parameters, content, self._library, self._settings, device, rates)

    def remember(self, id: str, result: dict[str, Any]) -> None:
        """How long job ``id`` took, which has ended with ``result``."""
        with contextlib.suppress(ImpastoError, KeyError, ValueError):  # of use, but never worth a job
            pace.remember(self._store, self._library, self._store.get(id).parameters, result)
