"""64 clients at once, in the short form; `python -m attacks.load` runs for five minutes."""

from __future__ import annotations

import os

from api.raw import poll
from impasto.settings import Settings

from .load import CLIENTS, run
from .test_slow_clients import handles

DURATION_S = float(os.environ.get("LOAD_SECONDS", "15"))
MAX_EXTRA_MEMORY = 80e6
"""Bytes that the daemon's memory may grow by from the second quarter of the time to the last."""


def test_many_clients_at_once(target):
    report = run(target, CLIENTS, DURATION_S)
    figures = report.figures()
    assert not report.tally.wrong, figures
    assert report.tally.jobs["accepted"] == sum(report.tally.jobs[state] for state in ("done", "cancelled")), figures
    early, late = report.settled("memory")
    assert late < early + MAX_EXTRA_MEMORY, figures
    assert figures["threads"]["most"] <= Settings().threads + 20, figures
    assert figures["handles"]["most"] <= figures["handles"]["before"] + 4 * CLIENTS, figures
    poll(lambda: handles(target) <= report.before.handles + 20, within=20)
    with target.client() as client:
        assert not [job for job in client.get("/v1/jobs?limit=500").json()["jobs"] if job["state"] in ("queued", "running")]
