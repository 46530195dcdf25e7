"""All that waits or runs, over HTTP."""

from __future__ import annotations

import pytest

from .conftest import SLOW, code, stylize_files

pytestmark = pytest.mark.slow


def ids(jobs):
    return [job["id"] for job in jobs]


def reaches(client, job, phase):
    """Wait until ``job`` is in ``phase``."""
    for _ in range(60):
        if job["phase"] == phase:
            return
        job = client.get(job["links"]["self"], params={"since": job["version"], "timeout": 1}).json()
    raise AssertionError(f"still {job['phase']}")


def test_what_runs_and_waits_is_listed_in_order_and_cancelled_at_once(make_daemon):
    client = make_daemon().client()
    assert client.get("/v1/queue").json()["jobs"] == []
    first = client.until(client.submit(**SLOW), "running")
    others = [client.submit(**SLOW) for _ in range(2)]
    assert ids(client.get("/v1/queue").json()["jobs"]) == ids([first, *others])
    cancelled = client.post("/v1/queue/cancel").json()["jobs"]
    assert ids(cancelled) == ids([first, *others]) and {job["state"] for job in cancelled} == {"cancelled"}
    assert client.get("/v1/queue").json()["jobs"] == [] and client.post("/v1/queue/cancel", json={}).json() == {"jobs": []}


def test_a_form_on_a_web_page_cannot_touch_them(client):
    for action in ("cancel", "pause", "resume"):
        assert code(client.post(f"/v1/queue/{action}", data={"a": "b"})) == (415, "unsupported_media_type")


def test_long_work_is_paused_and_goes_on(make_daemon):
    client = make_daemon().client()
    first, second = client.until(client.submit(**SLOW), "running"), client.submit(**SLOW)
    queue = client.post("/v1/queue/pause").json()
    assert queue["paused"] and ids(queue["jobs"]) == ids([first, second])
    first = client.get(first["links"]["self"]).json()
    reaches(client, first, "paused")
    assert client.get(second["links"]["self"]).json()["phase"] == "paused"
    quick = client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave"})
    assert quick.status_code == 200
    assert not client.post("/v1/queue/resume", json={}).json()["paused"]
    reaches(client, client.get(first["links"]["self"]).json(), "painting")
    client.post("/v1/queue/cancel")


def test_a_waiting_job_is_moved(make_daemon):
    client = make_daemon().client()
    first = client.until(client.submit(**SLOW), "running")
    second, third = client.submit(**SLOW), client.submit(**SLOW)
    assert client.post(third["links"]["move"]).json()["position"] == 1
    assert ids(client.get("/v1/queue").json()["jobs"]) == ids([first, third, second])
    assert client.post(third["links"]["move"], params={"position": 2}).json()["position"] == 2
    assert code(client.post(first["links"]["move"])) == (409, "conflict")
    assert code(client.post(f"/v1/jobs/{'0' * 16}/move")) == (404, "unknown_job")
    for query in ({"position": 0}, {"position": "first"}, {"position": 1.5}, {"place": 1}):
        assert client.post(second["links"]["move"], params=query).status_code == 400
    client.post("/v1/queue/cancel")
