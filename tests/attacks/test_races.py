"""Many hands on the same few jobs and styles at once: whatever the order, every answer is a sound one and nothing is done twice."""

from __future__ import annotations

import random
import threading
import time

import pytest
from api import pictures

DURATION_S = 6.0
HANDS = 12
PHOTO = pictures.png(48, 32)


def together(count: int, work) -> list:
    """What ``work(number)`` answers in ``count`` threads that begin at the same moment."""
    answers, failures, ready = [None] * count, [], threading.Barrier(count)

    def hand(number: int) -> None:
        try:
            ready.wait()
            answers[number] = work(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=hand, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answers


def form(**data: str) -> dict:
    return {"files": {"content": ("a.png", PHOTO)}, "data": {"style": "great-wave", "method": "fast", **data}}


TO_A_JOB = [
    ("GET", ""),
    ("GET", "/preview"),
    ("GET", "/result"),
    ("GET", "/thumbnail"),
    ("GET", "?since=0&timeout=0.1"),
    ("POST", "/cancel"),
    ("POST", "/finish"),
    ("DELETE", ""),
]

DEEDS = [
    ("POST", "/v1/jobs", form()),
    ("POST", "/v1/jobs", form(keep_colours="match")),
    ("POST", "/v1/jobs", form(style="race")),
    ("GET", "/v1/jobs", {}),
    ("POST", "/v1/unload", {}),
    ("GET", "/v1/device", {}),
    ("GET", "/v1/diagnostics", {}),
    ("POST", "/v1/styles", {"files": {"picture": ("a.png", PHOTO)}, "data": {"name": "Race"}}),
    ("DELETE", "/v1/styles/race", {}),
    ("GET", "/v1/styles/race/picture", {}),
    ("GET", "/v1/styles/race/thumbnail", {}),
    ("GET", "/v1/styles", {}),
]


def test_everything_at_once_with_the_same_jobs_and_styles(target):
    jobs: list[str] = []
    seen: set[int] = set()

    def work(number: int) -> None:
        chance, end = random.Random(number), time.monotonic() + DURATION_S
        with target.client() as client:
            while time.monotonic() < end:
                job = chance.choice(jobs[-4:]) if jobs else "0123456789abcdef"
                method, path, more = chance.choice([*DEEDS, *((verb, f"/v1/jobs/{job}{rest}", {}) for verb, rest in TO_A_JOB)])
                answer = client.request(method, path, **more)
                target.check(answer.status_code, answer.headers, answer.content)
                seen.add(answer.status_code)
                if answer.status_code == 202:
                    jobs.append(answer.json()["id"])

    together(HANDS, work)
    assert {200, 202, 404, 409} <= seen
    with target.client() as client:
        for job in client.get("/v1/jobs?limit=500").json()["jobs"]:
            client.post(job["links"]["cancel"])
        for style in client.get("/v1/styles").json()["styles"]:
            if style["own"]:
                assert client.delete(style["links"]["self"]).status_code == 204


def test_the_same_key_at_once_is_one_job(target):
    with target.client() as client:
        answers = together(HANDS, lambda number: client.post("/v1/jobs", headers={"Idempotency-Key": "at-once"}, **form()))
        assert {answer.status_code for answer in answers} <= {200, 202}
        jobs = {answer.json()["id"] for answer in answers}
        assert len(jobs) == 1
        assert client.post("/v1/jobs", headers={"Idempotency-Key": "at-once"}, **form(strength="0.9")).status_code == 409
        client.post(f"/v1/jobs/{jobs.pop()}/cancel")


@pytest.mark.parametrize("action", ["cancel", "finish"])
def test_a_job_that_is_stopped_by_many_stops_once(target, action):
    with target.client() as client:
        job = client.post("/v1/jobs", **form()).json()
        statuses = {answer.status_code for answer in together(HANDS, lambda number: client.post(job["links"][action]))}
        assert statuses <= {200, 409}
        client.post(job["links"]["cancel"])
        removed = [answer.status_code for answer in together(HANDS, lambda number: client.delete(job["links"]["self"]))]
        assert removed.count(204) == 1 and set(removed) <= {204, 404}


def test_one_ticket_signs_in_one_of_many(target):
    with target.client() as client:
        ticket = {"Authorization": f"Ticket {client.post('/session/ticket').json()['ticket']}"}

    def sign_in(number: int) -> int:
        with target.client(token="") as nobody:
            return nobody.post("/session", headers=ticket).status_code

    assert sorted(together(HANDS, sign_in)) == [204, *[401] * (HANDS - 1)]


def test_a_flood_of_requests_on_one_connection(target):
    """Answered one after another, with the memory of a few."""
    import socket

    one = f"GET /v1/styles HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nAuthorization: Bearer {target.token}\r\n\r\n".encode()
    before = target.process.memory_info().rss
    with socket.create_connection(("127.0.0.1", target.port), timeout=20) as connection:
        connection.sendall(one * 300)
        received = 0
        while received < 300 * 2000:
            part = connection.recv(65536)
            assert part
            received += len(part)
    assert target.process.memory_info().rss < before + 60e6
