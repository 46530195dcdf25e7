"""The SQLite file under the jobs: opened, brought up to date, changed one transaction at a time.

It is written ahead (WAL), so readers never wait and a killed process leaves the last whole state. What must not be lost (a job
accepted, ended, cancelled) is flushed to the disk before its transaction counts as done; progress, which the next step tells
again, is not, or every step would wait for the disk.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..disk import close_to_others
from ..errors import Busy, DatabaseLocked, DiskFull, SettingsError

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
    """
    ALTER TABLE jobs ADD COLUMN took REAL;
    ALTER TABLE jobs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN fetched INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
    UPDATE jobs SET took = ended - started;
    """,
    """
    ALTER TABLE jobs ADD COLUMN title TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN lease REAL;
    ALTER TABLE jobs ADD COLUMN place REAL;
    """,
)
"""Scripts that bring the file from version n to n + 1. Never edit one that has been released; append."""

BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR")
"""SQLITE_ERROR: a statement that does not fit the tables, and the statements are right."""

_NAMELESS = {"SQLITE_BUSY": "locked", "SQLITE_ERROR": "no such |has no column|malformed JSON|duplicate column|already exists"}
"""How to tell errors whose name Python 3.10 does not know, by their texts."""

OPENING_WAIT_S, WAIT_S, PAUSE_S = 5.0, 3.0, 0.05
"""How long another program may hold the file when it is opened and when it is written to, and how often it is tried."""


def name_of(error: sqlite3.Error) -> str:
    """SQLite's own name of an error, without what stands behind it for some; empty where it has none."""
    name = "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])
    return name or next((name for name, text in _NAMELESS.items() if re.search(text, str(error))), "")


@contextmanager
def database_errors() -> Iterator[None]:
    """SQLite's trouble with the disk as :class:`DiskFull`, a file that another program holds as :class:`DatabaseLocked`; damage and
    programming errors stay what they are."""
    try:
        yield
    except sqlite3.OperationalError as error:
        name = name_of(error)
        if name in BROKEN:
            raise
        if name in ("SQLITE_BUSY", "SQLITE_LOCKED"):
            raise DatabaseLocked(
                "Another program holds the job database.", hint="Try again in a moment, or close what has opened jobs.sqlite3."
            ) from error
        log.warning("job database: %s", error)
        raise DiskFull(
            "The job database is full or cannot be written.", hint="Make room, or choose another folder with the setting data_dir."
        ) from error


class Database:
    """One SQLite file. Any thread may call any method; a lock lets them through one at a time."""

    def __init__(self, file: Path) -> None:
        """Open or make ``file``.

        Raises ``sqlite3.DatabaseError`` where it is damaged, :class:`DiskFull` where it cannot be written,
        and :class:`SettingsError` where it is a link or of a newer version.
        """
        if file.is_symlink():
            raise SettingsError(
                "The job database is a link to another file.", hint="Put the file itself into the data folder.", field="data_dir"
            )
        self._file = file
        self._lock = threading.RLock()
        self._closed = False
        with database_errors():
            self._database = self._connected()
            try:
                self._prepare()
                self._wait_no_longer()
            except BaseException:
                self._database.close()
                raise

    def _connected(self) -> sqlite3.Connection:
        for end in ("", "-wal", "-shm"):  # SQLite makes the others with the mode of the first
            close_to_others(self._file.with_name(self._file.name + end))
        database = sqlite3.connect(self._file, timeout=OPENING_WAIT_S, isolation_level=None, check_same_thread=False)
        database.row_factory = sqlite3.Row
        database.text_factory = lambda text: text.decode("utf-8", "replace")  # a damaged text must not take the whole list with it
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA fullfsync = ON")  # macOS: down to the disk itself, not only to its cache
        return database

    def _prepare(self) -> None:
        database = self._database
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("damaged")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise SettingsError(
                "The job database was written by a newer Impasto.",
                hint="Update Impasto, or choose another folder with the setting data_dir.",
                field="data_dir",
            )
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            database.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
        missing = {name for name, columns in _columns().items() if not columns <= columns_of(database, name)}
        if missing:
            raise sqlite3.DatabaseError(f"columns are missing in {', '.join(sorted(missing))}")
        # A file that opens but cannot be written shall be found out now, not with the first job.
        self.remember("opened", time.time())

    def _wait_no_longer(self) -> None:
        """From now on :meth:`_begin` waits, without keeping those out who only read."""
        self._database.execute("PRAGMA busy_timeout = 0")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            self._database.close()

    def fact(self, name: str) -> Any:
        """Something remembered across restarts, or None."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", name)
        try:
            return json.loads(rows[0]["value"]) if rows else None
        except ValueError:
            return None  # of use, but not worth a failure

    def remember(self, name: str, value: Any) -> None:
        """Keep ``value`` (plain JSON) as the fact ``name``."""
        with self._change(lasting=False) as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    @contextmanager
    def _change(self, *, lasting: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction; ``lasting``: on the disk when the block ends. Raises :class:`DatabaseLocked` after :data:`WAIT_S`."""
        self._begin(lasting)
        try:
            with self._errors():
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                except BaseException:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
                    raise
        finally:
            self._lock.release()

    def _begin(self, lasting: bool) -> None:
        """Begin a transaction, and keep the lock. While another program holds the file, the lock is free for those who read."""
        deadline = time.monotonic() + WAIT_S
        while True:
            self._lock.acquire()
            try:
                with self._errors():
                    self._check_open(writing=True)
                    if not self._database.in_transaction:
                        self._database.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
                    self._database.execute("BEGIN IMMEDIATE")
                return
            except DatabaseLocked:
                self._lock.release()
                if time.monotonic() > deadline:
                    log.warning("job database: another program holds it")
                    raise
            except BaseException:
                self._lock.release()
                raise
            time.sleep(PAUSE_S)

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock, self._errors():
            self._check_open()
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with database_errors():
                yield
        except sqlite3.DatabaseError as error:
            if name_of(error) not in BROKEN:
                raise
            log.error("the job database has been damaged while it was open: %s", error)
            raise DiskFull(
                "The job database is damaged.", hint="Restart Impasto: it puts the damaged file aside and begins a new one."
            ) from error

    def _check_open(self, *, writing: bool = False) -> None:
        if self._closed:
            raise Busy("The daemon is stopping.", hint="Ask again when it has started; no job is lost.")
        try:
            self._file.lstat()
        except FileNotFoundError:
            with contextlib.nullcontext() if writing else contextlib.suppress(sqlite3.OperationalError):
                self._write_again()
        except OSError:
            pass  # nobody may look into the folder now; what is open still serves

    def _write_again(self) -> None:
        """Somebody has removed the file under us; what was in it is still to be had as long as it is open."""
        if self._database.in_transaction:
            return
        log.error("the job database has been removed while it was open; it is written again")
        for left in ("-wal", "-shm"):  # of the file that has gone: a new one must not be read through them
            with contextlib.suppress(OSError):
                self._file.with_name(self._file.name + left).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._connected()
        self._database.backup(fresh)
        self._database.close()
        self._database = fresh
        self._wait_no_longer()


def columns_of(database: sqlite3.Connection, table: str) -> set[str]:
    """The names of a table's columns; none where there is no such table."""
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


def _columns() -> dict[str, set[str]]:
    """What the migrations make: the columns of every table."""
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        model.executescript(";".join(MIGRATIONS))
        return {table: columns_of(model, table) for table in ("jobs", "facts")}
