"""The queues in the database: how many wait in each, in which order, and for what."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import Conflict, QueueFull, UnknownJob
from .database import Database
from .eta import queue_etas
from .job import DONE, PAUSABLE, QUEUED, RUNNING

TYPICAL_OF = 8
"""How many of the latest jobs of a kind say how long one takes."""

MOMENTS = ("began", "ends")
"""In a running job's progress: when it began and will end, on the clock that nobody can set. Of use to this process alone."""


class Place(NamedTuple):
    """Where a job stands in its queue: as in :class:`Job`."""

    position: int | None
    eta: float | None
    waiting_for: dict[str, str] | None
    paused: bool = False


NO_PLACE = Place(None, None, None)

PLACE = "coalesce(place, sequence)"
ORDER = f"{PLACE}, sequence"
"""What jobs of a lane are carried out by: the order in which they came, unless they have been moved."""

PAUSED = "paused"
"""The fact under which it is kept that long work is to rest, and the phase of a job that does."""


def seconds_left(progress: Mapping[str, Any]) -> float | None:
    """Until the job that runs with this ``progress`` is done; None where nothing can be said yet."""
    ends = progress.get("ends")
    return None if ends is None else round(max(0.0, ends - time.monotonic()), 1)


class QueueStore(Database):
    """What of the database is about jobs that wait."""

    @property
    def paused(self) -> bool:
        """Whether long work is to rest."""
        return bool(self.fact(PAUSED))

    def pause(self, paused: bool) -> None:
        """Keep whether long work is to rest. Whoever watches a job that waits is told."""
        with self._change() as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (PAUSED, json.dumps(paused)))
            for lane in PAUSABLE:
                self._queue_moved(lane)

    def waiting(self, lane: str) -> int:
        """How many jobs wait in ``lane``."""
        return self._rows("SELECT count(*) FROM jobs WHERE state = ? AND lane = ?", QUEUED, lane)[0][0]

    def move(self, id: str, position: int) -> None:
        """Let a job that waits be number ``position``, from 1 on, of those that wait in its lane, or the last of fewer.

        Raises :class:`UnknownJob`, or :class:`Conflict` where it does not wait.
        """
        with self._change() as database:
            rows = self._rows("SELECT state, lane FROM jobs WHERE id = ?", id)
            if not rows:
                raise UnknownJob("There is no such job; it may have expired.")
            if rows[0]["state"] != QUEUED:
                raise Conflict("The job does not wait any more.", hint="Only what waits has a place in the queue.")
            waiting = self._rows(f"SELECT id, {PLACE} AS place FROM jobs WHERE state = ? AND lane = ? ORDER BY {ORDER}", *rows[0])
            order = [row["id"] for row in waiting if row["id"] != id]
            order.insert(position - 1, id)
            for row, moved in zip(waiting, order, strict=True):  # the places stay, and with them whatever is put back between them
                database.execute("UPDATE jobs SET place = ? WHERE id = ?", (row["place"], moved))
            self._queue_moved(rows[0]["lane"])

    def _places(self, lane: str) -> dict[str, Place]:
        """Of every job that waits in ``lane``."""
        running = self._rows("SELECT * FROM jobs WHERE state = ? AND lane = ?", RUNNING, lane)
        waiting = self._rows(f"SELECT id, kind, title FROM jobs WHERE state = ? AND lane = ? ORDER BY {ORDER}", QUEUED, lane)
        queued = [(row["id"], row["kind"]) for row in waiting]
        kinds = {kind for _, kind in queued}
        typical = {kind: seconds for kind in kinds if (seconds := self._typical(kind, lane)) is not None}
        left = seconds_left(json.loads(running[0]["progress"])) if running else None
        rests, first = lane in PAUSABLE and self.paused, running[0] if running else None
        etas = queue_etas(None if rests else left, rests or bool(running), queued, typical)
        places = {}
        for before, row in zip([None, *waiting], waiting, strict=False):
            ahead = first or before
            waits_for = {name: ahead[name] for name in ("id", "kind", "title")} if ahead else None
            places[row["id"]] = Place(*etas[row["id"]], waits_for, rests)
        return places

    def _typical(self, kind: str, lane: str) -> float | None:
        return self._rows(
            "SELECT avg(took) FROM "
            "(SELECT took FROM jobs WHERE kind = ? AND lane = ? AND state = ? ORDER BY sequence DESC LIMIT ?)",
            kind,
            lane,
            DONE,
            TYPICAL_OF,
        )[0][0]

    def check_room(self, lane: str, limit: int) -> None:
        """Raises :class:`QueueFull` where ``limit`` jobs wait already."""
        if self.waiting(lane) >= limit:
            raise QueueFull(
                f"{limit} jobs wait already, as many as the setting queue_limit allows.",
                hint="Try again when some are done, or cancel one.",
            )

    def _queue_moved(self, lane: str) -> None:
        self._database.execute("UPDATE jobs SET version = version + 1 WHERE state = ? AND lane = ?", (QUEUED, lane))
