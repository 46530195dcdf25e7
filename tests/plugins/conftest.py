"""The plug-ins' own code is found as an editor finds it: in its folder. And what the tests of several editors start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import requests
from api.conftest import TOKEN, start
from impasto.jobs.executor import WORK

from . import gimp_chroot

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
sys.path.insert(0, str(PLUGINS / "client"))


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    """A daemon with the real fast styles."""
    running, stop = start(tmp_path_factory.mktemp("painter"), work=WORK, max_upload_mb=512)
    yield running
    stop()


def versions() -> list[str]:
    named = os.environ.get("TEST_GIMP", "")
    if named:
        return [version for version in named.split(",") if version in gimp_chroot.SUITES]
    return list(gimp_chroot.SUITES)


def asked_for(version: str) -> bool:
    """Whether a chroot may be built for it: for one GIMP always, for another where somebody wants to wait for it."""
    return version == "3.0" or version in os.environ.get("TEST_GIMP", "") or (gimp_chroot.folder() / f"gimp-{version}").exists()


@pytest.fixture(scope="module", params=versions() or ["none"])
def gimp(request) -> Path:
    """The chroot."""
    if request.param == "none":
        pytest.skip("TEST_GIMP says that no GIMP is to be tried")
    if not asked_for(request.param):
        pytest.skip(f"GIMP {request.param} is tried where its chroot is already there, or with TEST_GIMP=3.0,3.2: it takes minutes")
    try:
        return gimp_chroot.provide(request.param)
    except gimp_chroot.Unavailable as error:
        pytest.skip(f"no GIMP {request.param} here: {error}")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:  # the worker is another process and must find `api.script`
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PLUGINS.parent / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]))
        made, stop = start(tmp_path_factory.mktemp("daemon"))
        yield made
        stop()


@pytest.fixture
def send(daemon):
    def send(request, token=TOKEN):
        headers = {**request.headers, "Authorization": f"Bearer {token}"}
        answer = requests.request(
            request.method, daemon.url + request.path, headers=headers, data=request.body, timeout=request.timeout
        )
        return answer.status_code, answer.content

    return send
