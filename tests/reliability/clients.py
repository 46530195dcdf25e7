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
from .orders import FAST, Order, drawn, picture

ENDED = ("done", "failed", "cancelled")

POLL_S = 0.3
GIVE_UP_S = 900
"""So long after the last kill, everything that was accepted must have ended."""

WAITS = {"queue_full", "busy"}
"""Errors after which a client tries again: the queue is full, or the daemon is just ending."""

FAILED = {"worker_died", "worker_hung"}
"""Errors of a job whose workers were killed, as `POST /v1/stylize` answers them."""


@dataclass
class Promise:
    """A job that the daemon has accepted, and what became of it."""

    order: Order
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
        self.dice = random.Random(seed)
        self.promises: list[Promise] = []
        self.styles: dict[str, str] = {}
        self.pictures: dict[str, bytes] = {}
        self.kills: list[float] = []
        self.lost: list[float] = []
        self.repeated = self.answers = 0
        self.wrong: list[str] = []

    def complain(self, text: str) -> None:
        """Something is not as it has to be."""
        with self.lock:
            self.wrong.append(text)

    def painted(self, order: Order, data: bytes) -> None:
        """A picture has come: whole, and the same as every other of its name."""
        try:
            images.decode(data)
        except Exception as error:
            return self.complain(f"{order.name}: the result is no whole picture: {error}")
        with self.lock:
            known = self.pictures.setdefault(order.name, data)
        if known != data:
            self.complain(f"{order.name}: the picture differs from that of a run without kills")
        return None


class Insistent:
    """Requests that are sent again until they are answered, by whichever daemon there is by then."""

    def __init__(self, daemon: Daemon, ledger: Ledger, deadline: list[float]) -> None:
        self._daemon, self._ledger, self._deadline = daemon, ledger, deadline
        self._session: requests.Session | None = None

    def ask(self, method: str, route: str, **more: object) -> requests.Response:
        """The answer. Complains about one that a daemon must not give."""
        while True:
            assert not self._deadline or time.monotonic() < self._deadline[0], f"{method} {route} has never been answered"
            try:
                if self._session is None:
                    self._session = self._daemon.client()
                answer = self._session.request(method, self._session.url + route, timeout=60, **more)
                answer.content  # noqa: B018  a body that breaks off is no answer
            except (requests.RequestException, AssertionError):
                self._session = None
                time.sleep(0.1)
                continue
            with self._ledger.lock:
                self._ledger.answers += 1
            code = answer.json()["error"]["code"] if answer.status_code == 503 else ""
            if code in WAITS:
                time.sleep(0.2)
                continue
            if answer.status_code >= 500 and code not in FAILED:
                self._ledger.complain(f"{method} {route}: {answer.status_code} {answer.text[:300]}")
            return answer


def parts(order: Order) -> dict:
    """The form as `requests` takes it; none where the order has none."""
    files = {name: (f"{name}.png", data, "image/png") for name, data in order.files.items()}
    return {"data": order.fields, "files": files} if files else {}


def fulfil(order: Order, client: Insistent, ledger: Ledger, *, whimsical: bool = True) -> Promise:
    """Have ``order`` accepted, follow it to its end and fetch what it gives. ``whimsical``: ask twice, cancel, wait in one call."""
    promise = Promise(order, uuid.uuid4().hex)
    with ledger.lock:
        whim = ledger.dice.random() if whimsical else 1.0
    headers = {"Idempotency-Key": promise.key}
    if whim < 0.15 and order.kind == FAST:
        answer = client.ask("POST", "/v1/stylize", headers=headers, **parts(order))
        promise.id = answer.headers.get("X-Job-Id", "")
        if answer.ok:
            ledger.painted(order, answer.content)
    if not promise.id:
        answer = client.ask("POST", order.route, headers=headers, **parts(order))
        if answer.status_code != 202:
            ledger.complain(f"{order.name} was not accepted: {answer.status_code} {answer.text[:300]}")
            return promise
        promise.id = answer.json()["id"]
    with ledger.lock:
        ledger.promises.append(promise)
    if 0.15 < whim < 0.35:
        ledger.repeated += 1
        again = client.ask("POST", order.route, headers=headers, **parts(order)).json().get("id")
        if again != promise.id:
            ledger.complain(f"{order.name}: the same key gave two jobs, {promise.id} and {again}")
    if 0.35 < whim < 0.42:
        promise.cancelled = client.ask("POST", f"/v1/jobs/{promise.id}/cancel").json().get("state") == "cancelled"
    follow(promise, client, ledger)
    return promise


def follow(promise: Promise, client: Insistent, ledger: Ledger) -> None:
    """Look at the job until it has ended, noting how much work each kill has cost; then fetch its picture."""
    run: list[tuple[float, int]] = []
    seen = 0
    while promise.state not in ENDED:
        answer = client.ask("GET", f"/v1/jobs/{promise.id}")
        if answer.status_code != 200:
            return ledger.complain(f"{promise.order.name}: an accepted job is not known any more: {answer.text[:300]}")
        job, now = answer.json(), time.monotonic()
        promise.state, promise.error, promise.notes = job["state"], job["error"], job["notes"]
        if job["preview"] > seen:
            seen = job["preview"]
            check_preview(promise, client, ledger)
        if job["step"] and (not run or job["step"] != run[-1][1]):  # while a worker hangs, no work is done
            if run and job["step"] < run[-1][1]:
                note_loss(run, job, ledger)
                run = []
            run.append((now, job["step"]))
        time.sleep(POLL_S)
    if promise.state == "done" and promise.order.paints:
        answer = client.ask("GET", f"/v1/jobs/{promise.id}/result")
        if not answer.ok:
            return ledger.complain(f"{promise.order.name}: done, but without a result: {answer.text[:300]}")
        promise.result = answer.content
        ledger.painted(promise.order, answer.content)
    return None


def check_preview(promise: Promise, client: Insistent, ledger: Ledger) -> None:
    """A preview that is there is a whole one."""
    answer = client.ask("GET", f"/v1/jobs/{promise.id}/preview")
    try:
        if answer.ok:
            images.decode(answer.content)
    except Exception as error:
        ledger.complain(f"{promise.order.name}: half a preview: {error}")


def note_loss(run: list[tuple[float, int]], job: dict, ledger: Ledger) -> None:
    """How many seconds of ``run``, which a kill has ended, have to be done again."""
    resumed = [int(step) for note in job["notes"] for step in re.findall(r"^Gone on from step (\d+)", note)]
    began = max((step for step in resumed if step <= job["step"]), default=0)
    kept = [moment for moment, step in run if step <= began] or [run[0][0]]
    with ledger.lock:
        ended = [kill for kill in ledger.kills if kill >= run[-1][0] - 2 * POLL_S]
        ledger.lost.append(max(0.0, (ended[0] if ended else run[-1][0]) - kept[-1]))


def work(daemon: Daemon, ledger: Ledger, orders: list[Order], stopping: threading.Event, deadline: list[float]) -> None:
    """One client: one order after the other until ``stopping``, and a style picture of its own now and then."""
    client = Insistent(daemon, ledger, deadline)
    try:
        while not stopping.is_set():
            with ledger.lock:
                order, adds = drawn(orders, ledger.dice), ledger.dice.random() < 0.2
            fulfil(order, client, ledger)
            if adds:
                add_style(client, ledger)
    except Exception as error:
        ledger.complain(f"a client gave up: {error!r}")


def add_style(client: Insistent, ledger: Ledger) -> None:
    """Keep a picture as a style; once that is answered, it has to be there for ever."""
    name = f"Own {uuid.uuid4().hex[:8]}"
    answer = client.ask("POST", "/v1/styles", data={"name": name}, files={"picture": ("p.png", picture(3, 64), "image/png")})
    if answer.status_code != 201:
        return ledger.complain(f"a style was not accepted: {answer.status_code} {answer.text[:300]}")
    with ledger.lock:
        ledger.styles[answer.json()["id"]] = name
    return None
