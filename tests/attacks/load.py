"""Many clients at once for minutes, artists and scripts and strangers; the daemon's memory, threads and file handles are watched.

cd tests && python -m attacks.load --clients 64 --seconds 300
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from api import pictures

from .target import Target, default_start

CLIENTS, SECONDS = 64, 300.0
SAMPLE_S = 0.5
GRACE_S = 60.0
"""So long after the end may accepted jobs take to be done."""

STYLES = ("great-wave", "starry-night", "scream")
MB = 1e6


@dataclass
class Tally:
    """What the clients have seen."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    statuses: Counter = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    jobs: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def saw(self, kind: str, status: int, seconds: float) -> None:
        with self.lock:
            self.statuses[status] += 1
            self.seconds[kind].append(seconds)

    def became(self, state: str) -> None:
        with self.lock:
            self.jobs[state] += 1

    def complain(self, text: str) -> None:
        with self.lock:
            self.wrong.append(text)


@dataclass
class Sample:
    """One look at the daemon and its workers. Bytes."""

    at: float
    memory: int
    threads: int
    handles: int
    workers: int


class Watch:
    """Samples of the daemon's process while the clients are at it."""

    def __init__(self, target: Target) -> None:
        self._process, self._done = target.process, threading.Event()
        self.samples: list[Sample] = []

    def __enter__(self) -> Watch:
        self.before = self._look(0.0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._done.wait(SAMPLE_S):
            self.samples.append(self._look(time.monotonic() - began))

    def _look(self, at: float) -> Sample:
        process, workers = self._process, 0
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                workers += child.memory_info().rss
        handles = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
        return Sample(at, process.memory_info().rss, process.num_threads(), handles, workers)


class Visitor:
    """One client, who does one thing after another, at random but the same with each run."""

    def __init__(self, target: Target, tally: Tally, number: int) -> None:
        self.target, self.tally, self.random = target, tally, random.Random(number)
        self.client = target.client()
        self.photo = pictures.png(96, 64)
        self.open: dict | None = None

    def visit(self, until: float) -> None:
        errands: list[tuple[Callable[[], None], int]] = [
            (self.paints, 6),
            (self.looks, 8),
            (self.watches, 3),
            (self.errs, 3),
            (self.comes_without_the_token, 3),
            (self.vanishes, 2),
            (self.cancels, 2),
        ]
        with self.client:
            while time.monotonic() < until:
                errand = self.random.choices([e for e, _ in errands], [weight for _, weight in errands])[0]
                try:
                    errand()
                except requests.RequestException as error:
                    self.tally.complain(f"{errand.__name__}: {type(error).__name__}")

    def ask(self, kind: str, method: str, path: str, **more: object) -> requests.Response:
        began = time.monotonic()
        answer = self.client.request(method, path, **more)
        self.tally.saw(kind, answer.status_code, time.monotonic() - began)
        self.target.check(answer.status_code, answer.headers, answer.content if "stream" not in more else b"")
        return answer

    def submits(self) -> dict | None:
        data = {"style": self.random.choice(STYLES), "method": "fast", "strength": self.random.random()}
        answer = self.ask("submit", "POST", "/v1/jobs", files={"content": ("a.png", self.photo)}, data=data)
        if answer.status_code == 503:
            time.sleep(min(5, int(answer.headers["Retry-After"])) * self.random.random())
            return None
        assert answer.status_code == 202, answer.text
        self.tally.became("accepted")
        return answer.json()

    def ended(self, job: dict, within: float = GRACE_S) -> dict:
        deadline = time.monotonic() + within
        while job["state"] in ("queued", "running") and time.monotonic() < deadline:
            answer = self.ask("wait", "GET", job["links"]["self"], params={"since": job["version"], "timeout": 10})
            if answer.status_code == 503:
                time.sleep(1)
                continue
            assert answer.status_code == 200, answer.text
            job = answer.json()
        self.tally.became(job["state"])
        return job

    def paints(self) -> None:
        if job := self.submits():
            job = self.ended(job)
            if job["state"] != "done":
                self.tally.complain(f"a job is {job['state']}: {job['error']}")
                return
            assert self.ask("result", "GET", job["links"]["result"]).content.startswith(b"\x89PNG")
            self.ask("remove", "DELETE", job["links"]["self"])

    def watches(self) -> None:
        if job := self.submits():
            with self.ask("events", "GET", job["links"]["events"], stream=True) as stream:
                if stream.status_code == 200:
                    list(stream.iter_lines())
            self.ended(job)

    def cancels(self) -> None:
        if job := self.submits():
            job = self.ask("cancel", "POST", job["links"]["cancel"]).json()
            self.tally.became(job["state"])

    def looks(self) -> None:
        for path in ("/health", "/v1/jobs?limit=5", "/v1/styles", "/v1/device", "/v1/styles/great-wave/thumbnail"):
            self.ask("look", "GET", path)

    def errs(self) -> None:
        for photo, values in ((self.photo[:-40], {}), (self.photo, {"detail": "nan"})):
            self.ask("error", "POST", "/v1/jobs", files={"content": ("a.png", photo)}, data={"style": "great-wave", **values})
        self.ask("error", "GET", "/v1/jobs/0123456789abcdef")

    def comes_without_the_token(self) -> None:
        with self.target.client(token="") as stranger:
            answer = stranger.post("/v1/jobs", files={"content": ("a.png", bytes(100_000))})
            self.tally.saw("stranger", answer.status_code, answer.elapsed.total_seconds())
            assert answer.status_code == 401

    def vanishes(self) -> None:
        """Hangs up in the middle of a one-call painting, whose job is then cancelled for it."""
        with contextlib.suppress(requests.ReadTimeout):
            answer = self.client.post(
                "/v1/stylize",
                files={"content": ("a.png", self.photo)},
                timeout=0.05,
                data={"style": "great-wave", "method": "fast"},
            )
            self.tally.saw("stylize", answer.status_code, answer.elapsed.total_seconds())
        self.client.close()


@dataclass
class Report:
    """How it went."""

    clients: int
    seconds: float
    tally: Tally
    before: Sample
    samples: list[Sample]

    def settled(self, name: str) -> tuple[float, float]:
        """The most of ``name`` in the second and in the last quarter of the time: what grows without end shows between the two."""
        values = [getattr(sample, name) for sample in self.samples]
        quarter = max(1, len(values) // 4)
        return max(values[quarter : 2 * quarter] or values), max(values[-quarter:])

    def figures(self) -> dict:
        requests_made = sum(self.tally.statuses.values())
        waits = {kind: sorted(seconds) for kind, seconds in sorted(self.tally.seconds.items())}
        return {
            "clients": self.clients,
            "seconds": round(self.seconds),
            "requests": requests_made,
            "requests_per_s": round(requests_made / self.seconds, 1),
            "statuses": dict(sorted(self.tally.statuses.items())),
            "jobs": dict(self.tally.jobs),
            "wrong": Counter(self.tally.wrong),
            "median_ms": {kind: round(1000 * values[len(values) // 2]) for kind, values in waits.items()},
            "p99_ms": {kind: round(1000 * values[int(len(values) * 0.99)]) for kind, values in waits.items()},
            "memory_mb": {
                "before": round(self.before.memory / MB),
                "second quarter": round(self.settled("memory")[0] / MB),
                "last quarter": round(self.settled("memory")[1] / MB),
            },
            "threads": {"before": self.before.threads, "most": max(s.threads for s in self.samples)},
            "handles": {"before": self.before.handles, "most": max(s.handles for s in self.samples)},
            "workers_mb": {
                "before": round(self.before.workers / MB),
                "second quarter": round(self.settled("workers")[0] / MB),
                "last quarter": round(self.settled("workers")[1] / MB),
            },
        }


def run(target: Target, clients: int, seconds: float) -> Report:
    """Let ``clients`` loose on ``target`` for ``seconds``."""
    tally, began = Tally(), time.monotonic()

    def visitor(number: int) -> None:
        try:
            Visitor(target, tally, number).visit(began + seconds)
        except Exception as error:  # an answer that is not a sound one
            tally.complain(f"{type(error).__name__}: {error}"[:500])

    threads = [threading.Thread(target=visitor, args=(number,)) for number in range(clients)]
    with Watch(target) as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return Report(clients, time.monotonic() - began, tally, watch.before, watch.samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, default_start(Path(folder)) as target:
        report = run(target, arguments.clients, arguments.seconds)
    print(json.dumps(report.figures(), indent=1))


if __name__ == "__main__":
    main()
