"""The truth about jobs: one SQLite file, in which every change of state is one transaction."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Busy, Conflict, DiskFull, QueueFull, SettingsError, UnknownJob
from .job import CANCELLED, DONE, ENDED, FAILED, QUEUED, RUNNING, Job
from .outlook import queue_outlook

log = logging.getLogger(__name__)

MIGRATIONS = (
    """
    CREATE TABLE jobs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL,
        version INTEGER NOT NULL DEFAULT 1, attempts INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0,
        created REAL NOT NULL, started REAL, ended REAL, expires REAL,
        key TEXT UNIQUE, fingerprint TEXT NOT NULL DEFAULT '',
        parameters TEXT NOT NULL, output TEXT NOT NULL, progress TEXT NOT NULL DEFAULT '{}', notes TEXT NOT NULL DEFAULT '[]',
        error TEXT, result TEXT);
    CREATE INDEX jobs_by_state ON jobs (state, lane, sequence);
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    """,
)
"""Scripts that bring the file from version n to n + 1. Never edit one that has been released; append."""

TYPICAL_OF = 8
"""How many of the latest jobs of a kind say how long one takes."""

PROGRESS = ("phase", "step", "total", "fraction", "losses", "scale", "scales", "width", "height", "skipped",
            "done_bytes", "total_bytes", "preview")
"""Fields of :class:`Job` that change while it runs."""


@contextmanager
def database_errors() -> Iterator[None]:
    """SQLite's trouble with the disk as :class:`DiskFull`; a programming error stays what it is."""
    try:
        yield
    except sqlite3.OperationalError as error:
        log.warning("job database: %s", error)
        raise DiskFull("The job database is full or cannot be written.",
                       hint="Make room, or choose another folder with the setting data_dir.") from error


class JobStore:
    """Jobs in a SQLite file. Any thread may call any method; a lock lets them through one at a time."""

    def __init__(self, file: Path) -> None:
        """Open or make ``file``.

        Raises ``sqlite3.DatabaseError`` where it is damaged, :class:`DiskFull` where it cannot be written.
        """
        self._lock = threading.RLock()
        self._closed = False
        with database_errors():
            self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def _prepare(self) -> None:
        database = self._database
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("damaged")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise SettingsError("The job database was written by a newer Impasto.",
                                hint="Update Impasto, or choose another folder with the setting data_dir.", field="data_dir")
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            database.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
        # A file that opens but cannot be written shall be found out now, not with the first job.
        with self._change():
            database.execute("INSERT OR REPLACE INTO facts VALUES ('opened', ?)", (json.dumps(time.time()),))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            self._database.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock, database_errors():
            self._check_open()
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock, database_errors():
            self._check_open()
            return self._database.execute(query, values).fetchall()

    def _check_open(self) -> None:
        if self._closed:
            raise Busy("The daemon is stopping.", hint="Ask again when it has started; no job is lost.")

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Job:
        """Raises :class:`UnknownJob`."""
        with self._lock:
            rows = self._rows("SELECT * FROM jobs WHERE id = ?", id)
            if not rows:
                raise UnknownJob("There is no such job; it may have expired.")
            return self._job(rows[0], self._outlook(rows[0]["lane"]) if rows[0]["state"] == QUEUED else {})

    def list(self, limit: int, state: str | None = None) -> list[Job]:
        """The newest first."""
        with self._lock:
            rows = self._rows("SELECT * FROM jobs WHERE ? IS NULL OR state = ? ORDER BY sequence DESC LIMIT ?", state, state, limit)
            outlook: dict[str, tuple[int, float | None]] = {}
            for lane in {row["lane"] for row in rows if row["state"] == QUEUED}:
                outlook.update(self._outlook(lane))
            return [self._job(row, outlook) for row in rows]

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
            raise Conflict("The Idempotency-Key was used for a different request.", field="Idempotency-Key",
                           hint="Use a new key for a new request.")
        return self.get(rows[0]["id"])

    def waiting(self, lane: str) -> int:
        """How many jobs wait in ``lane``."""
        return self._rows("SELECT count(*) FROM jobs WHERE state = ? AND lane = ?", QUEUED, lane)[0][0]

    def _outlook(self, lane: str) -> dict[str, tuple[int, float | None]]:
        running = self._rows("SELECT * FROM jobs WHERE state = ? AND lane = ?", RUNNING, lane)
        queued = [(row["id"], row["kind"]) for row in
                  self._rows("SELECT id, kind FROM jobs WHERE state = ? AND lane = ? ORDER BY sequence", QUEUED, lane)]
        typical = {kind: seconds for kind in {kind for _, kind in queued} if (seconds := self._typical(kind)) is not None}
        left = self._job(running[0], {}).eta if running else None
        return queue_outlook(left, bool(running), queued, typical)

    def _typical(self, kind: str) -> float | None:
        return self._rows("SELECT avg(took) FROM (SELECT ended - started AS took FROM jobs WHERE kind = ? AND state = ? "
                          "ORDER BY ended DESC LIMIT ?)", kind, DONE, TYPICAL_OF)[0][0]

    @staticmethod
    def _job(row: sqlite3.Row, outlook: Mapping[str, tuple[int, float | None]]) -> Job:
        progress, now = json.loads(row["progress"]), time.time()
        ends = progress.pop("ends", None)
        position, eta = outlook.get(row["id"], (None, None))
        if row["state"] == RUNNING:
            position, eta = 0, None if ends is None else round(max(0.0, ends - now), 1)
        elapsed = 0.0 if row["started"] is None else (row["ended"] or now) - row["started"]
        return Job(
            id=row["id"], kind=row["kind"], state=row["state"], position=position, eta=eta, elapsed=round(max(0.0, elapsed), 1),
            parameters=json.loads(row["parameters"]), notes=json.loads(row["notes"]), error=json.loads(row["error"] or "null"),
            result=json.loads(row["result"] or "null"), created=row["created"], started=row["started"], ended=row["ended"],
            expires=row["expires"], attempts=row["attempts"], version=row["version"], **progress)

    # -- changing ----------------------------------------------------------------------------------------------------

    def add(self, job: Job, *, lane: str, output: Mapping[str, Any], limit: int, key: str = "", fingerprint: str = "") -> Job:
        """Queue ``job``; where ``key`` is known by now, the job that has it. Raises :class:`QueueFull`."""
        with self._change() as database:
            found = self.by_key(key, fingerprint) if key else None
            if found:
                return found
            self.check_room(lane, limit)
            database.execute(
                "INSERT INTO jobs (id, kind, lane, state, created, key, fingerprint, parameters, output, progress) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (job.id, job.kind, lane, QUEUED, job.created, key or None, fingerprint,
                 json.dumps(job.parameters), json.dumps(dict(output)), json.dumps({"phase": "waiting"})))
        return self.get(job.id)

    def check_room(self, lane: str, limit: int) -> None:
        """Raises :class:`QueueFull` where ``limit`` jobs wait already."""
        if self.waiting(lane) >= limit:
            raise QueueFull(f"{limit} jobs wait already, as many as the setting queue_limit allows.",
                            hint="Try again when some are done, or cancel one.")

    def take(self, lane: str) -> Job | None:
        """Make the oldest waiting job of ``lane`` the running one."""
        with self._change() as database:
            rows = self._rows("SELECT id, progress FROM jobs WHERE state = ? AND lane = ? ORDER BY sequence LIMIT 1", QUEUED, lane)
            if not rows:
                return None
            progress = {"phase": "starting", "preview": json.loads(rows[0]["progress"]).get("preview", 0)}
            database.execute("UPDATE jobs SET state = ?, attempts = attempts + 1, started = ?, version = version + 1, progress = ? "
                             "WHERE id = ?", (RUNNING, time.time(), json.dumps(progress), rows[0]["id"]))
            self._queue_moved(lane)
        return self.get(rows[0]["id"])

    def progress(self, id: str, changes: Mapping[str, Any]) -> bool:
        """Merge ``changes`` (of :data:`PROGRESS`, and ``ends``) into a running job. False where it runs no more."""
        with self._change() as database:
            rows = self._rows("SELECT progress FROM jobs WHERE id = ? AND state = ?", id, RUNNING)
            if rows:
                merged = {**json.loads(rows[0]["progress"]), **changes}
                database.execute("UPDATE jobs SET progress = ?, version = version + 1 WHERE id = ?", (json.dumps(merged), id))
            return bool(rows)

    def note(self, id: str, text: str) -> None:
        """Add a sentence to a job that runs."""
        with self._change() as database:
            rows = self._rows("SELECT notes FROM jobs WHERE id = ? AND state = ?", id, RUNNING)
            if rows and text not in (notes := json.loads(rows[0]["notes"])):
                database.execute("UPDATE jobs SET notes = ?, version = version + 1 WHERE id = ?", (json.dumps([*notes, text]), id))

    def end(self, id: str, state: str, *, keep_s: float, error: Mapping[str, Any] | None = None,
            result: Mapping[str, Any] | None = None) -> str:
        """A running job ends as ``state``; one that has ended meanwhile (cancelled) stays as it is. Answers its state now."""
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
        """Cancel what has not ended. Answers the job and the state it was in before. Raises :class:`UnknownJob`."""
        with self._change() as database:
            rows = self._rows("SELECT state, lane, progress FROM jobs WHERE id = ?", id)
            before = rows[0]["state"] if rows else ""
            if before in (QUEUED, RUNNING):
                self._set_ended(database, id, CANCELLED, {**json.loads(rows[0]["progress"]), "phase": CANCELLED}, keep_s)
                self._queue_moved(rows[0]["lane"])
        return self.get(id), before

    def requeue(self, id: str, *, counted: bool) -> str:
        """A running job waits again, at its old place; unless ``counted``, as if it had not been tried. Answers its state now."""
        with self._change() as database:
            if not counted:
                database.execute("UPDATE jobs SET attempts = attempts - 1 WHERE id = ? AND state = ?", (id, RUNNING))
            return self._put_back(id)

    def died(self, id: str, error: Mapping[str, Any], *, most: int, keep_s: float) -> str:
        """A running job took its worker with it: it waits again or, after ``most`` deaths, fails. Answers its state now."""
        with self._change() as database:
            database.execute("UPDATE jobs SET deaths = deaths + 1 WHERE id = ? AND state = ?", (id, RUNNING))
            rows = self._rows("SELECT progress FROM jobs WHERE id = ? AND state = ? AND deaths >= ?", id, RUNNING, most)
            if not rows:
                return self._put_back(id)
            self._set_ended(database, id, FAILED, {**json.loads(rows[0]["progress"]), "phase": FAILED}, keep_s)
            database.execute("UPDATE jobs SET error = ? WHERE id = ?", (_json(error), id))
            return FAILED

    def _put_back(self, id: str) -> str:
        self._database.execute(
            "UPDATE jobs SET state = ?, started = NULL, progress = json_object('phase', 'waiting', 'preview', "
            "coalesce(json_extract(progress, '$.preview'), 0)) WHERE id = ? AND state = ?", (QUEUED, id, RUNNING))
        row = self._rows("SELECT state, lane FROM jobs WHERE id = ?", id)
        if row:
            self._queue_moved(row[0]["lane"])
        return row[0]["state"] if row else CANCELLED

    def _set_ended(self, database: sqlite3.Connection, id: str, state: str, progress: Mapping[str, Any], keep_s: float) -> None:
        now = time.time()
        kept = {name: value for name, value in progress.items() if name != "ends"}
        database.execute("UPDATE jobs SET state = ?, ended = ?, expires = ?, version = version + 1, progress = ? WHERE id = ?",
                         (state, now, now + keep_s, json.dumps(kept), id))

    def _queue_moved(self, lane: str) -> None:
        self._database.execute("UPDATE jobs SET version = version + 1 WHERE state = ? AND lane = ?", (QUEUED, lane))

    # -- keeping house -----------------------------------------------------------------------------------------------

    def remove(self, id: str) -> None:
        """Forget a job that has ended. Raises :class:`UnknownJob`, or :class:`Conflict` where it has not."""
        with self._change() as database:
            if not self.version(id)[1]:
                raise Conflict("The job has not ended.", hint="Cancel it first.")
            database.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def expired(self) -> list[str]:
        """Ids of jobs whose time is up."""
        return [row["id"] for row in self._rows("SELECT id FROM jobs WHERE expires <= ?", time.time())]

    def next_expiry(self) -> float | None:
        """When the next job expires."""
        return self._rows("SELECT min(expires) FROM jobs")[0][0]

    def outline(self) -> list[tuple[str, str, dict[str, Any] | None, int]]:
        """(id, state, result, attempts) of every job."""
        return [(row["id"], row["state"], json.loads(row["result"] or "null"), row["attempts"])
                for row in self._rows("SELECT id, state, result, attempts FROM jobs")]

    def fact(self, name: str) -> Any:
        """Something remembered across restarts, or None."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(rows[0]["value"]) if rows else None

    def remember(self, name: str, value: Any) -> None:
        """Keep ``value`` (plain JSON) as the fact ``name``."""
        with self._change() as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(dict(value))
