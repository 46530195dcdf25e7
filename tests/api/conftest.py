"""A real daemon's parts in this process: waitress on a free port, the real job manager, a scripted worker."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
from impasto.api import httpd, security
from impasto.api.app import create_app
from impasto.jobs import JobManager
from impasto.models import Catalogue, ModelStore, StyleLibrary
from impasto.paths import Paths
from impasto.settings import Settings

from . import pictures

TOKEN = "a-token-for-tests"
INSTANCE = "0123456789abcdef"
SECRET = "known-to-the-runtime-file-alone"
WORK = "api.script:table"

SLOW = {"iterations": 500, "step_size": 0.02}
"""Form fields of a job that lasts long enough to be looked at."""


class Client(requests.Session):
    """A client that sends the token (unless told not to) and no proxy's idea of this machine."""

    def __init__(self, url: str, token: str = TOKEN) -> None:
        super().__init__()
        self.trust_env = False
        self.url = url
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def request(self, method, path, **more):
        more.setdefault("timeout", 60)
        return super().request(method, self.url + path, **more)

    def submit(self, **fields) -> dict:
        """A small job in the queue; ``fields`` are form fields."""
        answer = self.post(
            "/v1/jobs", files=stylize_files(), data={"style": "great-wave", "iterations": 3, "step_size": 0.01, **fields}
        )
        assert answer.status_code == 202, answer.text
        return answer.json()

    def until(self, job: dict, *states: str, within: float = 30) -> dict:
        """The job as soon as it is in one of ``states``."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            job = self.get(job["links"]["self"], params={"since": job["version"], "timeout": 1}).json()
            if job["state"] in states:
                return job
        raise AssertionError(f"still {job['state']} after {within} s")


def stylize_files(content: bytes | None = None) -> dict:
    return {"content": ("photo.png", content or pictures.png(), "image/png")}


def code(answer) -> tuple[int, str]:
    """Status and error code."""
    return answer.status_code, answer.json()["error"]["code"]


def refused(answer, status: int, code: str, field: str | None = None) -> dict:
    """The error of ``answer``, which must have the one shape and no traceback or path in it."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert error["code"] == code, error
    assert error["message"].endswith((".", "?"))
    assert not any(word in answer.text for word in ("Traceback", 'File \\"', ".py", "site-packages"))
    if field is not None:
        assert error.get("field") == field, error
    return error


@dataclass
class Daemon:
    """What a test may want to look into."""

    url: str
    port: int
    manager: JobManager
    app: object
    settings: Settings

    def client(self, token: str = TOKEN) -> Client:
        return Client(self.url, token)


def start(folder: Path, work: str = WORK, **settings) -> tuple[Daemon, object]:
    """A daemon on a free port, and the function that stops it."""
    configured = Settings(**{"token": TOKEN, "data_dir": str(folder), "max_upload_mb": 4, **settings})
    paths = Paths.of(configured)
    listener = httpd.listen(configured)
    port = listener.getsockname()[1]
    configured = replace(configured, port=port)
    manager = JobManager(configured, paths, work=work)
    manager.start()
    stopping = threading.Event()
    app = create_app(
        configured,
        paths,
        manager,
        ModelStore(Catalogue.load(), paths, configured),
        StyleLibrary(paths, configured),
        TOKEN,
        INSTANCE,
        secret=SECRET,
        stopping=stopping,
    )
    server = httpd.make_server(app, listener, configured, security.refusal(app))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def stop() -> None:
        stopping.set()
        manager.stop()
        server.task_dispatcher.shutdown(timeout=5)
        server._map.clear()
        server.close()

    return Daemon(f"http://127.0.0.1:{port}", port, manager, app, configured), stop


@pytest.fixture(scope="session", autouse=True)
def workers_find_the_script():
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[1]), before]))
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """One daemon for all tests of a module; each test submits its own jobs."""
    running, stop = start(tmp_path_factory.mktemp("daemon"))
    yield running
    stop()


@pytest.fixture
def client(daemon):
    with daemon.client() as session:
        yield session


@pytest.fixture
def stranger(daemon):
    """A client without the token."""
    with daemon.client(token="") as session:
        yield session


@pytest.fixture
def make_daemon(tmp_path):
    """Starts daemons with settings of one's own."""
    stops = []

    def make(**settings) -> Daemon:
        running, stop = start(tmp_path / f"daemon-{len(stops)}", **settings)
        stops.append(stop)
        return running

    yield make
    for stop in stops:
        stop()
