"""A job's events: all of them, in order, until its end."""

from __future__ import annotations

import json
import threading

import pytest
from impasto.api.events import event_stream
from impasto.jobs import Job

from . import script
from .conftest import SLOW
from .raw import poll

pytestmark = pytest.mark.slow


def read_events(answer) -> list[dict]:
    """The events of a whole stream, as a browser would see them; comments under the name ``comment``."""
    found, event = [], {}
    for line in answer.iter_lines(decode_unicode=True):
        if not line:
            if event:
                found.append(event)
            event = {}
        elif line.startswith(":"):
            found.append({"event": "comment"})
        else:
            field, _, value = line.partition(": ")
            event[field] = value
    return [e for e in found if "event" in e]


@pytest.mark.slow
def test_events_tell_everything_and_end_with_the_job(client):
    job = client.submit(iterations=8, step_size=0.1)
    with client.get(job["links"]["events"], stream=True) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        events = read_events(answer)
    names = [event["event"] for event in events]
    assert names[-1] == "done" and set(names) == {"progress", "preview", "done"}
    versions = [int(event["id"]) for event in events if "id" in event]
    assert versions == sorted(set(versions))
    states = [json.loads(event["data"]) for event in events if event["event"] != "preview"]
    assert [state["version"] for state in states] == versions
    assert states[-1]["state"] == "done" and states[-1]["links"] == job["links"]
    previews = [json.loads(event["data"]) for event in events if event["event"] == "preview"]
    assert previews[-1]["url"] == job["links"]["preview"]
    assert [p["preview"] for p in previews] == sorted({p["preview"] for p in previews})


@pytest.mark.slow
def test_events_go_on_where_a_client_was_cut_off(client):
    job = client.submit(iterations=30, step_size=0.1)
    seen = 0
    with client.get(job["links"]["events"], stream=True) as answer:
        for line in answer.iter_lines(decode_unicode=True):
            if line.startswith("id: "):
                seen = int(line[4:])
                if seen >= 4:
                    break
    with client.get(job["links"]["events"], stream=True, headers={"Last-Event-ID": str(seen)}) as answer:
        events = read_events(answer)
    assert min(int(event["id"]) for event in events if "id" in event) > seen
    assert events[-1]["event"] == "done"
    last = events[-1]["id"]
    assert client.get(job["links"]["events"], headers={"Last-Event-ID": last}).status_code == 204
    with client.get(job["links"]["events"], stream=True, headers={"Last-Event-ID": "nonsense"}) as answer:
        assert [event["event"] for event in read_events(answer)] == ["done"]


def test_a_preview_that_was_made_while_a_client_was_cut_off_is_told_of():
    job = Job("0123456789abcdef", "stylize", "running", preview=2, version=5)
    stream = list(event_stream(None, job, 3, stop=lambda: True, left=lambda: False))
    assert [line for line in stream if line.startswith("event: preview") and '"preview": 2' in line]
    assert not [line for line in event_stream(None, job, 5, stop=lambda: True, left=lambda: False) if "event: preview" in line]


@pytest.mark.parametrize(("seed", "name"), [(script.FAILS, "failed"), (0, "cancelled")])
def test_events_tell_of_other_ends(client, seed, name):
    job = client.submit(**SLOW, seed=seed)
    if name == "cancelled":
        threading.Timer(0.5, client.post, (job["links"]["cancel"],)).start()
    with client.get(job["links"]["events"], stream=True) as answer:
        last = read_events(answer)[-1]
    assert last["event"] == name
    assert json.loads(last["data"])["state"] == name


@pytest.mark.slow
def test_a_silent_stream_shows_that_it_lives(client, monkeypatch):
    monkeypatch.setattr("impasto.api.events.HEARTBEAT_S", 0.1)
    first = client.until(client.submit(**SLOW), "running")
    waiting = client.submit()
    with client.get(waiting["links"]["events"], stream=True) as answer:
        assert any(line.startswith(":") for line in answer.iter_lines(decode_unicode=True))
    client.post(waiting["links"]["cancel"])
    client.post(first["links"]["cancel"])


def test_a_stream_whose_job_is_removed_ends(client):
    first = client.until(client.submit(**SLOW), "running")
    waiting = client.submit()
    with client.get(waiting["links"]["events"], stream=True) as answer:
        lines = answer.iter_lines(decode_unicode=True)
        poll(lambda: next(lines).startswith("event"))
        client.post(waiting["links"]["cancel"])
        client.delete(waiting["links"]["self"])
        assert list(lines) is not None
    client.post(first["links"]["cancel"])


def test_head_of_events_does_not_wait(client):
    job = client.until(client.submit(**SLOW), "running")
    answer = client.head(job["links"]["events"], timeout=5)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    client.post(job["links"]["cancel"])
