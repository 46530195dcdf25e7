"""Rows of the job database that make no sense: one of them must not take all the others with it."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import math
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from .job import JOB_ID, LANES, STATES, Job
from .queue_store import MOMENTS, Place
from .store import JobStore

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

log = logging.getLogger(__name__)

SUFFIX = ".damaged-rows"
"""What the file is called, after the database, in which they are kept: a row a line, as JSON."""

_NUMBERS = ("version", "attempts", "deaths", "interruptions", "created", "bytes", "fetched")
_TIMES = ("started", "ended", "expires", "took", "lease", "place")
"""Columns with numbers; those with times may be empty."""

_NUMERIC = {*MOMENTS, *(field.name for field in dataclasses.fields(Job) if field.type in ("int", "float", "float | None"))}
_PROGRESS = {*MOMENTS, *(field.name for field in dataclasses.fields(Job))}


def is_sound(row: sqlite3.Row) -> bool:
    """Whether a row of ``jobs`` is one that :class:`JobStore` writes."""
    known = row["kind"] in LANES and row["state"] in STATES and isinstance(row["lane"], str) and isinstance(row["title"], str)
    if not known or not isinstance(row["id"], str) or not JOB_ID.fullmatch(row["id"]):
        return False
    if not all(_is_number(row[name]) for name in (*_NUMBERS, *(time for time in _TIMES if row[time] is not None))):
        return False
    try:
        values = {name: json.loads(row[name]) for name in ("parameters", "output", "progress", "notes")}
        ended = [json.loads(row[name] or "null") for name in ("error", "result")]
    except (ValueError, TypeError, RecursionError):
        return False
    progress, notes = values["progress"], values["notes"]
    return (
        all(isinstance(values[name], dict) for name in ("parameters", "output", "progress"))
        and isinstance(notes, list)
        and all(isinstance(note, str) for note in notes)
        and all(value is None or isinstance(value, dict) for value in ended)
        and _is_progress(progress)
        and all(isinstance((ended[1] or {}).get(name, ""), str) for name in ("file", "media_type"))
    )


def _is_progress(progress: dict[str, Any]) -> bool:
    """Whether a :class:`Job` can be made of it."""
    numbers = [value for name, value in progress.items() if name in _NUMERIC and value is not None]
    return set(progress) <= _PROGRESS and all(map(_is_number, numbers)) and isinstance(progress.get("losses", {}), dict)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def healed(
    method: Callable[Concatenate[SoundStore, Arguments], Returned],
) -> Callable[Concatenate[SoundStore, Arguments], Returned]:
    """``method``, tried once more without the damaged rows where it has failed over one."""

    @functools.wraps(method)
    def tried(store: SoundStore, /, *arguments: Arguments.args, **more: Arguments.kwargs) -> Returned:
        try:
            return method(store, *arguments, **more)
        except (ValueError, TypeError, KeyError, AttributeError):
            if not store.set_damaged_aside():
                raise
        return method(store, *arguments, **more)

    return tried


class SoundStore(JobStore):
    """A job store from which rows that cannot be read are taken out, at the start and whenever one is come upon."""

    def __init__(self, file: Path, put_aside: Callable[[str], None]) -> None:
        """``put_aside``: called with the id of a job whose row has been taken out, for its pictures. Raises as the store does."""
        self._aside, self._put_aside = file.with_name(file.name + SUFFIX), put_aside
        super().__init__(file)
        self.set_damaged_aside()

    def set_damaged_aside(self) -> int:
        """Take damaged rows out of the database and keep them beside it. Returns how many; none inside a transaction."""
        with self._lock:
            if self._database.in_transaction:
                return 0  # whoever began it will come here, too
            damaged = [row for row in self._rows("SELECT * FROM jobs") if not is_sound(row)]
            for row in damaged:
                log.error("a damaged row of the job database is set aside, with its pictures: number %d", row["sequence"])
                with self._aside.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps(dict(row), default=repr) + "\n")
                with self._change() as database:
                    database.execute("DELETE FROM jobs WHERE sequence = ?", (row["sequence"],))
                if isinstance(row["id"], str) and JOB_ID.fullmatch(row["id"]):
                    self._put_aside(row["id"])
            return len(damaged)

    @staticmethod
    def _job(row: sqlite3.Row, places: Mapping[str, Place]) -> Job:
        if not is_sound(row):
            raise ValueError("a damaged row")
        return JobStore._job(row, places)

    get = healed(JobStore.get)
    jobs = healed(JobStore.jobs)
    queue = healed(JobStore.queue)
    task = healed(JobStore.task)
    add = healed(JobStore.add)
    take = healed(JobStore.take)
    progress = healed(JobStore.progress)
    note = healed(JobStore.note)
    end = healed(JobStore.end)
    cancel = healed(JobStore.cancel)
    interrupted = healed(JobStore.interrupted)
    died = healed(JobStore.died)
    outline = healed(JobStore.outline)
    made_room = healed(JobStore.made_room)
