"""What goes wrong around a default start: disks, folders, files, a second daemon. Nothing accepted is lost, nothing inside told."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from impasto.errors import all_errors

from .clients import form_of
from .daemon import Daemon
from .job_specs import FAST, ITERATIVE, all_specs, picture

CODES = {kind.code for kind in all_errors()}
FAST_JOB = next(spec for spec in all_specs(weights=False) if spec.kind == FAST)
ITERATIVE_JOB = next(spec for spec in all_specs(weights=True) if spec.kind == ITERATIVE)
READ = ("/v1/jobs", "/v1/styles", "/v1/models", "/v1/device", "/v1/diagnostics", "/v1/parameters", "/health", "/")


def submit(daemon, spec=FAST_JOB, **headers):
    client = daemon.client()
    return checked(daemon, client.post(client.url + spec.route, headers=headers, **form_of(spec)))


def checked(daemon, response, *also):
    """A response in the one shape, that names no folder; 507 is the one failure of the daemon's own that a disk may cause."""
    assert response.status_code < 500 or response.status_code == 507, response.text
    if response.status_code >= 400:
        error = response.json()["error"]
        assert error["code"] in CODES and error["message"].endswith(".") and set(error) <= {"code", "message", "hint", "field"}
    for secret in (str(daemon.folder), str(daemon.data), "Traceback", *also):
        assert secret not in response.text
    return response


def accepted(daemon, spec=FAST_JOB, **headers):
    response = submit(daemon, spec, **headers)
    assert response.status_code == 202, response.text
    return response.json()["id"]


def ended(daemon, id, seconds=120):
    client, deadline = daemon.client(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        job = checked(daemon, client.get(f"{client.url}/v1/jobs/{id}")).json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.2)
    raise AssertionError(f"still {job['state']}")


def result(daemon, id):
    client = daemon.client()
    return checked(daemon, client.get(f"{client.url}/v1/jobs/{id}/result")) if id else None


def refused_start(daemon, *arguments, hint=True, **environment):
    """What a start that cannot be says on standard error."""
    said = subprocess.run(
        [*daemon.wrapper, sys.executable, "-m", "impasto.cli", "serve", *arguments],
        timeout=60,
        env={**daemon.environment, **environment},
        capture_output=True,
        text=True,
    )
    assert said.returncode in (1, 2), said
    assert "error: " in said.stderr and ("\nhint: " in said.stderr or not hint) and "Traceback" not in said.stderr, said.stderr
    return said.stderr


# -- disks -----------------------------------------------------------------------------------------------------------------


def test_a_full_disk_refuses_what_is_new_and_shows_what_is_there(started, disk):
    daemon = started(data_dir=disk.folder / "data")
    done = accepted(daemon)
    assert ended(daemon, done)["state"] == "done"
    disk.fill()
    refused = submit(daemon)
    assert refused.status_code == 507 and refused.json()["error"]["code"] == "disk_full" and "Make room" in refused.text
    client = daemon.client()
    style = checked(daemon, client.post(client.url + "/v1/styles", data={"name": "Own"}, files={"picture": picture(1)}))
    assert style.status_code == 507
    for route in READ:
        assert checked(daemon, client.get(client.url + route)).status_code == 200
    assert result(daemon, done).status_code == 200
    assert client.delete(f"{client.url}/v1/jobs/{done}").status_code == 204  # which makes room
    disk.empty()
    assert ended(daemon, accepted(daemon))["state"] == "done"
    assert not list((disk.folder / "data").rglob("*.part")) and not list((disk.folder / "data").rglob(".new-*"))


def test_a_disk_that_fills_up_under_jobs_makes_them_wait(started, disk):
    daemon = started(data_dir=disk.folder / "data")
    jobs = [accepted(daemon) for _ in range(3)]
    disk.fill()
    time.sleep(10)
    disk.empty()
    assert [ended(daemon, id)["state"] for id in jobs] == ["done"] * 3


def test_a_kill_while_the_disk_is_full_loses_nothing(started, disk):
    daemon = started(data_dir=disk.folder / "data")
    jobs = [accepted(daemon) for _ in range(3)]
    disk.fill()
    daemon.kill(with_children=True)
    assert "Make room" in refused_start(daemon)
    disk.empty()
    daemon.start()
    assert [ended(daemon, id)["state"] for id in jobs] == ["done"] * 3


def test_a_disk_that_has_become_read_only(started, disk):
    daemon = started(data_dir=disk.folder / "data")
    done = accepted(daemon)
    assert ended(daemon, done)["state"] == "done"
    daemon.stop()
    disk.writable(False)
    said = refused_start(daemon)
    assert "or written" in said and "data_dir" in said
    disk.writable(True)
    daemon.start()
    assert result(daemon, done).status_code == 200


# -- folders ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["", "jobs", "styles", "logs", "jobs.sqlite3"])
def test_folders_that_are_taken_away_while_it_runs_are_made_again(started, taken):
    daemon = started()
    lost, client = accepted(daemon), daemon.client()
    assert ended(daemon, lost)["state"] == "done"
    target = daemon.data / taken
    shutil.rmtree(target, ignore_errors=True) if target.is_dir() else target.unlink(missing_ok=True)
    assert result(daemon, lost).status_code in (200, 410)
    assert ended(daemon, accepted(daemon))["state"] == "done"
    style = client.post(client.url + "/v1/styles", data={"name": "Own"}, files={"picture": picture(1)})
    assert style.status_code == 201
    for route in READ:
        assert checked(daemon, client.get(client.url + route)).status_code == 200


@pytest.mark.parametrize("name, mode", [("jobs", 0o500), ("", 0o500), ("", 0), ("styles", 0), ("jobs", 0)])
def test_folders_that_may_not_be_used_any_more(started, humble, name, mode):
    daemon = started(wrapper=humble)
    done, folder = accepted(daemon), daemon.data / name
    assert ended(daemon, done)["state"] == "done"
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    try:
        client, taken = daemon.client(), submit(daemon)
        for route in (*READ, f"/v1/jobs/{done}/result", f"/v1/jobs/{done}/preview"):
            checked(daemon, client.get(client.url + route))
        checked(daemon, client.post(client.url + "/v1/styles", data={"name": "Own"}, files={"picture": picture(1)}))
    finally:
        folder.chmod(0o700)
    assert taken.status_code in (202, 507)
    if taken.status_code == 202:
        assert ended(daemon, taken.json()["id"])["state"] == "done"
    assert ended(daemon, accepted(daemon))["state"] == "done" and result(daemon, done).status_code == 200


def test_folders_that_may_not_be_written_at_the_start(tmp_path, humble):
    (tmp_path / "closed").mkdir(mode=0o500)
    daemon = Daemon(tmp_path, wrapper=humble)
    assert "data_dir" in refused_start(daemon, IMPASTO_DATA_DIR=str(tmp_path / "closed" / "data"))
    assert "IMPASTO_RUNTIME_DIR" in refused_start(daemon, IMPASTO_RUNTIME_DIR=str(tmp_path / "closed" / "run"))


@pytest.mark.parametrize("text", [b"port: [1", b"\xff\xfe\x00", b"prot: 1\n", b"port: many\n", b"- a list\n"])
def test_a_damaged_configuration_is_named(tmp_path, text):
    (tmp_path / "config.yaml").write_bytes(text)
    said = refused_start(Daemon(tmp_path), IMPASTO_CONFIG=str(tmp_path / "config.yaml"), hint=False)
    assert "config.yaml" in said and "Traceback" not in said


def test_names_in_all_scripts_in_a_locale_that_knows_none(started, tmp_path):
    folder = tmp_path / "Ölbild 絵画 🎨 'quoted' %41"
    os.environ.update({"LANG": "C", "LC_ALL": "C"})
    try:
        daemon = started(folder)
        client = daemon.client()
        style = client.post(client.url + "/v1/styles", data={"name": "Müllers Bild 絵"}, files={"picture": ("絵.png", picture(1))})
        assert style.status_code == 201 and style.json()["title"] == "Müllers Bild 絵"
        assert ended(daemon, accepted(daemon))["state"] == "done"
    finally:
        del os.environ["LANG"], os.environ["LC_ALL"]


def test_a_data_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    said = refused_start(Daemon(tmp_path), IMPASTO_DATA_DIR=str(tmp_path / "file"))
    assert "data_dir" in said


def test_a_runtime_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert "IMPASTO_RUNTIME_DIR" in refused_start(Daemon(tmp_path), IMPASTO_RUNTIME_DIR=str(tmp_path / "file" / "run"))


# -- a second one ----------------------------------------------------------------------------------------------------------


def test_a_second_daemon_on_the_folder_says_so_and_does_the_first_no_harm(started, tmp_path):
    daemon = started()
    id = accepted(daemon)
    assert "A daemon is running already" in refused_start(daemon)
    assert "A daemon is running already" in refused_start(daemon, IMPASTO_DATA_DIR=str(tmp_path / "other data"))
    assert "Another daemon uses this data folder" in refused_start(daemon, IMPASTO_RUNTIME_DIR=str(tmp_path / "other run"))
    assert ended(daemon, id)["state"] == "done"
    assert daemon.found()  # the runtime file still names the first


def test_a_port_in_use_says_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "is in use" in refused_start(Daemon(tmp_path), "--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        json.dumps({"url": "http://127.0.0.1:1", "token": "x", "pid": 1, "instance": "y", "version": "0"}).encode(),
    ],
    ids=["empty", "torn", "noise", "of a dead one"],
)
def test_a_runtime_file_that_was_left_behind_is_no_obstacle(started, tmp_path, content):
    folder = tmp_path / "left"
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "daemon.json").write_bytes(content)
    daemon = started(folder)
    assert ended(daemon, accepted(daemon))["state"] == "done"


# -- files that are damaged ------------------------------------------------------------------------------------------------


def damaged(file, how):
    data = bytearray(file.read_bytes())
    if how == "torn":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2] ^= 0x10
    file.write_bytes(data)


@pytest.mark.parametrize("how", ["torn", "one bit"])
def test_weights_that_are_damaged_on_the_disk(started, tmp_path, weights_dir, how):
    own = tmp_path / "weights"
    own.mkdir()
    shutil.copy(weights_dir / "vgg16.safetensors", own)
    damaged(own / "vgg16.safetensors", how)
    daemon = started(weights_dir=own, offline=True)
    failed = ended(daemon, accepted(daemon, ITERATIVE_JOB))
    assert failed["state"] == "failed" and failed["error"]["code"] in ("weights_unavailable", "digest_mismatch")
    assert "impasto models pull" in failed["error"]["hint"] and str(tmp_path) not in json.dumps(failed)
    assert ended(daemon, accepted(daemon))["state"] == "done"  # the fast method does not need them
    (own / "drop-in").mkdir(exist_ok=True)
    shutil.copy(weights_dir / "vgg16.safetensors", own / "drop-in")
    assert ended(daemon, accepted(daemon, ITERATIVE_JOB))["state"] == "done"


def test_a_style_file_that_is_damaged_hides_only_itself(started):
    daemon = started()
    styles = daemon.data / "styles"
    styles.mkdir(parents=True, exist_ok=True)
    (styles / "noise.safetensors").write_bytes(os.urandom(5000))
    (styles / "huge.safetensors").write_bytes(b"\xff" * 8)
    (styles / "record.json").write_text('{"id": "record"', encoding="utf-8")
    client = daemon.client()
    shown = checked(daemon, client.get(client.url + "/v1/styles"))
    assert shown.status_code == 200 and "starry-night" in shown.text and "noise" not in shown.text
    assert ended(daemon, accepted(daemon))["state"] == "done"


def test_a_damaged_database_is_kept_and_a_new_one_begun(started):
    daemon = started()
    done = accepted(daemon)
    assert ended(daemon, done)["state"] == "done"
    daemon.stop()
    for file in daemon.data.glob("jobs.sqlite3*"):
        file.write_bytes(os.urandom(20000))
    daemon.start()
    assert submit(daemon).status_code == 202
    assert list(daemon.data.glob("jobs.damaged-*/*/result.png")), "the pictures are kept"


def test_a_database_that_is_damaged_while_it_is_open(started):
    daemon = started()
    done = accepted(daemon)
    assert ended(daemon, done)["state"] == "done"
    file = daemon.data / "jobs.sqlite3"
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(os.urandom(file.stat().st_size - 4096))
    client = daemon.client()
    for route in ("/v1/jobs", f"/v1/jobs/{done}"):
        checked(daemon, client.get(client.url + route))
    checked(daemon, client.post(client.url + FAST_JOB.route, **form_of(FAST_JOB)))
    daemon.stop()
    daemon.start()
    assert ended(daemon, accepted(daemon))["state"] == "done"


# -- clients that vanish, keys that come again -----------------------------------------------------------------------------


def test_a_key_is_one_job_across_every_kind_of_end(started):
    daemon = started()
    key = {"Idempotency-Key": "the-one"}
    first = accepted(daemon, **key)
    daemon.kill()
    daemon.start()
    second = accepted(daemon, **key)
    assert ended(daemon, second)["state"] == "done"
    daemon.stop()
    daemon.start()
    assert accepted(daemon, **key) == first == second
    other = next(spec for spec in all_specs(weights=False) if spec != FAST_JOB)
    assert submit(daemon, other, **key).status_code == 409


def test_an_upload_that_breaks_off_with_the_daemon_leaves_nothing(started):
    daemon = started()
    found = daemon.found()
    with socket.create_connection(("127.0.0.1", int(found.url.rsplit(":", 1)[1]))) as line:
        line.sendall(
            (
                f"POST /v1/jobs HTTP/1.1\r\nHost: {found.url[7:]}\r\nAuthorization: Bearer {found.token}\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n"
            ).encode()
            + b"--x\r\n"
            + bytes(200_000)
        )
        time.sleep(0.3)
        daemon.kill()
    daemon.start()
    assert list((daemon.data / "jobs").iterdir()) == []
    client = daemon.client()
    assert client.get(client.url + "/v1/jobs").json()["jobs"] == []


def test_what_was_fetched_makes_room_and_what_was_not_is_kept(started):
    daemon = started(disk_quota_mb=1)
    spec = next(spec for spec in all_specs(weights=False) if spec.name == "fast-great-wave-320")
    jobs = []
    while (response := submit(daemon, spec)).status_code == 202:
        jobs.append(response.json()["id"])
        assert ended(daemon, jobs[-1])["state"] == "done" and len(jobs) < 30
    assert response.status_code == 507 and response.json()["error"]["code"] == "quota_exceeded"
    assert result(daemon, jobs[1]).status_code == 200
    assert ended(daemon, accepted(daemon, spec))["state"] == "done"
    assert result(daemon, jobs[1]).status_code == 410
    assert result(daemon, jobs[0]).status_code == 200
