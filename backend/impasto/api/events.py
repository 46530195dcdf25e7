"""One job as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Request

from ..errors import UnknownJob
from ..jobs.job import ENDED
from .representation import job_json
from .wait_slots import TICK_S

if TYPE_CHECKING:
    from ..jobs import Job, JobManager

HEARTBEAT_S = 10.0
"""A comment is sent after so long a silence, so that neither side takes the connection for dead."""

RETRY_MS = 2000


def last_event_id(request: Request) -> int:
    """The version that a reconnecting client saw last, or -1."""
    given = request.headers.get("Last-Event-ID", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else -1


def event_stream(manager: JobManager, job: Job, seen: int, *, stop: Callable[[], bool], left: Callable[[], bool]) -> Iterator[str]:
    """The job's changes after version ``seen``, until it has ended, the client has ``left`` or the daemon is to ``stop``.

    An event's id is the job's version. A preview shares its version with the event that follows, so it carries no id:
    a client that is cut off between the two gets both again.
    """
    yield f"retry: {RETRY_MS}\n\n"
    preview, last_sent = job.preview if seen >= job.version else 0, time.monotonic()
    while True:
        if job.version > seen:
            if job.preview > preview and job.state not in ENDED:
                yield message("preview", {"preview": job.preview, "url": f"/v1/jobs/{job.id}/preview"})
                preview = job.preview
            yield message(job.state if job.state in ENDED else "progress", job_json(job), job.version)
            seen, last_sent = job.version, time.monotonic()
        elif time.monotonic() - last_sent > HEARTBEAT_S:
            yield ": still here\n\n"
            last_sent = time.monotonic()
        if job.state in ENDED or stop() or left():
            return
        try:
            job = manager.wait(job.id, seen, TICK_S)
        except UnknownJob:  # removed while we watched
            return


def message(event: str, data: dict[str, Any], version: int | None = None) -> str:
    """One event in the wire format. JSON has no bare line breaks, so the data is one line."""
    identity = "" if version is None else f"id: {version}\n"
    return f"event: {event}\n{identity}data: {json.dumps(data, ensure_ascii=False)}\n\n"
