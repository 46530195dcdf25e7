"""Clients that want their pictures whatever happens to the daemon: they try again, and write down what they were promised."""

from __future__ import annotations

import random
import re
import threading
import time
import uuid
from dataclasses import dataclass, field

import requests
from impasto import images

from .daemon import Daemon
from .job_specs import FAST, JobSpec, choose, picture

ENDED = ("done", "failed", "cancelled")

POLL_S = 0.3
GIVE_UP_S = 900
"""So long after the last kill, everything that was accepted must have ended."""

WAITS = {"queue_full", "busy"}
"""Errors after which a client tries again: the queue is full, or the daemon is just ending."""

FAILED = {"worker_died", "worker_hung"}
"""Errors of a job whose workers were killed, as `POST /v1/stylize` answers them."""


@dataclass
class TrackedJob:
    """A job that the daemon has accepted, and what became of it."""

    spec: JobSpec
    key: str
    id: str = ""
    state: str = ""
    error: dict | None = None
    notes: list[str] = field(default_factory=list)
    result: bytes = b""
    cancelled: bool = False
    """A cancel was answered with "cancelled": so it has to stay."""


class Ledger:
    """What all clients have seen; safe to use from several threads."""

    def __init__(self, seed: int) -> None:
        self.lock = threading.Lock()
        self.rng = random.Random(seed)
        self.tracked_jobs: list[TrackedJob] = []
        self.styles: dict[str, str] = {}
        self.pictures: dict[str, bytes] = {}
        self.kills: list[float] = []
        self.lost: list[float] = []
        self.repeated = self.responses = 0
        self.violations: list[str] = []

    def report(self, text: str) -> None:
        """Something is not as it has to be."""
        with self.lock:
            self.violations.append(text)

    def painted(self, spec: JobSpec, data: bytes) -> None:
        """A picture has come: whole, and the same as every other of its name."""
        try:
            images.decode(data)
        except Exception as error:
            return self.report(f"{spec.name}: the result is no whole picture: {error}")
        with self.lock:
            known = self.pictures.setdefault(spec.name, data)
        if known != data:
            self.report(f"{spec.name}: the picture differs from that of a run without kills")
        return None


class RetryingClient:
    """Requests that are sent again until they are answered, by whichever daemon there is by then."""

    def __init__(self, daemon: Daemon, ledger: Ledger, deadline: list[float]) -> None:
        self._daemon, self._ledger, self._deadline = daemon, ledger, deadline
        self._session: requests.Session | None = None

    def request(self, method: str, route: str, **more: object) -> requests.Response:
        """The response. Reports one that a daemon must not give."""
        while True:
            assert not self._deadline or time.monotonic() < self._deadline[0], f"{method} {route} has never been answered"
            try:
                if self._session is None:
                    self._session = self._daemon.client()
                response = self._session.request(method, self._session.url + route, timeout=60, **more)
                response.content  # noqa: B018  a body that breaks off is no response
            except (requests.RequestException, AssertionError):
                self._session = None
                time.sleep(0.1)
                continue
            with self._ledger.lock:
                self._ledger.responses += 1
            code = response.json()["error"]["code"] if response.status_code == 503 else ""
            if code in WAITS:
                time.sleep(0.2)
                continue
            if response.status_code >= 500 and code not in FAILED:
                self._ledger.report(f"{method} {route}: {response.status_code} {response.text[:300]}")
            return response


def form_of(spec: JobSpec) -> dict:
    """The form as `requests` takes it; none where the spec has none."""
    files = {name: (f"{name}.png", data, "image/png") for name, data in spec.files.items()}
    return {"data": spec.fields, "files": files} if files else {}


def run_job(spec: JobSpec, client: RetryingClient, ledger: Ledger, *, varied: bool = True) -> TrackedJob:
    """Have ``spec`` accepted, follow it to its end and fetch what it gives. ``varied``: request twice, cancel, wait in one call."""
    tracked = TrackedJob(spec, uuid.uuid4().hex)
    with ledger.lock:
        chance = ledger.rng.random() if varied else 1.0
    headers = {"Idempotency-Key": tracked.key}
    if chance < 0.15 and spec.kind == FAST:
        response = client.request("POST", "/v1/stylize", headers=headers, **form_of(spec))
        tracked.id = response.headers.get("X-Job-Id", "")
        if response.ok:
            ledger.painted(spec, response.content)
    if not tracked.id:
        response = client.request("POST", spec.route, headers=headers, **form_of(spec))
        if response.status_code != 202:
            ledger.report(f"{spec.name} was not accepted: {response.status_code} {response.text[:300]}")
            return tracked
        tracked.id = response.json()["id"]
    with ledger.lock:
        ledger.tracked_jobs.append(tracked)
    if 0.15 < chance < 0.35:
        ledger.repeated += 1
        again = client.request("POST", spec.route, headers=headers, **form_of(spec)).json().get("id")
        if again != tracked.id:
            ledger.report(f"{spec.name}: the same key gave two jobs, {tracked.id} and {again}")
    if 0.35 < chance < 0.42:
        tracked.cancelled = client.request("POST", f"/v1/jobs/{tracked.id}/cancel").json().get("state") == "cancelled"
    follow(tracked, client, ledger)
    return tracked


def follow(tracked: TrackedJob, client: RetryingClient, ledger: Ledger) -> None:
    """Look at the job until it has ended, noting how much work each kill has cost; then fetch its picture."""
    run: list[tuple[float, int]] = []
    seen = 0
    while tracked.state not in ENDED:
        response = client.request("GET", f"/v1/jobs/{tracked.id}")
        if response.status_code != 200:
            return ledger.report(f"{tracked.spec.name}: an accepted job is not known any more: {response.text[:300]}")
        job, now = response.json(), time.monotonic()
        tracked.state, tracked.error, tracked.notes = job["state"], job["error"], job["notes"]
        if job["preview"] > seen:
            seen = job["preview"]
            check_preview(tracked, client, ledger)
        if job["step"] and (not run or job["step"] != run[-1][1]):  # while a worker hangs, no work is done
            if run and job["step"] < run[-1][1]:
                note_loss(run, job, ledger)
                run = []
            run.append((now, job["step"]))
        time.sleep(POLL_S)
    if tracked.state == "done" and tracked.spec.paints:
        response = client.request("GET", f"/v1/jobs/{tracked.id}/result")
        if not response.ok:
            return ledger.report(f"{tracked.spec.name}: done, but without a result: {response.text[:300]}")
        tracked.result = response.content
        ledger.painted(tracked.spec, response.content)
    return None


def check_preview(tracked: TrackedJob, client: RetryingClient, ledger: Ledger) -> None:
    """A preview that is there is a whole one."""
    response = client.request("GET", f"/v1/jobs/{tracked.id}/preview")
    try:
        if response.ok:
            images.decode(response.content)
    except Exception as error:
        ledger.report(f"{tracked.spec.name}: half a preview: {error}")


def note_loss(run: list[tuple[float, int]], job: dict, ledger: Ledger) -> None:
    """How many seconds of ``run``, which a kill has ended, have to be done again."""
    resumed = [int(step) for note in job["notes"] for step in re.findall(r"^Gone on from step (\d+)", note)]
    began = max((step for step in resumed if step <= job["step"]), default=0)
    kept = [moment for moment, step in run if step <= began] or [run[0][0]]
    with ledger.lock:
        ended = [kill for kill in ledger.kills if kill >= run[-1][0] - 2 * POLL_S]
        ledger.lost.append(max(0.0, (ended[0] if ended else run[-1][0]) - kept[-1]))


def work(daemon: Daemon, ledger: Ledger, specs: list[JobSpec], stopping: threading.Event, deadline: list[float]) -> None:
    """One client: one spec after the other until ``stopping``, and a style picture of its own now and then."""
    client = RetryingClient(daemon, ledger, deadline)
    try:
        while not stopping.is_set():
            with ledger.lock:
                spec, adds = choose(specs, ledger.rng), ledger.rng.random() < 0.2
            run_job(spec, client, ledger)
            if adds:
                add_style(client, ledger)
    except Exception as error:
        ledger.report(f"a client gave up: {error!r}")


def add_style(client: RetryingClient, ledger: Ledger) -> None:
    """Keep a picture as a style; once that is answered, it has to be there for ever."""
    name = f"Own {uuid.uuid4().hex[:8]}"
    response = client.request("POST", "/v1/styles", data={"name": name}, files={"picture": ("p.png", picture(3, 64), "image/png")})
    if response.status_code != 201:
        return ledger.report(f"a style was not accepted: {response.status_code} {response.text[:300]}")
    with ledger.lock:
        ledger.styles[response.json()["id"]] = name
    return None
