"""A daemon as `impasto serve` starts it, in a process of its own, with nothing set but its folders."""

from __future__ import annotations

import pytest

from .target import default_start


@pytest.fixture(scope="session")
def target(tmp_path_factory):
    """The daemon that every test of this folder attacks; it has to outlive them all."""
    with default_start(tmp_path_factory.mktemp("target")) as started:
        yield started


@pytest.fixture(autouse=True)
def still_there(target):
    """Whatever was done to it, the daemon answers afterwards."""
    yield
    with target.client(token="") as session:
        assert session.get("/health", timeout=10).status_code == 200
