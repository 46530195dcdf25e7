"""Kills the daemon and its workers at random moments while clients want their pictures, and checks that every one gets hers.

The short form is a test (`test_kill_loop.py`); the long one, from the folder `tests`:

    python -m reliability.kill_loop --kills 200 --seed 1 --weights FOLDER_WITH_VGG16

What has to hold in the end: every job that was ever accepted is there under its one key and has ended as it should: done, with
the very picture of a run without kills; or failed, where two of its workers were killed under it; or cancelled, where that was
asked for. Every result that was there once is there still, every style that was kept, and no file that is half-written or of use
to nobody.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from .clients import GIVE_UP_S, Ledger, RetryingClient, TrackedJob, follow, run_job, work
from .daemon import Daemon
from .job_specs import all_specs

CLIENTS = 5
CHECKPOINT_S = 2.0

SILENCE_S = 8

KINDS = {"daemon": 0.47, "power": 0.25, "worker": 0.13, "start": 0.1, "hang": 0.05}
"""What is killed: the daemon alone; it and everything it has started; one of its workers; a daemon that is just starting; a worker
that is made to hang, by the daemon's own watch."""


@dataclass
class Figures:
    """What came of it. ``interrupted``: how often steps were lost to a kill; ``gone_on``: jobs that a checkpoint has helped."""

    kills: dict[str, int]
    jobs: dict[str, int]
    accepted: int
    interrupted: int
    gone_on: int
    asked_twice: int
    responses: int
    styles: int
    work_lost_s: float
    largest_memory_mb: float
    seconds: float
    violations: list[str]


def run(folder: Path, kills: int, seed: int, weights: Path | None) -> Figures:
    """Do it all in ``folder``; ``violations`` is empty where nothing was lost."""
    began = time.monotonic()
    settings = {
        "IMPASTO_CHECKPOINT_S": str(CHECKPOINT_S),
        "IMPASTO_WORKER_SILENCE_S": str(SILENCE_S),
        "IMPASTO_CPU_THREADS": "1",
        "IMPASTO_OFFLINE": "true",
    }
    if weights:
        settings["IMPASTO_WEIGHTS_DIR"] = str(weights)
    daemon = Daemon(folder, settings).start()
    ledger, specs = Ledger(seed), all_specs(weights=weights is not None)
    try:
        first = RetryingClient(daemon, ledger, [])
        for spec in specs:
            if spec.paints:  # what all later ones are compared with
                run_job(spec, first, ledger, varied=False)
        killed, memory = kill_at_random(daemon, ledger, specs, kills, random.Random(seed))
        check_nothing_is_lost(daemon, ledger)
        daemon.stop()
        audit(daemon, ledger, killed)
    finally:
        daemon.stop()
    states = Counter(tracked.state for tracked in ledger.tracked_jobs)
    gone_on = sum("Gone on" in " ".join(tracked.notes) for tracked in ledger.tracked_jobs)
    return Figures(
        dict(killed),
        dict(states),
        len(ledger.tracked_jobs),
        len(ledger.lost),
        gone_on,
        ledger.repeated,
        ledger.responses,
        len(ledger.styles),
        round(max(ledger.lost, default=0.0), 1),
        memory,
        round(time.monotonic() - began),
        ledger.violations,
    )


def kill_at_random(daemon: Daemon, ledger: Ledger, specs: list, kills: int, rng: random.Random) -> tuple[Counter, float]:
    """Clients at work, and ``kills`` kills among them; until all that was accepted has ended. The daemon's memory at its most."""
    stopping, deadline, killed, memory = threading.Event(), [], Counter(), 0.0
    threads = [threading.Thread(target=work, args=(daemon, ledger, specs, stopping, deadline), daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    while killed.total() < kills:
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        if kind != "start":
            daemon.found()
            time.sleep(rng.uniform(0, 4) if rng.random() < 0.5 else rng.uniform(4, 14))
            with contextlib.suppress(psutil.Error):
                memory = max(memory, psutil.Process(daemon.process.pid).memory_info().rss / 1e6)
        if kill(daemon, kind, rng, ledger):
            killed[kind] += 1
    stopping.set()
    deadline.append(time.monotonic() + GIVE_UP_S)
    for thread in threads:
        thread.join(GIVE_UP_S + 60)
        if thread.is_alive():
            ledger.report("a client still waits")
    return killed, round(memory, 1)


def kill(daemon: Daemon, kind: str, rng: random.Random, ledger: Ledger) -> bool:
    """Kill something, and see to it that there is a daemon again; whether there was anything to kill."""
    if kind in ("worker", "hang"):
        workers = daemon.workers()
        if not workers:
            return False
        with contextlib.suppress(psutil.Error):
            rng.choice(workers).send_signal(signal.SIGSTOP if kind == "hang" else signal.SIGKILL)
        ledger.kills.append(time.monotonic())
        return True
    daemon.kill(with_children=kind == "power")
    ledger.kills.append(time.monotonic())
    daemon.spawn()
    if kind == "start":
        time.sleep(rng.uniform(0, 1.5))
        daemon.kill()
        daemon.spawn()
    return True


def check_nothing_is_lost(daemon: Daemon, ledger: Ledger) -> None:
    """Everything that was there once is there still, and the same."""
    client = RetryingClient(daemon, ledger, [])
    for tracked in ledger.tracked_jobs:
        before, tracked.state = (tracked.state, tracked.result), ""
        follow(tracked, client, ledger)
        if (tracked.state, tracked.result) != before:
            ledger.report(f"{tracked.spec.name} {tracked.id} was {before[0]} and is {tracked.state}, or has another picture")
    styles = {style["id"]: style["title"] for style in client.request("GET", "/v1/styles").json()["styles"]}
    for id, name in ledger.styles.items():
        if styles.get(id) != name or not client.request("GET", f"/v1/styles/{id}/thumbnail").ok:
            ledger.report(f"the style {id} is gone")


def audit(daemon: Daemon, ledger: Ledger, killed: Counter) -> None:
    """The database and the folders of a daemon that has ended."""
    database = sqlite3.connect(daemon.paths.database)
    database.row_factory = sqlite3.Row
    rows = {row["id"]: row for row in database.execute("SELECT * FROM jobs")}
    if database.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        ledger.report("the database is damaged")
    database.close()
    for tracked in ledger.tracked_jobs:
        check_outcome(tracked, rows.get(tracked.id), ledger, killed)
    known = {tracked.id for tracked in ledger.tracked_jobs}
    if len(rows) != len({tracked.key for tracked in ledger.tracked_jobs}) or set(rows) != known:
        ledger.report(f"{len(rows)} jobs for {len(known)} keys")
    done = {id: json.loads(row["result"] or "{}").get("file") for id, row in rows.items() if row["state"] == "done"}
    for folder in daemon.paths.jobs.iterdir():
        if not done.get(folder.name):
            ledger.report(f"the folder {folder.name} belongs to no result")
        elif extra := {file.name for file in folder.iterdir()} - {done[folder.name], "preview.png"}:
            ledger.report(f"{folder.name} holds {sorted(extra)}")
    for left in [*daemon.folder.rglob("*.part"), *daemon.folder.rglob(".new-*")]:
        ledger.report(f"left behind: {left.relative_to(daemon.folder)}")
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("IMPASTO_DATA_DIR") == str(daemon.data):
                ledger.report(f"a process is left: {process}")
                process.kill()
    if "Traceback" in daemon.log:
        ledger.report("the daemon's log holds a traceback:\n" + daemon.log[daemon.log.index("Traceback") :][:3000])


def check_outcome(tracked: TrackedJob, row: sqlite3.Row | None, ledger: Ledger, killed: Counter) -> None:
    """Whether one job ended as it should."""
    name = f"{tracked.spec.name} {tracked.id}"
    if row is None or row["state"] != tracked.state or row["key"] != tracked.key:
        ledger.report(f"{name} is {tracked.state} for its client, but in the database {dict(row) if row else 'it is not'}")
    elif tracked.state == "failed":
        code = (tracked.error or {}).get("code")
        if code not in ("worker_died", "worker_hung") or row["deaths"] < 2 or killed["worker"] + killed["hang"] < 2:
            ledger.report(f"{name} failed after {row['deaths']} deaths: {tracked.error}")
    elif tracked.state == "cancelled" and not tracked.cancelled:
        ledger.report(f"{name} was cancelled, but nobody asked for it")
    elif tracked.state == "done" and tracked.cancelled:
        ledger.report(f"{name} was cancelled, and is done all the same")


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weights", type=Path, help="a folder with vgg16; without it there are fast paintings only")
    parser.add_argument("--folder", type=Path, help="where all is kept; empty, a temporary one")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        figures = run(folder, asked.kills, asked.seed, asked.weights)
    print(json.dumps(asdict(figures), indent=1))
    raise SystemExit(1 if figures.violations else 0)


if __name__ == "__main__":
    main()
