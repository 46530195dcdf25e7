"""The truth about jobs: every change of state is one transaction of the database."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Conflict, UnknownJob
from .job import CANCELLED, DONE, ENDED, FAILED, QUEUED, RUNNING, Job
from .queue_store import MOMENTS, NO_PLACE, ORDER, PAUSED, Place, QueueStore, seconds_left

PROGRESS = (
    "phase",
    "step",
    "total",
    "fraction",
    "losses",
    "scale",
    "scales",
    "width",
    "height",
    "skipped",
    "done_bytes",
    "total_bytes",
    "preview",
)
"""Fields of :class:`Job` that change while it runs."""


class JobStore(QueueStore):
    """Jobs in a SQLite file. Any thread may call any method."""

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Job:
        """Raises :class:`UnknownJob`."""
        with self._lock:
            rows = self._rows("SELECT * FROM jobs WHERE id = ?", id)
            if not rows:
                raise UnknownJob("There is no such job; it may have expired.")
            return self._job(rows[0], self._places(rows[0]["lane"]) if rows[0]["state"] == QUEUED else {})

    def jobs(self, limit: int, state: str | None = None) -> list[Job]:
        """The newest first."""
        with self._lock:
            rows = self._rows("SELECT * FROM jobs WHERE ? IS NULL OR state = ? ORDER BY sequence DESC LIMIT ?", state, state, limit)
            return self._with_places(rows)

    def queue(self) -> list[Job]:
        """What has not ended: what runs, then what waits in the order in which it will run, one lane after the other."""
        with self._lock:
            rows = self._rows(f"SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY state DESC, lane, {ORDER}", QUEUED, RUNNING)
            return self._with_places(rows)

    def _with_places(self, rows: list[sqlite3.Row]) -> list[Job]:
        places: dict[str, Place] = {}
        for lane in {row["lane"] for row in rows if row["state"] == QUEUED}:
            places.update(self._places(lane))
        return [self._job(row, places) for row in rows]

    def version(self, id: str) -> tuple[int, bool]:
        """The job's version and whether it has ended; cheaper than the job. Raises :class:`UnknownJob`."""
        rows = self._rows("SELECT version, state FROM jobs WHERE id = ?", id)
        if not rows:
            raise UnknownJob("There is no such job; it may have expired.")
        return rows[0]["version"], rows[0]["state"] in ENDED

    def task(self, id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The job's parameters and output."""
        row = self._rows("SELECT parameters, output FROM jobs WHERE id = ?", id)[0]
        return json.loads(row["parameters"]), json.loads(row["output"])

    def by_key(self, key: str, fingerprint: str) -> Job | None:
        """The job that was submitted under ``key``. Raises :class:`Conflict` where that was another request."""
        rows = self._rows("SELECT id, fingerprint FROM jobs WHERE key = ?", key)
        if not rows:
            return None
        if rows[0]["fingerprint"] != fingerprint:
            raise Conflict(
                "The Idempotency-Key was used for a different request.",
                field="Idempotency-Key",
                hint="Use a new key for a new request.",
            )
        return self.get(rows[0]["id"])

    @staticmethod
    def _job(row: sqlite3.Row, places: Mapping[str, Place]) -> Job:
        progress, now = json.loads(row["progress"]), time.monotonic()
        left = seconds_left(progress)
        began, _ = (progress.pop(name, None) for name in MOMENTS)
        position, eta, waiting_for, paused = places.get(row["id"], NO_PLACE)
        progress |= {"phase": PAUSED} if paused else {}
        elapsed = row["took"] or 0.0
        if row["state"] == RUNNING:
            position, eta = 0, left
            elapsed = 0.0 if began is None else now - began
        return Job(
            id=row["id"],
            kind=row["kind"],
            state=row["state"],
            title=row["title"],
            position=position,
            waiting_for=waiting_for,
            eta=eta,
            elapsed=round(max(0.0, elapsed), 1),
            parameters=json.loads(row["parameters"]),
            notes=json.loads(row["notes"]),
            error=json.loads(row["error"] or "null"),
            result=json.loads(row["result"] or "null"),
            created=row["created"],
            started=row["started"],
            ended=row["ended"],
            expires=row["expires"],
            attempts=row["attempts"],
            version=row["version"],
            **progress,
        )

    # -- changing ----------------------------------------------------------------------------------------------------

    def add(
        self,
        job: Job,
        *,
        lane: str,
        output: Mapping[str, Any],
        limit: int,
        key: str = "",
        fingerprint: str = "",
        size: int = 0,
        lease_s: float = 0.0,
        lasting: bool = True,
    ) -> Job:
        """Queue ``job``, whose files have ``size`` bytes; where ``key`` is known by now, the job that has it.

        ``lasting``: it is on the disk by then. Raises :class:`QueueFull`.
        """
        with self._change(lasting=lasting) as database:
            found = self.by_key(key, fingerprint) if key else None
            if found:
                return found
            self.check_room(lane, limit)
            database.execute(
                "INSERT INTO jobs "
                "(id, kind, title, lane, state, created, key, fingerprint, bytes, lease, parameters, output, progress) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.kind,
                    job.title,
                    lane,
                    QUEUED,
                    job.created,
                    key or None,
                    fingerprint,
                    size,
                    lease_s or None,
                    json.dumps(job.parameters),
                    json.dumps(dict(output)),
                    json.dumps({"phase": "waiting"}),
                ),
            )
        return self.get(job.id)

    def take(self, lane: str) -> Job | None:
        """Make the first waiting job of ``lane`` the running one."""
        with self._change(lasting=False) as database:
            rows = self._rows(f"SELECT id, progress FROM jobs WHERE state = ? AND lane = ? ORDER BY {ORDER} LIMIT 1", QUEUED, lane)
            if not rows:
                return None
            shown = json.loads(rows[0]["progress"]).get("preview", 0)
            progress = {"phase": "starting", "preview": shown, "began": time.monotonic()}
            database.execute(
                "UPDATE jobs SET state = ?, attempts = attempts + 1, started = ?, version = version + 1, progress = ? WHERE id = ?",
                (RUNNING, time.time(), json.dumps(progress), rows[0]["id"]),
            )
            self._queue_moved(lane)
        return self.get(rows[0]["id"])

    def progress(self, id: str, changes: Mapping[str, Any]) -> bool:
        """Merge ``changes`` (of :data:`PROGRESS`, and ``ends``) into a running job. False where it runs no more."""
        with self._change(lasting=False) as database:
            rows = self._rows("SELECT progress FROM jobs WHERE id = ? AND state = ?", id, RUNNING)
            if rows:
                merged = {**json.loads(rows[0]["progress"]), **changes}
                database.execute("UPDATE jobs SET progress = ?, version = version + 1 WHERE id = ?", (json.dumps(merged), id))
            return bool(rows)

    def note(self, id: str, text: str) -> None:
        """Add a sentence to a job that runs."""
        with self._change(lasting=False) as database:
            rows = self._rows("SELECT notes FROM jobs WHERE id = ? AND state = ?", id, RUNNING)
            if rows and text not in (notes := json.loads(rows[0]["notes"])):
                database.execute("UPDATE jobs SET notes = ?, version = version + 1 WHERE id = ?", (json.dumps([*notes, text]), id))

    def end(
        self, id: str, state: str, *, keep_s: float, error: Mapping[str, Any] | None = None, result: Mapping[str, Any] | None = None
    ) -> str:
        """A running job ends as ``state``; one that has ended meanwhile (cancelled) stays as it is. Returns its state now."""
        with self._change() as database:
            rows = self._rows("SELECT state, progress FROM jobs WHERE id = ?", id)
            if not rows:
                return CANCELLED  # cancelled and removed
            if rows[0]["state"] != RUNNING:
                return rows[0]["state"]
            progress = {**json.loads(rows[0]["progress"]), "phase": state, **({"fraction": 1.0} if state == DONE else {})}
            self._set_ended(database, id, state, progress, keep_s)
            database.execute("UPDATE jobs SET error = ?, result = ? WHERE id = ?", (_json(error), _json(result), id))
            return state

    def cancel(self, id: str, keep_s: float) -> tuple[Job, str]:
        """Cancel what has not ended. Returns the job and the state it was in before. Raises :class:`UnknownJob`."""
        with self._change() as database:
            rows = self._rows("SELECT state, lane, progress FROM jobs WHERE id = ?", id)
            before = rows[0]["state"] if rows else ""
            if before in (QUEUED, RUNNING):
                self._set_ended(database, id, CANCELLED, {**json.loads(rows[0]["progress"]), "phase": CANCELLED}, keep_s)
                self._queue_moved(rows[0]["lane"])
        return self.get(id), before

    def requeue(self, id: str) -> str:
        """A running job waits again, at its old place, as if it had not been tried. Returns its state now."""
        with self._change() as database:
            database.execute("UPDATE jobs SET attempts = attempts - 1 WHERE id = ? AND state = ?", (id, RUNNING))
            return self._put_back(id)

    def interrupted(self, id: str, error: Mapping[str, Any], *, most: int, keep_s: float) -> str:
        """The daemon ended while a job ran: it waits again or, after ``most`` times without a checkpoint between them, fails.

        Returns its state now.
        """
        return self._mishap("interruptions", id, error, most, keep_s)

    def made_progress(self, id: str) -> None:
        """A running job has a checkpoint: whatever ended the daemon before, this job has outlived it."""
        with self._change(lasting=False) as database:
            database.execute("UPDATE jobs SET interruptions = 0 WHERE id = ?", (id,))

    def died(self, id: str, error: Mapping[str, Any], *, most: int, keep_s: float, lane: str) -> str:
        """A running job took its worker with it: it waits again in ``lane`` or, after ``most`` deaths, fails.

        Returns its state now.
        """
        return self._mishap("deaths", id, error, most, keep_s, lane)

    def _mishap(self, counter: str, id: str, error: Mapping[str, Any], most: int, keep_s: float, lane: str | None = None) -> str:
        with self._change() as database:
            database.execute(f"UPDATE jobs SET {counter} = {counter} + 1 WHERE id = ? AND state = ?", (id, RUNNING))
            rows = self._rows(f"SELECT progress FROM jobs WHERE id = ? AND state = ? AND {counter} >= ?", id, RUNNING, most)
            if not rows:
                return self._put_back(id, lane)
            progress = {**json.loads(rows[0]["progress"]), "phase": FAILED}
            if counter == "interruptions":
                progress.pop("began", None)  # on the clock of a process that has gone
            self._set_ended(database, id, FAILED, progress, keep_s)
            database.execute("UPDATE jobs SET error = ? WHERE id = ?", (_json(error), id))
            return FAILED

    def _put_back(self, id: str, lane: str | None = None) -> str:
        self._database.execute(
            "UPDATE jobs SET state = ?, lane = coalesce(?, lane), started = NULL, progress = json_object("
            "'phase', 'waiting', 'preview', coalesce(json_extract(iif(json_valid(progress), progress, '{}'), '$.preview'), 0)) "
            "WHERE id = ? AND state = ?",
            (QUEUED, lane, id, RUNNING),
        )
        row = self._rows("SELECT state, lane FROM jobs WHERE id = ?", id)
        if row:
            self._queue_moved(row[0]["lane"])
        return row[0]["state"] if row else CANCELLED

    def _set_ended(self, database: sqlite3.Connection, id: str, state: str, progress: Mapping[str, Any], keep_s: float) -> None:
        now, began = time.time(), progress.get("began")
        took = None if began is None else max(0.0, time.monotonic() - began)
        kept = {name: value for name, value in progress.items() if name not in MOMENTS}
        database.execute(
            "UPDATE jobs SET state = ?, ended = ?, expires = ?, took = ?, version = version + 1, progress = ? WHERE id = ?",
            (state, now, now + keep_s, took, json.dumps(kept), id),
        )

    # -- keeping house -----------------------------------------------------------------------------------------------

    def remove(self, id: str) -> None:
        """Forget a job that has ended. Raises :class:`UnknownJob`, or :class:`Conflict` where it has not."""
        with self._change() as database:
            if not self.version(id)[1]:
                raise Conflict("The job has not ended.", hint="Cancel it first.")
            database.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def expired(self, now: float) -> list[str]:
        """Ids of jobs whose time is up at ``now``."""
        return [row["id"] for row in self._rows("SELECT id FROM jobs WHERE expires <= ?", now)]

    def next_expiry(self) -> float | None:
        """When the next job expires."""
        return self._rows("SELECT min(expires) FROM jobs")[0][0]

    def postpone(self, seconds: float, looked: float) -> None:
        """Move expiries by ``seconds``, which the clock has jumped.

        Jobs that ended after ``looked``, by the clock as it is now, are left alone.
        """
        with self._change() as database:
            database.execute(
                "UPDATE jobs SET expires = expires + ? WHERE expires IS NOT NULL AND ended NOT BETWEEN ? AND ?",
                (seconds, looked, time.time()),
            )

    def outline(self) -> list[tuple[str, str, dict[str, Any] | None]]:
        """(id, state, result) of every job."""
        return [
            (row["id"], row["state"], json.loads(row["result"] or "null"))
            for row in self._rows("SELECT id, state, result FROM jobs")
        ]

    def lease(self, id: str, seconds: float) -> None:
        """Job ``id`` is given up when nobody has asked about it for so long."""
        with self._change(lasting=False) as database:
            database.execute("UPDATE jobs SET lease = ? WHERE id = ? AND lease IS NOT ?", (seconds, id, seconds))

    def leases(self) -> list[tuple[str, float]]:
        """(id, seconds) of the jobs that have not ended and have a lease."""
        rows = self._rows("SELECT id, lease FROM jobs WHERE lease > 0 AND state IN (?, ?)", QUEUED, RUNNING)
        return [(row["id"], row["lease"]) for row in rows]

    # -- room on the disk --------------------------------------------------------------------------------------------

    def measured(self, id: str, size: int) -> None:
        """The files of job ``id`` have ``size`` bytes now."""
        with self._change(lasting=False) as database:
            database.execute("UPDATE jobs SET bytes = ? WHERE id = ? AND bytes != ?", (size, id, size))

    def used(self) -> int:
        """Bytes of all jobs' files."""
        return self._rows("SELECT total(bytes) FROM jobs")[0][0]

    def fetched(self, id: str) -> None:
        """Somebody has the result of job ``id``."""
        with self._change(lasting=False) as database:
            database.execute("UPDATE jobs SET fetched = 1 WHERE id = ?", (id,))

    def spare(self) -> list[tuple[str, int]]:
        """(id, bytes) of results that somebody has fetched, those first that ended first."""
        return [
            (row["id"], row["bytes"])
            for row in self._rows(
                "SELECT id, bytes FROM jobs WHERE state = ? AND fetched AND bytes > 0 ORDER BY expires, sequence", DONE
            )
        ]

    def kept(self, id: str, styles: Sequence[str]) -> None:
        """What job ``id`` has refined is in the library now, as ``styles`` (ids): there is nothing more of it to keep."""
        with self._change() as database:
            for row in self._rows("SELECT result FROM jobs WHERE id = ? AND result IS NOT NULL", id):
                result = {name: value for name, value in json.loads(row["result"]).items() if name != "refined"}
                changed = _json({**result, "kept": list(styles)})
                database.execute("UPDATE jobs SET result = ?, version = version + 1 WHERE id = ?", (changed, id))

    def made_room(self, id: str, note: str) -> None:
        """The files of an ended job have been removed before their time; ``note`` says why."""
        with self._change() as database:
            rows = self._rows("SELECT notes FROM jobs WHERE id = ?", id)
            if rows:
                database.execute(
                    "UPDATE jobs SET bytes = 0, notes = ?, version = version + 1 WHERE id = ?",
                    (json.dumps([*json.loads(rows[0]["notes"]), note]), id),
                )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(dict(value))
