"""All that waits or runs, over HTTP."""

from __future__ import annotations

from .conftest import SLOW, code


def ids(jobs):
    return [job["id"] for job in jobs]


def test_what_runs_and_waits_is_listed_in_order_and_cancelled_at_once(make_daemon):
    client = make_daemon().client()
    assert client.get("/v1/queue").json()["jobs"] == []
    first = client.until(client.submit(**SLOW), "running")
    others = [client.submit(**SLOW) for _ in range(2)]
    assert ids(client.get("/v1/queue").json()["jobs"]) == ids([first, *others])
    cancelled = client.post("/v1/queue/cancel").json()["jobs"]
    assert ids(cancelled) == ids([first, *others]) and {job["state"] for job in cancelled} == {"cancelled"}
    assert client.get("/v1/queue").json()["jobs"] == [] and client.post("/v1/queue/cancel", json={}).json() == {"jobs": []}


def test_a_form_on_a_web_page_cannot_cancel_them(client):
    assert code(client.post("/v1/queue/cancel", data={"a": "b"})) == (415, "unsupported_media_type")
