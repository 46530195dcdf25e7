"""Commands that talk to a running daemon: a real one, over real HTTP, whose worker paints without torch."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import psutil
import pytest
import requests
from api.impostor import INSTANCE, impostor
from impasto import images
from impasto.api import runtime
from impasto.cli.client import Client
from impasto.paths import Paths
from impasto.settings import Settings

from .conftest import command, paint, start_daemon, until

pytestmark = pytest.mark.slow  # a daemon and its workers in processes of their own

STEPS = ("--iterations", "3", "--step-size", "0.01")
LONG = ("--iterations", "3000", "--step-size", "0.02")
WITHIN_S = 60

needs_signals = pytest.mark.skipif(os.name != "posix", reason="needs signals to another process")


def newest(client):
    return client.jobs(1, None)[0]


@pytest.fixture
def client(daemon):
    with Client(daemon) as connected:
        yield connected


def test_url_and_auth_are_all_that_curl_needs(impasto, daemon):
    url, header = impasto("url"), impasto("auth")
    assert url.code == header.code == 0
    name, _, value = header.out.strip().partition(": ")
    assert requests.get(url.out.strip() + "/v1/jobs", headers={name: value}, timeout=10).status_code == 200


def test_open_print_has_a_ticket_behind_the_hash_and_never_the_token(impasto, daemon):
    address = impasto("open", "--print").out.strip()
    assert address.startswith(f"{daemon.url}/#ticket=") and daemon.token not in address
    ticket = {"Authorization": f"Ticket {address.partition('=')[2]}"}
    assert requests.get(daemon.url + "/v1/jobs", headers=ticket, timeout=10).status_code == 401, "it signs in and does nothing else"
    assert [requests.post(daemon.url + "/session", headers=ticket, timeout=10).status_code for _ in range(2)] == [204, 401]


def test_open_opens_the_browser_signed_in(impasto, daemon, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    assert impasto("open").code == 0 and opened[0].startswith(f"{daemon.url}/#ticket=") and daemon.token not in opened[0]
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    reply = impasto("open")
    assert reply.code == 2 and daemon.url in reply.err and daemon.token not in reply.err


@pytest.mark.skipif(os.name != "posix", reason="needs a script that can be run as a browser")
def test_serve_opens_a_browser_that_is_signed_in(folders):
    browser = folders / "browser"
    noted = str(folders / "opened")
    browser.write_text(f"#!{sys.executable}\nimport pathlib, sys\npathlib.Path({noted!r}).write_text(sys.argv[1])\n")
    browser.chmod(0o700)
    process = command("serve", "--open", env={**os.environ, "BROWSER": str(browser)})
    try:
        until((folders / "opened").exists, "the browser")
        address, ticket = (folders / "opened").read_text(encoding="utf-8").split("/#ticket=")
        with requests.Session() as session:
            session.trust_env = False
            assert session.post(f"{address}/session", headers={"Authorization": f"Ticket {ticket}"}, timeout=10).status_code == 204
            assert session.get(f"{address}/", timeout=10).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "ä ö.tif", "out.npy"])
def test_stylize_through_the_daemon(impasto, daemon, photo, style, folders, name):
    reply = impasto("stylize", photo, style, "-o", name, *STEPS)
    assert reply.code == 0, reply.err
    assert f"Wrote {name}." in reply.err and reply.out == ""
    painted = images.decode((folders / name).read_bytes())
    assert (painted.width, painted.height) == (64, 32)
    assert painted.format == {"jpg": "jpeg", "tif": "tiff"}.get(name[-3:], name[-3:])
    if name != "out.jpg":
        assert np.array_equal(painted.alpha, images.decode(photo.read_bytes()).alpha)


def test_the_daemon_gets_the_parameters_as_given(impasto, client, photo, style):
    reply = impasto(
        "stylize",
        photo,
        style,
        "great-wave",
        "-o",
        "out.png",
        *STEPS,
        "--style-weights",
        "3,1",
        "--keep-colours",
        "match",
        "--style-layers",
        "relu1_1:2",
        "--seed",
        "7",
    )
    assert reply.code == 0, reply.err
    parameters = newest(client)["parameters"]
    assert parameters["style"] == ["great-wave", "upload:0"] and parameters["style_weights"] == [1.0, 3.0]
    assert parameters["keep_colours"] == "match" and parameters["style_layers"] == {"relu1_1": 2.0} and parameters["seed"] == 7


def test_to_standard_output_and_from_standard_input(daemon, photo, style):
    process = command("stylize", "-", style, "-o", "-", "--format", "webp", *STEPS)
    process.stdout.close()
    process.wait(WITHIN_S)  # without a picture on standard input
    assert process.returncode == 2 and "empty" in process.stderr.read()


def test_a_picture_to_standard_output_and_nothing_else(impasto, daemon, photo, style, monkeypatch):
    class Pipe(io.TextIOWrapper):
        def isatty(self):
            return False

    held = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Pipe(held, encoding="utf-8"))
    reply = impasto("stylize", photo, style, "-o", "-", *STEPS)
    assert reply.code == 0, reply.err
    assert images.decode(held.getvalue()).format == "png"


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["--strength", "2"], 2, ["strength", "0 to 1"]),
        (["--finish-after", "0"], 2, ["--finish-after"]),
        (["--preview-to", "missing/p.png"], 1, ["no folder"]),
        (["--seed", "666"], 2, ["not enough memory", "Set resolution"]),
    ],
)
def test_errors_before_and_in_the_job(impasto, daemon, photo, style, folders, arguments, code, words):
    reply = impasto("stylize", photo, style, "-o", "out.png", *STEPS, *arguments)
    assert reply.code == code
    assert all(word in reply.err for word in words), reply.err
    assert not (folders / "out.png").exists()


def test_an_unknown_style_is_the_daemons_error(impasto, daemon, photo):
    reply = impasto("stylize", photo, "no-such-style", "-o", "out.png")
    assert reply.code == 2 and "no-such-style" in reply.err


def test_nothing_is_sent_where_the_output_exists(impasto, client, photo, style, folders):
    before = client.jobs(500, None)
    (folders / "out.png").write_bytes(b"mine")
    reply = impasto("stylize", photo, style, "-o", "out.png", *STEPS)
    assert reply.code == 2 and "--overwrite" in reply.err and (folders / "out.png").read_bytes() == b"mine"
    assert client.jobs(500, None) == before
    assert impasto("stylize", photo, style, "-o", "out.png", *STEPS, "--overwrite").code == 0
    assert (folders / "out.png").read_bytes() != b"mine"


def test_finish_after_stops_and_keeps(impasto, client, photo, style, folders):
    reply = impasto("stylize", photo, style, "-o", "out.png", *LONG, "--finish-after", "0.3", "--preview-to", "p.png")
    assert reply.code == 0, reply.err
    assert images.decode((folders / "out.png").read_bytes()).width == 64
    assert images.decode((folders / "p.png").read_bytes()).format == "png"
    job = newest(client)
    assert job["state"] == "done" and 0 < job["step"] < 3000


@pytest.mark.slow
@needs_signals
@pytest.mark.parametrize("presses, code, words", [(1, 0, "Wrote out.png"), (2, 130, "discarded")])
def test_ctrl_c_once_keeps_twice_discards(client, photo, style, folders, presses, code, words):
    seen = len(client.jobs(500, None))
    slow = ("--iterations", "3000", "--step-size", "0.5")
    process = command("stylize", photo, style, "-o", "out.png", "--preview-to", "p.png", *slow)
    until(lambda: len(client.jobs(500, None)) > seen and (folders / "p.png").exists(), "painting")
    process.send_signal(signal.SIGINT)
    if presses > 1:
        assert any("Ctrl-C again" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=WITHIN_S)[1]
    assert process.returncode == code and words in err, err
    assert (folders / "out.png").exists() == (code == 0)
    assert newest(client)["state"] == ("done" if code == 0 else "cancelled")


@needs_signals
def test_ctrl_c_before_the_first_step_cancels(client, photo, style, folders):
    blocker = client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02})
    process = command("stylize", photo, style, "-o", "out.png", *LONG)
    until(lambda: newest(client)["id"] != blocker["id"], "the second job")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130 and newest(client)["state"] == "cancelled"
    assert client.job(blocker["id"])["state"] == "running"
    client.cancel(blocker["id"])


def test_jobs_are_listed_shown_finished_and_saved(impasto, client, photo, style, folders):
    job = client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02})
    until(lambda: client.job(job["id"])["preview"] > 2, "a preview")
    listed = impasto("jobs", "list", "--state", "running")
    assert job["id"] in listed.out and "step" in listed.out
    assert impasto("jobs", "save", job["id"], "--preview", "-o", "p.png").code == 0
    early = impasto("jobs", "save", job["id"], "-o", "early.png")
    assert early.code == 2 and not (folders / "early.png").exists()
    assert impasto("jobs", "finish", job["id"]).code == 0
    shown = impasto("jobs", "show", job["id"], "--watch")
    assert "upload" not in impasto("jobs", "list").out, "a name that nobody gave"
    assert shown.code == 0 and "done" in shown.out and "iterations: 3000" in shown.out
    assert impasto("jobs", "save", job["id"], "-o", "kept.jpg").code == 0
    assert images.decode((folders / "kept.jpg").read_bytes()).format == "jpeg"
    assert json.loads(impasto("jobs", "show", job["id"], "--json").out)["id"] == job["id"]
    again = impasto("jobs", "save", job["id"], "-o", "kept.jpg")
    assert again.code == 2 and "--overwrite" in again.err


def test_jobs_cancel(impasto, client, photo, style):
    job = client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02})
    assert impasto("jobs", "cancel", job["id"]).code == 0
    until(lambda: client.job(job["id"])["state"] == "cancelled", "the cancel")


def test_all_jobs_are_cancelled(impasto, client, photo, style):
    jobs = [client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02}) for _ in range(2)]
    assert "2 jobs cancelled" in impasto("jobs", "cancel", "--all").out
    assert {client.job(job["id"])["state"] for job in jobs} == {"cancelled"}
    assert "Nothing waits" in impasto("jobs", "cancel", "--all").out
    assert impasto("jobs", "cancel").code == impasto("jobs", "cancel", jobs[0]["id"], "--all").code == 2


def test_a_waiting_job_is_moved(impasto, client, photo, style):
    jobs = [client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02}) for _ in range(3)]
    until(lambda: client.job(jobs[0]["id"])["state"] == "running", "the first")
    assert "number 1 in the queue" in impasto("jobs", "move", jobs[2]["id"]).out
    assert "number 2 in the queue" in impasto("jobs", "move", jobs[2]["id"], 2).out
    assert impasto("jobs", "move", jobs[0]["id"]).code != 0
    client.cancel_all()


def test_long_work_is_paused_and_goes_on(impasto, client, photo, style):
    job = client.submit(photo.read_bytes(), [style.read_bytes()], {"iterations": 3000, "step_size": 0.02})
    assert "rests" in impasto("jobs", "pause").out
    until(lambda: client.job(job["id"])["phase"] == "paused", "the pause")
    listed = impasto("jobs", "list").out
    assert "impasto jobs resume" in listed and "paused" in listed
    assert "trainings rest" in impasto("doctor").out
    assert impasto("jobs", "resume").code == 0
    until(lambda: client.job(job["id"])["phase"] == "painting", "going on")
    client.cancel(job["id"])


@pytest.mark.parametrize("words", [["show"], ["cancel"], ["finish"], ["save", "-o", "x.png"]])
def test_jobs_that_do_not_exist(impasto, daemon, words):
    reply = impasto("jobs", words[0], "0123456789abcdef", *words[1:])
    assert reply.code == 2 and "no such job" in reply.err


def test_stylize_through_a_daemon_that_is_not_there(impasto, photo, style, folders):
    reply = impasto("stylize", photo, style, "-o", "out.png", "--daemon")
    assert reply.code == 1 and "No daemon is running" in reply.err


def test_a_proxy_in_the_environment_has_no_say(impasto, daemon, photo, style, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert impasto("stylize", photo, style, "-o", "out.png", *STEPS).code == 0


def test_a_picture_as_large_as_the_limit_goes_through(impasto, daemon, style, folders):
    large = paint(folders / "large.png", side=512)
    assert impasto("stylize", large, style, "-o", "out.png", *STEPS).code == 0


def test_stop_ends_the_daemon_and_leaves_nothing(impasto, folders):
    environment = {"IMPASTO_RUNTIME_DIR": str(folders / "run"), "IMPASTO_DATA_DIR": str(folders / "data")}
    process, paths = start_daemon(environment)
    reply = impasto("stop")
    assert reply.code == 0, reply.err
    assert process.wait(30) is not None and not paths.runtime_file.exists()
    assert impasto("stop").code == 1


def test_a_runtime_file_that_a_killed_daemon_left(impasto, folders):
    paths = Paths.of(Settings.load())
    runtime.write(paths, "http://127.0.0.1:9", "token", "gone", "secret")
    for words in (["url"], ["auth"], ["stop"], ["jobs", "list"]):
        assert impasto(*words).code == 1
    assert psutil.pid_exists(os.getpid()), "stop must not end the process whose number the file names"


PROOFS = {"none": {}, "one of its own": {"proof": "0" * 64}, "no text": {"proof": ["é"]}, "beyond ASCII": {"proof": "é" * 64}}


@pytest.mark.parametrize("more", PROOFS.values(), ids=PROOFS)
def test_whoever_took_a_killed_daemons_place_gets_no_token_and_is_not_ended(impasto, folders, photo, style, more):
    """Its address has another listener, its process number another process, and both instance ids are the same."""
    paths = Paths.of(Settings.load())
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with impostor(**more) as stranger:
            runtime.write(paths, stranger.url, "the-token", INSTANCE, "known to few")
            left = json.loads(paths.runtime_file.read_text(encoding="utf-8"))
            paths.runtime_file.write_text(json.dumps({**left, "pid": bystander.pid}), encoding="utf-8")
            for words in (
                ["jobs", "list"],
                ["auth"],
                ["open"],
                ["open", "--print"],
                ["stop"],
                ["doctor"],
                ["stylize", photo, style, "-o", "out.png", "--daemon"],
            ):
                reply = impasto(*words)
                assert reply.code == (0 if words == ["doctor"] else 1) and "the-token" not in reply.out + reply.err, words
        assert stranger.heard and not any("the-token" in request for request in stranger.heard), stranger.heard
        assert bystander.poll() is None, "a process that had nothing to do with it was ended"
    finally:
        bystander.kill()
        bystander.communicate()


@pytest.mark.parametrize("change", [{"pid": None}, {"started": 5.0}, {"started": None}], ids=["number", "time", "no time"])
def test_stop_sends_no_signal_to_a_process_that_did_not_write_the_file(impasto, folders, change):
    """The daemon answers and proves itself, and yet the process of that number is another: that of the next container, say."""
    environment = {"IMPASTO_RUNTIME_DIR": str(folders / "run"), "IMPASTO_DATA_DIR": str(folders / "data")}
    process, paths = start_daemon(environment)
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        written = json.loads(paths.runtime_file.read_text(encoding="utf-8"))
        changed = {**written, **change, **({"pid": bystander.pid} if "pid" in change else {})}
        paths.runtime_file.write_text(json.dumps(changed), encoding="utf-8")
        reply = impasto("stop")
        assert reply.code == 2 and "not process" in reply.err
        assert bystander.poll() is None and process.poll() is None
        paths.runtime_file.write_text(json.dumps(written), encoding="utf-8")
        assert impasto("stop").code == 0 and process.wait(30) is not None
    finally:
        for one in (bystander, process):
            one.kill()
            one.wait()


def test_a_file_of_the_version_before_is_told_apart(impasto, folders):
    paths = Paths.of(Settings.load())
    runtime.write(paths, "http://127.0.0.1:9", "token", "gone", "secret")
    left = json.loads(paths.runtime_file.read_text(encoding="utf-8"))
    left = {name: value for name, value in left.items() if name not in ("secret", "started")}
    paths.runtime_file.write_text(json.dumps({**left, "version": "0.1.0"}), encoding="utf-8")
    reply = impasto("stop")
    assert reply.code == 1 and "0.1.0" in reply.err and str(os.getpid()) in reply.err


def test_files_that_a_pattern_made_styles_of_are_named(impasto, daemon, photo, style, folders):
    reply = impasto("stylize", photo, style, "great-wave", "-o", "out.png", *STEPS)
    assert reply.code == 0 and f"{photo} is painted in a mix of {style}, great-wave." in reply.err
    reply = impasto("stylize", photo, style, "-o", "again.png", *STEPS)
    assert reply.code == 0 and "mix" not in reply.err
