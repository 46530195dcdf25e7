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

from .clients import GIVE_UP_S, Insistent, Ledger, Promise, follow, fulfil, work
from .daemon import Daemon
from .orders import catalogue

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
    answers: int
    styles: int
    work_lost_s: float
    largest_memory_mb: float
    seconds: float
    wrong: list[str]


def run(folder: Path, kills: int, seed: int, weights: Path | None) -> Figures:
    """Do it all in ``folder``; ``wrong`` is empty where nothing was lost."""
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
    ledger, orders = Ledger(seed), catalogue(weights=weights is not None)
    try:
        first = Insistent(daemon, ledger, [])
        for order in orders:
            if order.paints:  # what all later ones are compared with
                fulfil(order, first, ledger, whimsical=False)
        killed, memory = slaughter(daemon, ledger, orders, kills, random.Random(seed))
        look_again(daemon, ledger)
        daemon.stop()
        audit(daemon, ledger, killed)
    finally:
        daemon.stop()
    states = Counter(promise.state for promise in ledger.promises)
    gone_on = sum("Gone on" in " ".join(promise.notes) for promise in ledger.promises)
    return Figures(
        dict(killed),
        dict(states),
        len(ledger.promises),
        len(ledger.lost),
        gone_on,
        ledger.repeated,
        ledger.answers,
        len(ledger.styles),
        round(max(ledger.lost, default=0.0), 1),
        memory,
        round(time.monotonic() - began),
        ledger.wrong,
    )


def slaughter(daemon: Daemon, ledger: Ledger, orders: list, kills: int, dice: random.Random) -> tuple[Counter, float]:
    """Clients at work, and ``kills`` kills among them; until all that was accepted has ended. The daemon's memory at its most."""
    stopping, deadline, killed, memory = threading.Event(), [], Counter(), 0.0
    threads = [
        threading.Thread(target=work, args=(daemon, ledger, orders, stopping, deadline), daemon=True) for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    while killed.total() < kills:
        kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
        if kind != "start":
            daemon.found()
            time.sleep(dice.uniform(0, 4) if dice.random() < 0.5 else dice.uniform(4, 14))
            with contextlib.suppress(psutil.Error):
                memory = max(memory, psutil.Process(daemon.process.pid).memory_info().rss / 1e6)
        if kill(daemon, kind, dice, ledger):
            killed[kind] += 1
    stopping.set()
    deadline.append(time.monotonic() + GIVE_UP_S)
    for thread in threads:
        thread.join(GIVE_UP_S + 60)
        if thread.is_alive():
            ledger.complain("a client still waits")
    return killed, round(memory, 1)


def kill(daemon: Daemon, kind: str, dice: random.Random, ledger: Ledger) -> bool:
    """Kill something, and see to it that there is a daemon again; whether there was anything to kill."""
    if kind in ("worker", "hang"):
        workers = daemon.workers()
        if not workers:
            return False
        with contextlib.suppress(psutil.Error):
            dice.choice(workers).send_signal(signal.SIGSTOP if kind == "hang" else signal.SIGKILL)
        ledger.kills.append(time.monotonic())
        return True
    daemon.kill(with_children=kind == "power")
    ledger.kills.append(time.monotonic())
    daemon.spawn()
    if kind == "start":
        time.sleep(dice.uniform(0, 1.5))
        daemon.kill()
        daemon.spawn()
    return True


def look_again(daemon: Daemon, ledger: Ledger) -> None:
    """Everything that was there once is there still, and the same."""
    client = Insistent(daemon, ledger, [])
    for promise in ledger.promises:
        before, promise.state = (promise.state, promise.result), ""
        follow(promise, client, ledger)
        if (promise.state, promise.result) != before:
            ledger.complain(f"{promise.order.name} {promise.id} was {before[0]} and is {promise.state}, or has another picture")
    styles = {style["id"]: style["title"] for style in client.ask("GET", "/v1/styles").json()["styles"]}
    for id, name in ledger.styles.items():
        if styles.get(id) != name or not client.ask("GET", f"/v1/styles/{id}/thumbnail").ok:
            ledger.complain(f"the style {id} is gone")


def audit(daemon: Daemon, ledger: Ledger, killed: Counter) -> None:
    """The database and the folders of a daemon that has ended."""
    database = sqlite3.connect(daemon.paths.database)
    database.row_factory = sqlite3.Row
    rows = {row["id"]: row for row in database.execute("SELECT * FROM jobs")}
    if database.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        ledger.complain("the database is damaged")
    database.close()
    for promise in ledger.promises:
        judge(promise, rows.get(promise.id), ledger, killed)
    known = {promise.id for promise in ledger.promises}
    if len(rows) != len({promise.key for promise in ledger.promises}) or set(rows) != known:
        ledger.complain(f"{len(rows)} jobs for {len(known)} keys")
    done = {id: json.loads(row["result"] or "{}").get("file") for id, row in rows.items() if row["state"] == "done"}
    for folder in daemon.paths.jobs.iterdir():
        if not done.get(folder.name):
            ledger.complain(f"the folder {folder.name} belongs to no result")
        elif extra := {file.name for file in folder.iterdir()} - {done[folder.name], "preview.png"}:
            ledger.complain(f"{folder.name} holds {sorted(extra)}")
    for left in [*daemon.folder.rglob("*.part"), *daemon.folder.rglob(".new-*")]:
        ledger.complain(f"left behind: {left.relative_to(daemon.folder)}")
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("IMPASTO_DATA_DIR") == str(daemon.data):
                ledger.complain(f"a process is left: {process}")
                process.kill()
    if "Traceback" in daemon.log:
        ledger.complain("the daemon's log holds a traceback:\n" + daemon.log[daemon.log.index("Traceback") :][:3000])


def judge(promise: Promise, row: sqlite3.Row | None, ledger: Ledger, killed: Counter) -> None:
    """Whether one job ended as it should."""
    name = f"{promise.order.name} {promise.id}"
    if row is None or row["state"] != promise.state or row["key"] != promise.key:
        ledger.complain(f"{name} is {promise.state} for its client, but in the database {dict(row) if row else 'it is not'}")
    elif promise.state == "failed":
        code = (promise.error or {}).get("code")
        if code not in ("worker_died", "worker_hung") or row["deaths"] < 2 or killed["worker"] + killed["hang"] < 2:
            ledger.complain(f"{name} failed after {row['deaths']} deaths: {promise.error}")
    elif promise.state == "cancelled" and not promise.cancelled:
        ledger.complain(f"{name} was cancelled, but nobody asked for it")
    elif promise.state == "done" and promise.cancelled:
        ledger.complain(f"{name} was cancelled, and is done all the same")


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
    raise SystemExit(1 if figures.wrong else 0)


if __name__ == "__main__":
    main()
