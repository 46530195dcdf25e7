"""The kill loop in its short form: the same code, fewer kills. Three kinds of jobs need the real vgg16."""

from __future__ import annotations

import os

import pytest

from .kill_loop import run

KILLS = int(os.environ.get("KILLS", "10"))


@pytest.mark.timeout(1200)
def test_no_job_is_lost_whatever_is_killed(tmp_path, weights_dir):
    figures = run(tmp_path, KILLS, seed=2, weights=weights_dir)
    assert not figures.violations, "\n".join(figures.violations)
    assert sum(figures.kills.values()) == KILLS and figures.accepted and set(figures.jobs) <= {"done", "failed", "cancelled"}
    assert figures.work_lost_s <= 30
