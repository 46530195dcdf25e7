from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from impasto.jobs import JobManager
from impasto.paths import Paths
from impasto.settings import Settings


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    # The worker is another process and must find `scripted`.
    folders = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=str(tmp_path / "dätä"), keep_alive_s=60)


@pytest.fixture
def start(settings):
    """Start a manager, on the same folder each time; all are stopped in the end."""
    started = []

    def start(work="scripted:table", **changes):
        changed = replace(settings, **changes)
        manager = JobManager(changed, Paths.of(changed), work=work)
        manager.start()
        started.append(manager)
        return manager

    yield start
    for manager in started:
        manager.stop()


@pytest.fixture
def manager(start):
    return start()
