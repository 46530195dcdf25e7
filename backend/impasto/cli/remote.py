"""Painting through the running daemon."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, Conflict, Gone, ImpastoError, NotReady
from .client import ENDED, Client
from .progress_watcher import CANCEL, FINISH, ProgressWatcher
from .stylize_request import StylizeRequest

if TYPE_CHECKING:
    from ..models import Style

TICK_S = 0.5
"""How long one look at the job may take, so that Ctrl-C is heard soon."""


class Styles:
    """The daemon's style library, as :class:`impasto.models.recipes.Library` has it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def styles(self) -> list[Style]:
        """All of them."""
        from ..models import Style

        names = {one.name for one in fields(Style)}
        return [Style(**{name: value for name, value in style.items() if name in names}) for style in self._client.styles()]

    def picture(self, id: str) -> bytes:
        """A style's picture, as it is stored."""
        return self._client.style_picture(id)


def paint(client: Client, request: StylizeRequest, watcher: ProgressWatcher) -> bytes:
    """Let the daemon paint ``request``; the result's bytes.

    Raises what the job failed with, :class:`Cancelled` where it was discarded.
    """
    with watcher.interrupts():
        job = client.submit(request.content, request.styles, request.values, request.format, request.strip)
        try:
            job = follow(client, job, watcher)
            for note in job.get("notes") or []:
                watcher.line.say(f"note: {note}")
            return client.result(job["id"])
        except (KeyboardInterrupt, SystemExit):  # torn away: nobody will ask for this picture, so nobody should wait behind it
            with contextlib.suppress(ImpastoError):
                client.cancel(job["id"])
            raise


def follow(client: Client, job: dict[str, Any], watcher: ProgressWatcher) -> dict[str, Any]:
    """Watch ``job`` until it is done. Raises as :func:`paint` does."""

    def preview() -> bytes:
        return client.preview(job["id"])

    sent = ""
    while job["state"] not in ENDED:
        with contextlib.suppress(NotReady, Gone):  # it ended between the two questions
            watcher.update(job, preview)
        if watcher.stop_request and watcher.stop_request != sent:
            sent = watcher.stop_request
            job = _stop(client, job, sent, watcher)
        else:
            job = client.job(job["id"], since=job["version"], timeout=TICK_S)
    watcher.line.show(job)
    watcher.line.close()
    if job["state"] == "failed":
        raise ImpastoError.from_dict(job["error"] or {})
    if job["state"] == "cancelled" or watcher.stop_request == CANCEL:  # asked for in the moment in which it was done
        raise Cancelled("The painting was discarded.")
    return job


def _stop(client: Client, job: dict[str, Any], how: str, watcher: ProgressWatcher) -> dict[str, Any]:
    if how == FINISH:
        try:
            watcher.line.say("Stopping; what there is is kept. Ctrl-C again discards it.")
            return client.finish(job["id"])
        except Conflict:  # there is nothing to keep yet
            how = CANCEL
    return client.cancel(job["id"])
